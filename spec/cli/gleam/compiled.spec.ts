/**
 * Generated modules, compiled by Gleam itself: `GLEAM` is the compiler, `GLEAM_PACKAGES` a folder with
 * the sources of gleam_stdlib and gleam_json. Skipped without them, for CI has none.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gleamModuleOf } from '../../../lib/cli/gleam/from-definition.ts';
import { printModule } from '../../../lib/cli/gleam/module.ts';
import { definitions } from '../../support/definitions.ts';
import { valuesOf } from '../../support/definition-values.ts';
import { runIn } from '../../support/project.ts';

const { GLEAM: gleam = '', GLEAM_PACKAGES: packages = '' } = process.env;
const COUNT = Number(process.env['DEFINITIONS'] ?? 20);
const SEED = Number(process.env['SEED'] ?? Date.now() % 1_000_000_000);
/** How many values of each type are sent round, and how many texts are made wrong. */
const VALUES = 30;

/** What `run-compiled.ts` reads. */
interface Case {
  readonly module: string;
  readonly type: string;
  readonly text: string;
  readonly isValid: boolean;
}

const HOSTILE = ['1e400', '-0.0', '1e21', '"\\ud800"', 'null', '[[]]', '{"constructor":{}}', '""'];

/** Puts something else where a value stands. */
function mutated(text: string, at: number, other: string): string {
  const places = [...text.matchAll(/(?<=[[:,])(?=[^\]}])/g)];
  const { index } = places[at % places.length] ?? { index: 0 };
  return `${text.slice(0, index)}${other}${text.slice(index).replace(/^(?:"(?:[^"\\]|\\.)*"|[\w.+-]+)?/, '')}`;
}

describe.skipIf(gleam === '' || packages === '')(`compiled (SEED=${SEED})`, () => {
  let folder: string;
  const cases: Case[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'omnimessage-gleam-'));
    await mkdir(join(folder, 'src'));
    const toml = ['gleam_stdlib', 'gleam_json'].map(
      (name) => `${name} = { path = ${JSON.stringify(join(packages, name))} }\n`,
    );
    await writeFile(
      join(folder, 'gleam.toml'),
      `name = "trial"\nversion = "0.0.0"\n[dependencies]\n${toml.join('')}`,
    );
    for (const [at, { file }] of fc.sample(definitions, { numRuns: COUNT, seed: SEED }).entries()) {
      const module = gleamModuleOf(file, ['Random.']);
      await writeFile(join(folder, 'src', `d${at}.gleam`), printModule(module));
      for (const { name, shape } of file.roots) {
        const named = [...module.aliases, ...module.types].find(
          (type) => type.name.toLowerCase() === name.toLowerCase(),
        );
        const type = named?.prefix ?? '';
        const values = fc.sample(valuesOf(shape, file.types), { numRuns: VALUES, seed: SEED + at });
        for (const [turn, value] of values.entries()) {
          const text = JSON.stringify(value);
          const wrong = mutated(text, turn, HOSTILE[turn % HOSTILE.length] ?? '');
          cases.push({ module: `d${at}`, type, text, isValid: true });
          cases.push({ module: `d${at}`, type, text: wrong, isValid: false });
        }
      }
    }
    await writeFile(join(folder, 'cases.json'), JSON.stringify(cases));
  }, 120_000);

  afterAll(() => rm(folder, { recursive: true }));

  it('is left as it is by the formatter', { timeout: 60_000 }, async () => {
    expect(await runIn(folder, gleam, ['format', '--check', 'src'])).toMatchObject({ code: 0 });
  });

  it('has no error and no warning, and every value goes round', { timeout: 600_000 }, async () => {
    const built = await runIn(folder, gleam, ['build', '--target', 'javascript']);
    expect(built.log).not.toMatch(/^(?:warning|error)/m);
    expect(built.code).toBe(0);

    const tsx = new URL('../../../node_modules/tsx/dist/esm/index.mjs', import.meta.url).href;
    const runner = new URL('run-compiled.ts', import.meta.url).pathname;
    const args = [join(folder, 'build/dev/javascript'), join(folder, 'cases.json')];
    const { out } = await runIn(folder, process.execPath, ['--import', tsx, runner, ...args]);

    expect(JSON.parse(out)).toEqual([]);
    expect(cases.length).toBeGreaterThan(COUNT * VALUES);
  });
});
