/** Finds the messages among the exports of a module. */
import { type Definition, type DefinitionFile, hashOf, type Root, type Shape } from '../codecs.ts';
import { type Loaded } from './load.ts';
import { UsageError } from './usage-error.ts';

/** Which exports are messages, as the options `--client` and `--server` name them. */
export interface Sides {
  readonly client: readonly string[];
  readonly server: readonly string[];
}

/** The definitions of a module. */
export interface Definitions {
  readonly file: DefinitionFile;
  /** Further structs that it exports. They only have a name. */
  readonly others: readonly { readonly name: string; readonly shape: Shape }[];
  /** What was taken for a message, for people to read; empty when `sides` names the messages. */
  readonly note: string;
}

/**
 * Reads the definitions of a module. Messages are the exports that `sides` names; else those whose
 * names hold `Client` or `Server` (the sender, or after `To` the receiver), apart from objects that another export holds, as a
 * `ClientProfile` may be; else all structs that are exported, and either side may send them.
 * @param file - the name of the module, for errors
 * @throws UsageError when there are none, or one of them cannot be read
 */
export function definitionsIn(
  { exports, codecs }: Loaded,
  file: string,
  sides: Sides,
): Definitions {
  const structs = Object.entries(exports).filter(([, value]) => isStruct(value));
  if (structs.length === 0) throw new UsageError(`${file} exports no struct`);
  for (const name of [...sides.client, ...sides.server]) {
    if (!structs.some(([exported]) => exported === name)) {
      throw new UsageError(`${file} exports no struct \`${name}\``);
    }
  }
  const read = structs.map(([name, struct]) => ({ name, definition: read_(struct, name) }));
  const senders = sendersNamed(sides) ?? sendersFound(read);
  const roots = read.flatMap(({ name, definition }): Root[] => {
    const sender = senders.get(name);
    return sender === undefined ? [] : [{ name, sender, shape: definition.root }];
  });
  const isRoot = ({ name }: { readonly name: string }): boolean => senders.has(name);
  const rootDefinitions = read.filter(isRoot).map(({ definition }) => definition);
  return {
    file: {
      omnimessage: 1,
      hash: hashOf(...rootDefinitions),
      roots,
      types: typesOf(rootDefinitions, file),
    },
    others: read
      .filter((entry) => !isRoot(entry))
      .map(({ name, definition }) => ({ name, shape: definition.root })),
    note: [...sides.client, ...sides.server].length > 0 ? '' : noteOf(senders),
  };

  function read_(struct: unknown, name: string): Definition {
    try {
      return codecs.definitionOf(struct as never, name);
    } catch (error) {
      throw new UsageError(`${file}: ${(error as Error).message}`, { cause: error });
    }
  }
}

type Senders = ReadonlyMap<string, Root['sender']>;

/** The messages that the options name. */
function sendersNamed({ client, server }: Sides): Senders | undefined {
  if (client.length + server.length === 0) return undefined;
  const named = (names: readonly string[], others: readonly string[], sender: Root['sender']) =>
    names.map((name) => [name, others.includes(name) ? 'both' : sender] as const);
  return new Map([...named(client, server, 'client'), ...named(server, client, 'server')]);
}

interface Read {
  readonly name: string;
  readonly definition: Definition;
}

/** The messages by their names. */
function sendersFound(all: readonly Read[]): Senders {
  const isHeld = ({ name, definition }: Read): boolean =>
    definition.types[name]?.kind === 'object' &&
    all.some((other) => other.name !== name && Object.hasOwn(other.definition.types, name));
  const found = all.flatMap((read): (readonly [string, Root['sender']])[] => {
    const { name } = read;
    const [client, server] = [name.includes('Client'), name.includes('Server')];
    if (client === server || isHeld(read)) return [];
    // `ToServer` says where it goes, `FromClient` and `ClientMessage` where it comes from.
    return [[name, client === /To(The)?(Client|Server)/.test(name) ? 'server' : 'client']];
  });
  if (found.length > 0) return new Map(found);
  return new Map(all.map(({ name }) => [name, 'both']));
}

function noteOf(senders: Senders): string {
  const namesOf = (sender: Root['sender']): string[] =>
    [...senders].flatMap(([name, its]) => (its === sender ? [name] : []));
  const parts = [
    ['the page sends', namesOf('client')],
    ['the server sends', namesOf('server')],
    ['both may send', namesOf('both')],
  ] as const;
  const said = parts.flatMap(([what, names]) =>
    names.length === 0
      ? []
      : [
          `${what} ${names.slice(0, 5).join(', ')}${names.length > 5 ? ` and ${names.length - 5} more` : ''}`,
        ],
  );
  return `by their names, ${said.join('; ')} (--client and --server name them otherwise)\n`;
}

function typesOf(
  definitions: readonly Definition[],
  file: string,
): Readonly<Record<string, Shape>> {
  const types = new Map<string, Shape>();
  for (const definition of definitions) {
    for (const [name, shape] of Object.entries(definition.types)) {
      const before = types.get(name);
      if (before !== undefined && JSON.stringify(before) !== JSON.stringify(shape)) {
        throw new UsageError(
          `${file}: two different structs are named \`${name}\`: give one of them another name`,
        );
      }
      types.set(name, shape);
    }
  }
  return Object.fromEntries([...types].toSorted(([one], [other]) => (one < other ? -1 : 1)));
}

function isStruct(value: unknown): boolean {
  const struct = (value ?? {}) as { readonly validator?: unknown; readonly entries?: unknown };
  return typeof struct.validator === 'function' && typeof struct.entries === 'function';
}
