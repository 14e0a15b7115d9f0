import { readFile } from 'node:fs/promises';
import * as fc from 'fast-check';
import { array, integer, number, object, string } from 'superstruct';
import { describe, expect, it } from 'vitest';
import { gleamModuleOf } from '../../../lib/cli/gleam/from-definition.ts';
import { printModule } from '../../../lib/cli/gleam/module.ts';
import { named, tuple } from '../../../lib/codecs.ts';
import { definitions } from '../../support/definitions.ts';
import { moduleOf } from '../../support/printed.ts';
import * as messages from '../samples/messages.ts';
import { layoutFaults } from './layout-rules.ts';

const sample = moduleOf(messages, ['A sample.']);

describe('a printed module', () => {
  it('is what the compiler took and the formatter left as it is', async () => {
    // Written by `gleam format` of Gleam 1.14.0, and compiled by it without a warning.
    const formatted = new URL('../samples/messages.gleam', import.meta.url);

    await expect(sample).toMatchFileSnapshot(formatted.pathname);
    expect(await readFile(formatted, 'utf8')).toBe(sample);
  });

  it('breaks the last argument of a constructor first, as the formatter does', () => {
    // Gleam 1.14.0 leaves it so.
    const place = tuple([number(), ...Array.from({ length: 19 }, integer)]);
    const Inner = named('Inner', object({ name: string(), at: place }));

    expect(moduleOf({ Message: object({ items: array(Inner), one: Inner }) })).toContain(
      'Inner(name: "", at: #(\n    0.0,\n    0,\n',
    );
  });

  it('keeps the rules of the layout, whatever the definition', { timeout: 120_000 }, () => {
    fc.assert(
      fc.property(definitions, ({ file }) => {
        const printed = printModule(gleamModuleOf(file, ['Random.']));

        expect(layoutFaults(printed)).toEqual([]);
      }),
      // Structs are large when they are printed, and slow to shrink.
      { numRuns: 50, endOnFailure: true },
    );
  });

  it('is the same text each time', () => {
    fc.assert(
      fc.property(definitions, ({ file }) => {
        const print = (): string => printModule(gleamModuleOf(file, []));

        expect(print()).toBe(print());
      }),
      { numRuns: 20 },
    );
  });
});
