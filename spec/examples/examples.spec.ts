import { readdir, readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';

const examples = new URL('../../examples/', import.meta.url);
const specs = new URL('./', import.meta.url);

/** Every example: `01-greeter.ts` is one, the folder `04-session` is one. */
const names = (await readdir(examples)).filter((name) => /^\d\d-/.test(name)).sort();
const asked = await Promise.all(
  (await readdir(specs))
    .filter((name) => name.endsWith('.spec.ts'))
    .map((name) => readFile(new URL(name, specs), 'utf8')),
);
const readme = await readFile(new URL('README.md', examples), 'utf8');

describe('the examples', () => {
  it('are found', () => {
    expect(names.length).toBeGreaterThanOrEqual(3);
  });

  it('have numbers of their own', () => {
    expect(new Set(names.map((name) => name.slice(0, 2))).size).toBe(names.length);
  });

  it.each(names)('%s has one row in examples/README.md, with its command', (name) => {
    const rows = readme.split('\n').filter((line) => line.startsWith(`| [${titleOf(name)}]`));

    expect(rows).toHaveLength(1);
    expect(rows[0]).toMatch(new RegExp(`\\(${name}/?\\)`));
    expect(rows[0]).toMatch(/\| `(?:npx tsx examples\/|npm )[^`]+` +\|$/);
  });

  it.each(names)('%s is started by a spec', (name) => {
    const starts = asked.filter((text) => text.includes(`../../examples/${name}`));

    expect(starts).not.toEqual([]);
  });

  it.each(names)('%s begins with a comment that says how to start it', async (name) => {
    const file = name.endsWith('.ts') ? name : await programOf(name);
    const [comment = ''] = (await readFile(new URL(file, examples), 'utf8')).split('*/');

    expect(comment.startsWith('/**')).toBe(true);
    expect(comment).toMatch(/^ \* {5}(?:npx tsx examples\/|npm )/m);
  });
});

const titleOf = (name: string): string => name.replace(/\.ts$/, '');

/** The file of a folder that its row starts. */
async function programOf(folder: string): Promise<string> {
  const files = await readdir(new URL(`${folder}/`, examples));
  const program = ['server.ts', 'cluster.ts'].find((file) => files.includes(file));
  if (program === undefined) throw new Error(`${folder} has no server.ts`);
  return `${folder}/${program}`;
}
