import { describe, expect, it } from 'vitest';
import { type Delivery } from '../../lib/hub/delivery.ts';
import { OwnMessages } from '../../lib/hub/own-messages.ts';

function waiting(...numbers: readonly number[]): {
  own: OwnMessages<string>;
  released: number[];
  sent: unknown[];
} {
  const own = new OwnMessages<string>();
  const released: number[] = [];
  const sent: unknown[] = [];
  for (const number of numbers) {
    const answer = {
      send: (encoded: unknown) => sent.push(encoded),
      release: () => released.push(number),
    };
    own.add({
      topic: 'news',
      number,
      message: `message ${number}`,
      encoded: `encoded ${number}`,
      except: undefined,
      answers: { receiver: {}, answer } as unknown as Delivery<string>['answers'],
      isLocal: false,
      at: undefined,
    });
  }
  return { own, released, sent };
}

describe('OwnMessages', () => {
  it('finds each that waits, and leaves it there', () => {
    const { own } = waiting(3, 5, 9);

    expect([3, 5, 9, 4].map((number) => own.find(number)?.message)).toEqual([
      'message 3',
      'message 5',
      'message 9',
      undefined,
    ]);
    expect(own.takeAll()).toHaveLength(3);
  });

  it('takes one with those before it, which will not come any more', () => {
    const { own, released } = waiting(3, 5, 9, 10);

    expect(own.take(3)?.message).toBe('message 3');
    expect(released).toEqual([]);
    expect(own.take(9)?.message).toBe('message 9');
    expect(released).toEqual([5]);
    expect(own.takeAll().map(({ number }) => number)).toEqual([10]);
  });

  it('takes nothing for a number that does not wait', () => {
    const { own, released } = waiting(3, 5);

    expect(own.take(4)).toBeUndefined();
    expect(own.take(6)).toBeUndefined();
    expect(released).toEqual([]);
    expect(own.find(3)?.number).toBe(3);
  });

  it('gives the answers of all that will not come back', () => {
    const { own, released, sent } = waiting(3, 5);

    own.answer();

    expect(released).toEqual([]);
    expect(sent).toEqual(['encoded 3', 'encoded 5']);
    expect(own.takeAll()).toEqual([]);
  });
});
