/** `check`: what breaks between two versions of the messages. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type DefinitionFile } from '../../codecs.ts';
import { isRecord } from '../../codecs/any-struct.ts';
import { readArguments } from '../arguments.ts';
import { check as compare, lineOf } from '../check.ts';
import { expectFile } from '../load.ts';
import { type Command, Exit } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';

export const check: Command = {
  usage: 'OLD.json NEW.json [--gleam-pages]',
  summary:
    'compares two files of `definition`: exits with 1 when pages that are open would break. --gleam-pages: no page is in TypeScript',
  async run(args, terminal) {
    const { words, options } = readArguments(args, ['OLD.json', 'NEW.json'], {
      'gleam-pages': 'flag',
    });
    const [old = '', next = ''] = words;
    const [before, after] = [await read(old, terminal.cwd), await read(next, terminal.cwd)];
    if (before.hash === after.hash) {
      terminal.out('the messages are the same\n');
      return Exit.Done;
    }
    const findings = compare(before, after, { gleamPages: options['gleam-pages'] });
    for (const finding of findings) terminal.out(`${lineOf(finding)}\n`);
    if (findings.length === 0) terminal.out('the messages differ, and nothing breaks\n');
    return findings.some(({ level }) => level === 'breaking') ? Exit.Found : Exit.Done;
  },
};

async function read(file: string, cwd: string): Promise<DefinitionFile> {
  const path = resolve(cwd, file);
  await expectFile(path, file);
  let parsed: unknown;
  try {
    parsed = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    throw new UsageError(`${file} is no JSON: write it by \`express-omnimessage definition\``, {
      cause,
    });
  }
  if (!isRecord(parsed) || !('omnimessage' in parsed)) {
    throw new UsageError(
      `${file} is no definition: write it by \`express-omnimessage definition messages.ts --out ${file}\``,
    );
  }
  if (
    parsed['omnimessage'] !== 1 ||
    !Array.isArray(parsed['roots']) ||
    !isRecord(parsed['types'])
  ) {
    throw new UsageError(
      `${file} is a definition of version ${JSON.stringify(parsed['omnimessage'])}, and this knows version 1: write it anew`,
    );
  }
  return parsed as unknown as DefinitionFile;
}
