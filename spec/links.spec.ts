import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { links, read } from './support/document-links.ts';

const root = fileURLToPath(new URL('../', import.meta.url));

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
});
