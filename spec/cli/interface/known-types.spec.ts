import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { run } from '../../../lib/cli/run.ts';
import { layoutFaults } from '../gleam/layout-rules.ts';

const named = (module: string, name: string): object => ({
  kind: 'named',
  package: 'gleam_time',
  module,
  name,
  parameters: [],
});

/** A package with a type that has all of gleam_time's that travel. */
const INTERFACE = JSON.stringify({
  name: 'p',
  modules: {
    p: {
      types: {
        Visit: {
          documentation: null,
          parameters: 0,
          constructors: [
            {
              documentation: null,
              name: 'Visit',
              parameters: [
                { label: 'at', type: named('gleam/time/timestamp', 'Timestamp') },
                { label: 'day', type: named('gleam/time/calendar', 'Date') },
                { label: 'took', type: named('gleam/time/duration', 'Duration') },
              ],
            },
          ],
        },
      },
      functions: {},
    },
  },
});

async function written(...maps: string[]): Promise<{ codecs: string; messages: string }> {
  const cwd = await mkdtemp(join(tmpdir(), 'known-types-'));
  onTestFinished(async () => rm(cwd, { recursive: true }));
  await writeFile(join(cwd, 'i.json'), INTERFACE);
  const options = maps.flatMap((map) => ['--map', map]);
  let log = '';
  const args = ['typescript', 'i.json', '--client', 'p.Visit', '--out', 'm.ts'];
  const code = await run([...args, '--gleam', 'c.gleam', ...options], {
    out: () => {},
    log: (text) => (log += text),
    cwd,
  });
  expect({ code, log }).toEqual({ code: 0, log: 'm.ts written\nc.gleam written\n' });
  return {
    codecs: await readFile(join(cwd, 'c.gleam'), 'utf8'),
    messages: await readFile(join(cwd, 'm.ts'), 'utf8'),
  };
}

/** The pattern of a field of the struct, as a user would have it. */
const patternOf = (messages: string, field: string): RegExp =>
  new RegExp(
    new RegExp(`${field}: pattern\\(string\\(\\), /(.*)/\\),`).exec(messages)?.[1] ?? '(?!)',
  );

describe('the types of gleam_time', () => {
  it('travel as texts and milliseconds, without a word of the user', async () => {
    const { codecs, messages } = await written();

    expect(messages).toContain('took: integer(),');
    expect(codecs).toContain('json.string(timestamp_to_string(at))');
    expect(codecs).toContain('#("day", json.string(date_to_string(day)))');
    expect(codecs).toContain('json.int(duration_to_milliseconds(took))');
    expect(codecs).toContain(
      'decode_mapped(decode.string, date_from_string, date_example(), "Date")',
    );
    expect(codecs).toContain('decode.map(decode_integer(), duration.milliseconds)');
    expect(layoutFaults(codecs)).toEqual([]);
  });

  it('are texts of one form in the struct', async () => {
    const { messages } = await written();
    const [at, day] = [patternOf(messages, 'at'), patternOf(messages, 'day')];

    const times = [
      new Date(0).toISOString(),
      '2026-11-28T12:00:00Z',
      '2026-11-28T12:00:00.123456789+01:00',
    ];
    expect(times.filter((text) => !at.test(text))).toEqual([]);
    const noTimes = ['2026-11-28', '2026-11-28T12:00:00', 'x2026-11-28T12:00:00Z', '12:00'];
    expect(noTimes.filter((text) => at.test(text))).toEqual([]);
    expect(['2026-11-28', '2026-1-28', '28.11.2026', ''].filter((text) => day.test(text))).toEqual([
      '2026-11-28',
    ]);
  });

  it('travel as `--map` says, where it does', async () => {
    const { codecs, messages } = await written(
      'gleam/time/calendar.Date=integer:days.to_int:days.from_int',
    );

    expect(messages).toContain('day: integer(),');
    expect(codecs).toContain('json.int(days.to_int(day))');
    expect(codecs).not.toContain('date_to_string');
  });
});
