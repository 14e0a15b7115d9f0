/** `golden`: encoded examples of the messages, for the tests of both sides. */
import { readArguments } from '../arguments.ts';
import { definitionsIn } from '../definitions.ts';
import { examplesOf } from '../examples.ts';
import { load } from '../load.ts';
import { write } from '../output.ts';
import { type Command, Exit } from '../terminal.ts';

export const golden: Command = {
  usage: 'MESSAGES.ts [--out GOLDEN.json] [--client NAME]... [--server NAME]...',
  summary: 'writes encoded examples of the messages, to be compared as values in the tests',
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
    const all = read.roots.map(({ name, sender, shape }) => {
      const struct = loaded.exports[name] as { readonly is: (value: unknown) => boolean };
      const examples = examplesOf(shape, read.types);
      // What a refinement asks for beyond the definition is not known, but its verdict is.
      const texts = examples
        .filter((value) => struct.is(value))
        .map((value) => JSON.stringify(value));
      if (texts.length < examples.length) {
        const count = examples.length - texts.length;
        terminal.log(`${name}: ${count} examples left out that its refinements refuse\n`);
      }
      return { name, sender, texts };
    });
    await write([{ name: options.out, text: `${JSON.stringify(all, undefined, 2)}\n` }], terminal);
    return Exit.Done;
  },
};
