import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { guards } from './faults/guard-list.ts';

const root = new URL('../', import.meta.url);
const textOf = (file: string): Promise<string> => readFile(new URL(file, root), 'utf8');

describe('the list of guards, which npm run test:guards takes out one by one', () => {
  it.each(guards.map(({ file, name, edits }) => ({ file, name, edits })))(
    'finds $name in $file, once',
    async ({ file, edits }) => {
      const source = await textOf(file);

      expect(edits.map(([from]) => source.split(from).length - 1)).toEqual(edits.map(() => 1));
    },
  );

  it('names each guard once', () => {
    const names = guards.map(({ name, file }) => `${name} (${file})`);

    expect(names).toEqual([...new Set(names)]);
  });
});
