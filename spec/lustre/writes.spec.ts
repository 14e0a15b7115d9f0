import { describe, expect, it } from 'vitest';
import { effect } from '../../lib/index.ts';
import { attribute, component, html, onInput } from '../../lib/lustre.ts';
import { ComponentRuntime } from '../../lib/lustre/component-runtime.ts';
import { type Write, Writes } from '../../lib/lustre/writes.ts';
import { ModelPage } from '../support/agreement-model.ts';

const write = (version: number, isKept = false): Write => ({
  version,
  value: `w${version}`,
  by: undefined,
  isOwn: false,
  isKept,
});
const noBases = (): number[] => [];

describe('the writes to a control', () => {
  it('are remembered up to 8; the pages keep the further ones themselves', () => {
    const writes = new Writes();
    for (let version = 1; version <= 7; version++) writes.push(write(version), noBases);
    expect(writes.isFull).toBe(false);
    writes.push(write(8), noBases);
    expect(writes.isFull).toBe(true);
  });

  it('are forgotten once every page has seen later ones', () => {
    const writes = new Writes([0, 1, 2, 3, 4].map((version) => write(version)));

    writes.forget([2, 3]);

    expect(writes.valueOf(1)).toBeUndefined();
    expect([2, 3, 4].map((version) => writes.valueOf(version))).toEqual(['w2', 'w3', 'w4']);
    expect(writes.valueUntil(2)).toBe('w2');
  });

  it('keep what a page was mounted with, also where the pages kept it', () => {
    const writes = new Writes([write(0), write(3, true), write(5, true), write(9, true)]);

    writes.forget([4]);

    expect(writes.valueUntil(4)).toBe('w3');
    expect(writes.size).toBe(2);
    expect(writes.last?.version).toBe(9);
  });

  it('never become many, whatever pages do not answer', () => {
    const writes = new Writes();
    for (let version = 1; version <= 10_000; version++) {
      writes.push(write(version, writes.isFull), () => [0, 50, 500]);
    }
    expect(writes.size).toBeLessThanOrEqual(25);
    expect(writes.valueUntil(500)).toBe('w500');
  });
});

describe('a page that is far behind', () => {
  const flushed = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

  it.each([7, 8, 9, 30])('loses nothing that its user has typed: by %i writes', async (count) => {
    const runtime = new ComponentRuntime(
      component<undefined, string, string>({
        init: () => ['', effect.none()],
        update: (_before, value) => [value.toUpperCase(), effect.none()],
        view: (value) =>
          html.div([], [html.input([attribute('value', value), onInput((entered) => entered)])]),
      }),
      undefined,
      { failed: () => {}, ended: () => {} },
    );
    runtime.begin();
    const [slow, quick] = [new ModelPage(runtime as never), new ModelPage(runtime as never)];
    const type = (page: ModelPage, letter: string): void => {
      const input = page.input(0);
      input.state['value'] = `${String(input.state['value'])}${letter}`;
      page.fire(input, 'input');
    };
    const answered = async (page: ModelPage): Promise<void> => {
      await page.deliver();
      await flushed();
      while (page.down.length > 0) page.receive();
    };
    // What the slow page sends leaves at once, and arrives after all that the quick one does.
    type(slow, '#');
    for (let at = 0; at < count; at++) {
      type(quick, 'abcdefghijklmnopqrstuvwxyz0123'[at] as string);
      await answered(quick);
      // It sees half of it.
      if (at < count / 2) slow.receive();
    }
    // What it was mounted with is one of the eight.
    expect(slow.down.join('').includes('"_omni","value":[')).toBe(count > 7);
    type(slow, '+');
    while (slow.up.length + slow.down.length > 0) {
      while (slow.down.length > 0) slow.receive();
      if (slow.up.length > 0) await slow.deliver();
      await flushed();
    }

    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123'.slice(0, count);
    const sorted = (typed: string): string[] => typed.split('').sort();
    expect(sorted(runtime.model)).toEqual(sorted(`${letters}#+`));
    runtime.stop();
  });
});
