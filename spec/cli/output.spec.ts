import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type Output, write } from '../../lib/cli/output.ts';
import { UsageError } from '../../lib/cli/usage-error.ts';

async function writing(): Promise<{
  readonly cwd: string;
  readonly write: (...outputs: Output[]) => Promise<{ readonly out: string; readonly log: string }>;
}> {
  const cwd = await mkdtemp(join(tmpdir(), 'output-'));
  onTestFinished(() => rm(cwd, { recursive: true }));
  return {
    cwd,
    write: async (...outputs) => {
      let [out, log] = ['', ''];
      await write(outputs, {
        out: (text) => void (out += text),
        log: (text) => void (log += text),
        cwd,
      });
      return { out, log };
    },
  };
}

describe('what a command has made', () => {
  it('goes to its file, whose folder is made, or to the standard output', async () => {
    const at = await writing();
    const outputs = [
      { name: 'a/b/c.txt', text: 'one' },
      { name: undefined, text: 'two' },
    ];

    expect(await at.write(...outputs)).toEqual({ out: 'two', log: 'a/b/c.txt written\n' });
    expect(await readFile(join(at.cwd, 'a/b/c.txt'), 'utf8')).toBe('one');
  });

  it('leaves a file alone that is the same, so that no watcher wakes', async () => {
    const at = await writing();
    await at.write({ name: 'a.txt', text: 'one' });
    const before = await stat(join(at.cwd, 'a.txt'), { bigint: true });

    const { log } = await at.write({ name: 'a.txt', text: 'one' });
    const after = await stat(join(at.cwd, 'a.txt'), { bigint: true });

    expect(log).toBe('a.txt is up to date\n');
    expect(after.mtimeNs).toBe(before.mtimeNs);
    expect((await at.write({ name: 'a.txt', text: 'two' })).log).toBe('a.txt written\n');
  });

  it('is refused in one line where it cannot be written', async () => {
    const at = await writing();
    await writeFile(join(at.cwd, 'file'), '');

    const failed = at.write({ name: 'file/a.txt', text: 'one' });

    await expect(failed).rejects.toThrow(UsageError);
    await expect(failed).rejects.toThrow(/^file\/a\.txt cannot be written: .*$/);
  });
});
