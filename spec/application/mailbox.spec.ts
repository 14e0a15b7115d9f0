import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Mailbox } from '../../lib/application/mailbox.ts';

const CAPACITY = 65_536;

describe('a mailbox', () => {
  it('gives its messages in their order, whatever order pushes, shifts and clears come in', () => {
    const steps = fc.array(fc.oneof(fc.integer({ min: -150, max: 150 }), fc.constant('clear')), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(steps, (all) => {
        const mailbox = new Mailbox<number>();
        let pushed = 0;
        let taken = 0;
        const wrong: string[] = [];
        for (const step of all) {
          const count = typeof step === 'number' ? step : 0;
          for (const end = pushed + count; pushed < end; pushed += 1) mailbox.push(pushed);
          for (const end = Math.min(pushed, taken - count); taken < end; taken += 1) {
            const message = mailbox.shift();
            if (message !== taken) wrong.push(`${message} for ${taken}`);
          }
          if (step === 'clear') {
            mailbox.clear();
            taken = pushed;
          }
          if (mailbox.length !== pushed - taken) wrong.push(`${mailbox.length} wait`);
        }
        expect(wrong).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  it('takes 65,536 messages, and not one more, until one was taken', () => {
    const mailbox = new Mailbox<number>();
    for (let count = 0; count < CAPACITY; count += 1) mailbox.push(count);

    expect([mailbox.length, mailbox.push(-1), mailbox.length]).toEqual([CAPACITY, false, CAPACITY]);
    expect(mailbox.shift()).toBe(0);
    expect([mailbox.push(CAPACITY), mailbox.push(-1)]).toEqual([true, false]);
  });

  it('keeps no message that was taken', async () => {
    const mailbox = new Mailbox<object>();
    mailbox.push({});
    mailbox.push({});
    const taken = new WeakRef(mailbox.shift());
    const { setFlagsFromString } = await import('node:v8');
    setFlagsFromString('--expose-gc');
    const { runInNewContext } = await import('node:vm');
    const collect = runInNewContext('gc') as () => void;

    // A WeakRef keeps what it refers to until the turn has ended.
    await new Promise(setImmediate);
    collect();

    expect(taken.deref()).toBeUndefined();
    expect(mailbox.length).toBe(1);
  });
});
