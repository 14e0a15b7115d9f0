import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../', import.meta.url));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

const documents = [
  'README.md',
  'PROTOCOL.md',
  'CHANGELOG.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'llms.txt',
  'examples/README.md',
  ...readdirSync(join(root, 'docs'))
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];

interface Link {
  readonly from: string;
  /** Relative to the root of the project. */
  readonly to: string;
  readonly anchor: string | undefined;
}

/** The links of a document that lead to files of the project, without those to pictures. */
function linksOf(document: string): Link[] {
  const text = read(document).replaceAll(/^```[\s\S]*?^```/gm, '');
  return [...text.matchAll(/(?<!!)\[[^\]]*\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target!)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path, anchor] = target.split('#', 2) as [string, string | undefined];
      const to = path === '' ? document : normalize(join(dirname(document), path));
      return { from: document, to, anchor };
    });
}

const links = documents.flatMap(linksOf);

/** The anchors of a document's headings, as GitHub and npm make them. */
function anchorsOf(document: string): Set<string> {
  const text = read(document).replaceAll(/^```[\s\S]*?^```/gm, '');
  return new Set(
    [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
      heading!
        .toLowerCase()
        .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  );
}

describe('the links of the documents', () => {
  it('lead to files that exist', () => {
    expect(links.length).toBeGreaterThan(20);
    expect(links.filter(({ to }) => !existsSync(join(root, to)))).toEqual([]);
  });

  it('lead to headings that exist', () => {
    const broken = links.filter(
      ({ to, anchor }) => anchor !== undefined && to.endsWith('.md') && !anchorsOf(to).has(anchor),
    );

    expect(broken).toEqual([]);
  });

  it('E10: still lead somewhere in the published package', () => {
    const [{ files }] = JSON.parse(
      execFileSync('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], {
        cwd: root,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
      }),
    ) as [{ files: { path: string }[] }];
    const packed = new Set(files.map(({ path }) => path));
    const isPacked = (to: string): boolean =>
      packed.has(to) ||
      (statSync(join(root, to)).isDirectory() &&
        files.some(({ path }) => path.startsWith(normalize(`${to}/`))));

    const missing = links.filter(({ from, to }) => packed.has(from) && !isPacked(to));

    expect(packed.has('docs/codecs.md')).toBe(true);
    expect(missing).toEqual([]);
  });
});
