/**
 * What breaks between two versions of a definition. The writer and the reader of a message may
 * be of either version: a page is as old as its tab, and while servers are replaced one by one both
 * run. So each message is looked at with one side of each version.
 */
import { type DefinitionFile, type Root } from '../codecs.ts';
import { acceptsAll, type Problem } from './compatibility.ts';

/** One thing that one side may refuse. */
export interface Finding {
  /**
   * `breaking`: pages that are open when the new server starts meet it. `order`: only while both
   * versions of the server run, or none when the servers are replaced first.
   */
  readonly level: 'breaking' | 'order';
  /** The message, its variant and its fields: `FromClient.send.text`. */
  readonly path: string;
  readonly sender: 'client' | 'server';
  readonly what: string;
  readonly remedy: string;
}

/** What {@link check} takes for granted. */
export interface CheckOptions {
  /**
   * Whether all pages are written in Gleam, whose decoders drop unknown fields whatever the struct
   * says.
   * @defaultValue false
   */
  readonly gleamPages?: boolean;
}

/** Compares two versions. Empty when nothing breaks, in whatever order they are deployed. */
export function check(
  before: DefinitionFile,
  after: DefinitionFile,
  { gleamPages = false }: CheckOptions = {},
): readonly Finding[] {
  const findings: Finding[] = [];
  for (const root of before.roots) {
    const next = after.roots.find(({ name }) => name === root.name);
    for (const sender of sendersOf(root)) {
      if (next === undefined || !sendersOf(next).includes(sender)) {
        findings.push({
          level: 'breaking',
          path: root.name,
          sender,
          what: 'this message is gone, or travels the other way',
          remedy: 'keep it as long as it is sent or expected',
        });
        continue;
      }
      findings.push(...compared(root, next, sender));
    }
  }
  return findings;

  function compared(root: Root, next: Root, sender: 'client' | 'server'): Finding[] {
    const drops = sender === 'server' && gleamPages;
    const oldWrites = acceptsAll(
      { shape: root.shape, types: before.types },
      { shape: next.shape, types: after.types },
      root.name,
      drops,
    );
    const newWrites = acceptsAll(
      { shape: next.shape, types: after.types },
      { shape: root.shape, types: before.types },
      root.name,
      drops,
    );
    // Old pages send to the new server, and the new server sends to old pages.
    const [always, rolling] = sender === 'client' ? [oldWrites, newWrites] : [newWrites, oldWrites];
    const broken = new Set(always.map(({ path }) => path));
    return [
      ...always.map((problem) => finding('breaking', problem, sender)),
      ...rolling
        .filter(({ path }) => !broken.has(path))
        .map((problem) => finding('order', problem, sender)),
    ];
  }
}

const sendersOf = ({ sender }: Root): readonly ('client' | 'server')[] =>
  sender === 'both' ? ['client', 'server'] : [sender];

function finding(
  level: Finding['level'],
  { path, kind, detail }: Problem,
  sender: Finding['sender'],
): Finding {
  const isBreaking = level === 'breaking';
  const page = isBreaking ? 'pages that are open' : 'new pages';
  const server = isBreaking ? 'new servers' : 'servers that are not replaced yet';
  const [writer, reader] = sender === 'client' ? [page, server] : [server, page];
  const words: Readonly<Record<Problem['kind'], readonly [what: string, remedy: string]>> = {
    'missing field': [
      `${writer} may leave it out, and ${reader} need it`,
      sender === 'client'
        ? 'make it `optional` (or `nullable`) until the old pages are gone'
        : 'keep sending it until the old pages are gone',
    ],
    'unknown field': [
      `${writer} send it, and ${reader} refuse fields that they do not know`,
      "take `{ unknownFields: 'drop' }` for the message that is received, and deploy that first",
    ],
    'unknown tag': [
      `${writer} send ${detail}, and ${reader} do not know it`,
      sender === 'client'
        ? 'keep it on the server until nothing sends it'
        : 'send it only to pages that say that they know it (a version in the URL, looked at in `context`)',
    ],
    'unknown value': [
      `${writer} send ${detail}, and ${reader} do not know it`,
      'let the reader know it first, and send it when the old readers are gone',
    ],
    'other shape': [
      `every value changes: ${writer} send ${detail}`,
      'keep this field or message as it is, and add a new one beside it',
    ],
    narrower: [
      `${writer} may send what ${reader} refuse: ${detail}`,
      'keep the wider bound for what is received',
    ],
  };
  const [what, remedy] = words[kind];
  const isOrder = !isBreaking;
  return {
    level,
    path,
    sender,
    what,
    remedy: isOrder
      ? `replace all servers before ${sender === 'client' ? 'pages send it' : 'new pages are delivered'}`
      : remedy,
  };
}

/** A finding on one line. */
export function lineOf({ level, path, sender, what, remedy }: Finding): string {
  return `${level}: ${path} (from the ${sender}): ${what}: ${remedy}`;
}
