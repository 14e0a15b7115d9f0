/** `gleam`: Gleam's types and codecs from the structs of a module. */
import { basename } from 'node:path';
import { readArguments } from '../arguments.ts';
import { definitionsIn } from '../definitions.ts';
import { gleamModuleOf } from '../gleam/from-definition.ts';
import { printModule } from '../gleam/module.ts';
import { GleamRefusal } from '../gleam/refusal.ts';
import { load } from '../load.ts';
import { write } from '../output.ts';
import { type Command, Exit } from '../terminal.ts';
import { UsageError } from '../usage-error.ts';

export const gleam: Command = {
  usage: 'MESSAGES.ts [--out MODULE.gleam] [--client NAME]... [--server NAME]...',
  summary: 'writes the Gleam types and codecs of the structs that a module exports',
  async run(args, terminal) {
    const { words, options } = readArguments(args, ['MESSAGES.ts'], {
      out: 'value',
      client: 'values',
      server: 'values',
    });
    const [file = ''] = words;
    expectModuleName(options.out);
    const loaded = await load(file, terminal.cwd);
    const { file: definitions, others } = definitionsIn(loaded, file, options);
    const doc = [
      `Messages, from ${basename(file)}.`,
      '',
      'Written by `npx express-omnimessage gleam`: change the structs, and run it again.',
    ];
    try {
      const text = printModule(gleamModuleOf({ ...definitions, others }, doc));
      await write([{ name: options.out, text }], terminal);
      return Exit.Done;
    } catch (error) {
      if (!(error instanceof GleamRefusal)) throw error;
      for (const line of error.lines) terminal.log(`${file}: ${line}\n`);
      return Exit.Misuse;
    }
  },
};

/** Gleam reads the name of a module from that of its file. */
export function expectModuleName(out: string | undefined): void {
  if (out !== undefined && !/^[a-z][a-z0-9_]*\.gleam$/.test(basename(out))) {
    throw new UsageError(
      `${out} is no name of a Gleam module: expected small letters, digits and _, as in messages.gleam`,
    );
  }
}
