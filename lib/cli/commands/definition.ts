/** `definition`: the tree of the messages, for `check` and the hash. */
import { readArguments } from '../arguments.ts';
import { definitionsIn } from '../definitions.ts';
import { load } from '../load.ts';
import { write } from '../output.ts';
import { type Command, Exit } from '../terminal.ts';

export const definition: Command = {
  usage: 'MESSAGES.ts [--out DEFINITION.json] [--client NAME]... [--server NAME]...',
  summary: 'writes what the messages look like as JSON, to be compared by `check`',
  async run(args, terminal) {
    const { words, options } = readArguments(args, ['MESSAGES.ts'], {
      out: 'value',
      client: 'values',
      server: 'values',
    });
    const [file = ''] = words;
    const loaded = await load(file, terminal.cwd);
    const { file: read, note } = definitionsIn(loaded, file, options);
    terminal.log(note);
    await write([{ name: options.out, text: `${JSON.stringify(read, undefined, 2)}\n` }], terminal);
    return Exit.Done;
  },
};
