import { describe, expect, it } from 'vitest';
import { type Wire } from '../../lib/core/codec.ts';
import { KeptMessages } from '../../lib/connection/kept-messages.ts';
import { randomOf } from '../support/random.ts';

/** The messages that are in the queue, in order. */
const all = (kept: KeptMessages): (Wire | undefined)[] =>
  Array.from({ length: kept.length }, (_, at) => kept.get(kept.slotOf(at)));

/** A queue of these messages. */
function keeping(...messages: Wire[]): KeptMessages {
  const kept = new KeptMessages({ bytes: 0, limit: Infinity });
  for (const message of messages) kept.put(kept.add(), message);
  return kept;
}

/** `toEqual` would take a minute for so many. */
function isSame(one: Wire | undefined, other: Wire | undefined): boolean {
  if (one instanceof Uint8Array && other instanceof Uint8Array) {
    return Buffer.compare(one, other) === 0;
  }
  return one === other;
}

describe('kept messages', () => {
  it.each<[name: string, message: Wire, bytes: number]>([
    ['an empty text', '', 0],
    ['a text', 'abc', 3],
    ['a text of characters that take two, three and four bytes', 'é€😀', 9],
    ['a text that is larger than a buffer', 'x'.repeat(20_000), 20_000],
    ['a text of 170 units that take three bytes each', '€'.repeat(170), 510],
    ['a text of 171 units that take three bytes each', '€'.repeat(171), 513],
    ['no bytes', new Uint8Array(0), 0],
    ['bytes', Uint8Array.of(0, 255, 10), 3],
  ])('give back %s', (_name, message, bytes) => {
    const kept = new KeptMessages({ bytes: 0, limit: Infinity });

    expect(kept.put(kept.add(), message)).toBe(bytes);
    expect(kept.sizeAt(kept.first)).toBe(bytes);
    expect(all(kept)).toEqual([message]);
  });

  it('give back a lone surrogate as it was sent', () => {
    expect(all(keeping('a\ud800b'))).toEqual(['a\ufffdb']);
  });

  it('know nothing of one that is not put yet', () => {
    const kept = new KeptMessages({ bytes: 0, limit: Infinity });
    const slot = kept.add();

    expect(kept.has(slot)).toBe(false);
    expect(kept.get(slot)).toBeUndefined();
    expect(kept.sizeAt(slot)).toBe(0);
  });

  it('give bytes that are the own of who asks', () => {
    const kept = keeping(Uint8Array.of(1, 2));
    const [given] = all(kept) as [Uint8Array];
    given[0] = 9;

    expect(all(kept)).toEqual([Uint8Array.of(1, 2)]);
  });

  it('leave from the front, or from anywhere', () => {
    const kept = keeping('a', 'b', 'c', 'd', 'e');
    kept.drop();
    kept.remove(kept.slotOf(1));
    expect(all(kept)).toEqual(['b', 'd', 'e']);

    kept.remove(kept.slotOf(2));
    kept.remove(kept.slotOf(0));

    expect(all(kept)).toEqual(['d']);
  });

  it('take buffers of 8 KiB at most beside what is kept, however many have passed', () => {
    const before = process.memoryUsage().arrayBuffers;
    const queues = Array.from(
      { length: 100 },
      () => new KeptMessages({ bytes: 0, limit: Infinity }),
    );
    for (const kept of queues) {
      for (let n = 0; n < 2_000; n++) {
        kept.put(kept.add(), 'x'.repeat(100));
        if (kept.length > 10) kept.drop();
      }
    }

    // One that is written to, one that the oldest are in, and one to spare.
    const each = (process.memoryUsage().arrayBuffers - before) / queues.length;
    expect(each).toBeLessThan(3 * 8_192 + 4_096);
    expect(all(queues[0]!)).toHaveLength(10);
  });

  it('take little where few are kept at a time, however many have passed', () => {
    const budget = { bytes: 0, limit: Infinity };
    const kept = new KeptMessages(budget);
    for (let n = 0; n < 2_000; n++) {
      kept.put(kept.add(), 'x'.repeat(50));
      if (kept.length > 16) kept.drop();
    }

    // Three buffers, of which none had to grow beyond 2 KiB, and the columns.
    expect(budget.bytes).toBeLessThan(6_000);
  });

  it('take one buffer beside what is kept, also where each message is too large for the last', () => {
    const budget = { bytes: 0, limit: Infinity };
    const kept = new KeptMessages(budget);
    for (const length of [1, 1_000, 2_500, 9_000]) {
      if (kept.length > 0) kept.drop();
      kept.put(kept.add(), 'x'.repeat(length));
    }

    expect(budget.bytes).toBeGreaterThan(2_500 + 9_000);
    expect(budget.bytes).toBeLessThan(2_500 + 9_000 + 2_000);
  });

  it('are what a plain array would be, whatever comes in whatever order', () => {
    for (let seed = 1; seed <= 60; seed++) {
      const random = randomOf(seed);
      const budget = { bytes: 0, limit: Infinity };
      const kept = new KeptMessages(budget);
      const model: { slot: () => number; message: Wire | undefined }[] = [];
      const slotOf = (one: unknown): number => kept.slotOf(model.findIndex((each) => each === one));
      for (let step = 0; step < 300; step++) {
        const deed = random(100);
        if (deed < 45) {
          const one = { slot: () => slotOf(one), message: undefined };
          model.push(one);
          kept.add();
        } else if (deed < 85) {
          const open = model.filter(({ message }) => message === undefined);
          const one = open[random(open.length)];
          if (one === undefined) continue;
          const length = random(random(10) === 0 ? 10_000 : 300);
          const text = `${step}${'é'.repeat(length)}`;
          one.message = random(10) < 7 ? text : new TextEncoder().encode(text);
          kept.put(one.slot(), one.message);
        } else if (deed < 95) {
          if (model.length === 0) continue;
          model.shift();
          kept.drop();
        } else {
          const one = model[random(model.length)];
          if (one === undefined) continue;
          kept.remove(one.slot());
          model.splice(model.indexOf(one), 1);
        }
        if (step % 20 > 0) continue;
        const wrong = all(kept).findIndex((one, at) => !isSame(one, model[at]?.message));
        expect([seed, step, wrong, kept.length]).toEqual([seed, step, -1, model.length]);
        // All that is in it, and no more beside that than buffers which are partly used.
        const sizes = model.map(({ message }, at) =>
          message === undefined ? 0 : kept.sizeAt(kept.slotOf(at)),
        );
        const rest = budget.bytes - sizes.reduce((sum, size) => sum + size, 0);
        expect(rest).toBeGreaterThan(0);
        expect(rest).toBeLessThan(100_000);
      }
      while (kept.length > 0) kept.drop();

      expect(budget.bytes).toBeLessThan(60_000);

      kept.letGo();

      expect(budget.bytes).toBe(0);
    }
  });
});
