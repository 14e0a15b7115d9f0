import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeProject, type Project, type Ran } from '../support/project.ts';

let project: Project;

beforeAll(async () => {
  // Without tsx.
  project = await makeProject();
  await project.write('messages.ts', 'export const FromClient: unknown = 1;');
});

afterAll(() => project.remove());

/** Node reads TypeScript itself from 22.18 on. */
const { typescript } = process.features as { readonly typescript?: unknown };
const reads = typeof typescript === 'string';

describe('a file of messages', { timeout: 60_000 }, () => {
  it.skipIf(reads)('in TypeScript asks for tsx, where Node does not read it', async () => {
    const { code, out, log } = await project.cli('gleam', 'messages.ts');

    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(log).toBe(
      `Node ${process.versions.node} does not read messages.ts: install tsx (npm install -D tsx), or use Node 22.18 or later\n`,
    );
  });

  it.runIf(reads)('in TypeScript is left to Node, where it reads it', async () => {
    expect((await project.cli('gleam', 'messages.ts')).log).toBe('messages.ts exports no struct\n');
  });

  it.each<[file: string, text: string, line: string]>([
    [
      'throws.js',
      "throw new Error('Not today.\\nNor tomorrow.')",
      'cannot be imported: Not today.',
    ],
    ['syntax.js', 'export const = 1', 'cannot be imported: '],
    ['needs.js', "import 'nothing-of-that-name'", 'cannot be imported: Cannot find package'],
  ])('%s is refused in one line', async (file, text, line) => {
    await project.write(file, text);

    const { code, log }: Ran = await project.cli('definition', file);

    expect(code).toBe(2);
    expect(log).toContain(`${file} ${line}`);
    expect(log.trim()).not.toContain('\n');
  });
});
