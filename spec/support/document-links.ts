/** The links of the documents. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));
/** The text of a document. */
export const read = (file: string): string => readFileSync(join(root, file), 'utf8');

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

export interface Link {
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

/** Those of all documents. */
export const links = documents.flatMap(linksOf);
