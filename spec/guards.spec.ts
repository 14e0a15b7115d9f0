import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { transform } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { guardsBySpec } from './faults/guard-list.ts';
import { findTags, tagsOf, withoutGuard } from './faults/guard-tags.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const tags = findTags(root);
const tagged = [...new Set(tags.map(({ name }) => name))];
const listed = Object.values(guardsBySpec).flatMap((list) => list.map(([name]) => name));

describe('the guards, which npm run test:guards takes out one by one', () => {
  it('are each tagged in the source and listed with their spec', () => {
    expect(tagged.sort()).toEqual([...listed].sort());
  });

  it('are each in one file only', () => {
    const files = tagged.map(
      (name) => new Set(tags.filter((tag) => tag.name === name).map(({ file }) => file)).size,
    );

    expect(files).toEqual(tagged.map(() => 1));
  });

  it.each(tagged)('can be taken out: %s', async (name) => {
    const own = tags.filter((tag) => tag.name === name);
    const source = readFileSync(root + own[0]!.file, 'utf8');

    const mutant = withoutGuard(source, own);

    expect(mutant).not.toBe(source);
    await expect(transform(mutant, { loader: 'ts' })).resolves.toBeDefined();
  });
});

describe('withoutGuard', () => {
  it.each([
    ['a statement', 'f();\n// guard: g\nh();\nk();', 'f();\n\nk();'],
    ['a statement, for another', '// guard: g → x();\nh();\nk();', 'x();\nk();'],
    ['a property', 'f({\n// guard: g\na: 1, b: 2 });', 'f({\n b: 2 });'],
    [
      'an operand',
      'if (a &&\n// guard: g → true\nb(c) > 1 && d) e();',
      'if (a &&\ntrue && d) e();',
    ],
    ['a condition', 'if (\n// guard: g → false\na || b) c();', 'if (\nfalse) c();'],
    [
      'nothing yet, in an empty block',
      'try { a(); } catch {\n// guard: g → throw 1;\n}',
      'try { a(); } catch {\nthrow 1;}',
    ],
    ['a member', 'class A {\n// guard: g\nb(): void {}\nc = 1; }', 'class A {\n\nc = 1; }'],
  ])('replaces %s', (_what, source, expected) => {
    const mutant = withoutGuard(source, tagsOf('a.ts', source));

    expect(mutant.replaceAll(/\/\/ guard.*\n/g, '')).toBe(expected);
  });
});
