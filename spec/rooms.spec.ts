import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../', import.meta.url));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

const files = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .sort();
/** A file at the root of lib is a door, and belongs to the room `doors`. */
const roomOf = (file: string): string => (file.includes('/') ? file.split('/', 1)[0]! : 'doors');

/** The imports of a file that lead into another room, types included. */
function arrowsOf(file: string): string[] {
  const sources = [...read(`lib/${file}`).matchAll(/(?:from|import)\s*\(?\s*'(\.{1,2}\/[^']+)'/g)];
  return sources
    .map(([, source]) => roomOf(normalize(join(dirname(file), source!))))
    .filter((room) => room !== roomOf(file))
    .map((room) => `${roomOf(file)} → ${room}`);
}

/** The arrows that CONTRIBUTING.md allows, from its table. */
const allowed = new Set(
  [...read('CONTRIBUTING.md').matchAll(/^\| `([\w-]+)` *\|[^|]*\| ([^|]*) \|$/gm)].flatMap(
    ([, room, list]) => [...list!.matchAll(/`([\w-]+)`/g)].map(([, to]) => `${room} → ${to}`),
  ),
);
const drawn = new Set(files.flatMap(arrowsOf));

describe('the rooms of lib', () => {
  it('import one another only as CONTRIBUTING.md says', () => {
    expect([...drawn].filter((arrow) => !allowed.has(arrow)).sort()).toEqual([]);
  });

  it('are all in the table of CONTRIBUTING.md, with no arrow that is not drawn', () => {
    expect([...allowed].filter((arrow) => !drawn.has(arrow)).sort()).toEqual([]);
  });

  // A door may export what is made from other doors: `testing` is.
  it('never import each other both ways', () => {
    const both = [...drawn].filter(
      (arrow) => !arrow.includes('doors') && drawn.has(arrow.split(' → ').reverse().join(' → ')),
    );

    expect(both).toEqual([]);
  });

  it('have doors at the root that are exactly the exports of the package', () => {
    const manifest = JSON.parse(read('package.json')) as { exports: Record<string, unknown> };
    const exported = Object.keys(manifest.exports)
      .filter((entry) => entry !== './package.json')
      .map((entry) => (entry === '.' ? 'index.ts' : `${entry.slice(2)}.ts`));

    expect(files.filter((file) => !file.includes('/'))).toEqual(exported.sort());
    expect(exported.length).toBeLessThanOrEqual(8);
  });

  it('have no file that is long enough for two concepts', () => {
    const long = files.filter((file) => read(`lib/${file}`).split('\n').length > 321);

    expect(long).toEqual([]);
  });

  it('can be in a page: core and client import nothing of Node but types', () => {
    const lines = files
      .filter((file) => roomOf(file) === 'core' || roomOf(file) === 'client')
      .flatMap((file) => [
        ...read(`lib/${file}`).matchAll(
          /^import (?!type)(?!\{ type [^,]*\} from)[^;]*'node:[^']+'/gm,
        ),
      ])
      .map(([line]) => line);

    expect(lines).toEqual([]);
  });
});
