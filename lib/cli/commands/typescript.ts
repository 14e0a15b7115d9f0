/** `typescript`: structs, types and the codecs of Gleam from the interface of a Gleam package. */
import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { readArguments } from '../arguments.ts';
import { printModule } from '../gleam/module.ts';
import { GleamRefusal } from '../gleam/refusal.ts';
import { KNOWN_TYPES } from '../interface/known-types.ts';
import { expectFunctions } from '../interface/map-functions.ts';
import { mapsIn } from '../interface/maps.ts';
import { type InterfaceRoot, type Messages, messagesIn } from '../interface/messages.ts';
import { packageInterfaceIn } from '../interface/package-interface.ts';
import { expectFile } from '../load.ts';
import { write } from '../output.ts';
import { type Command, Exit } from '../terminal.ts';
import { typeScriptModule } from '../typescript/module.ts';
import { UsageError } from '../usage-error.ts';
import { expectModuleName } from './gleam.ts';

export const typescript: Command = {
  usage:
    'INTERFACE.json --client MODULE.Type --server MODULE.Type [--out MESSAGES.ts] [--gleam CODECS.gleam] [--map MODULE.Type=KIND:MODULE.to:MODULE.from[:EXAMPLE]]...',
  summary:
    'writes structs, and the Gleam codecs of the same types, from `gleam export package-interface`',
  async run(args, terminal) {
    const { words, options } = readArguments(args, ['INTERFACE.json'], {
      client: 'values',
      server: 'values',
      out: 'value',
      gleam: 'value',
      map: 'values',
    });
    const [file = ''] = words;
    expectModuleName(options.gleam);
    const roots = rootsOf(options.client, options.server);
    const maps = mapsIn(options.map);
    const path = resolve(terminal.cwd, file);
    await expectFile(path, file);
    const source = packageInterfaceIn(await readFile(path, 'utf8'), file);
    expectFunctions(source, maps);
    let messages: Messages;
    try {
      messages = messagesIn(source, roots, new Map([...KNOWN_TYPES, ...maps]));
    } catch (error) {
      if (!(error instanceof GleamRefusal)) throw error;
      for (const line of error.lines) terminal.log(`${file}: ${line}\n`);
      return Exit.Misuse;
    }
    const from = `from the Gleam package ${source.name} (${basename(file)})`;
    const again =
      'Written by `npx express-omnimessage typescript`: change the Gleam types, and run it again.';
    const outputs = [
      { name: options.out, text: typeScriptModule(messages, [`Messages, ${from}.`, '', again]) },
    ];
    if (options.gleam !== undefined) {
      const doc = [`Codecs of messages, ${from}.`, '', again];
      outputs.push({
        name: options.gleam,
        text: printModule({ doc, types: messages.types, aliases: [] }),
      });
    }
    await write(outputs, terminal);
    return Exit.Done;
  },
};

function rootsOf(client: readonly string[], server: readonly string[]): readonly InterfaceRoot[] {
  if (client.length + server.length === 0) {
    throw new UsageError(
      'which types are messages? Name them by --client MODULE.Type (what the page sends) and --server MODULE.Type',
    );
  }
  return [
    ...client.map((path): InterfaceRoot => ({
      path,
      sender: server.includes(path) ? 'both' : 'client',
    })),
    ...server
      .filter((path) => !client.includes(path))
      .map((path): InterfaceRoot => ({ path, sender: 'server' })),
  ];
}
