/** What single clients do not get like all others: on the same connection, and on another one of the client. */
import { describe, expect, it } from 'vitest';
import { type Answer } from '../../lib/core/answer.ts';
import { Apart } from '../../lib/hub/apart.ts';
import { type Delivery, type Receiver } from '../../lib/hub/delivery.ts';

type At = Delivery<string>['at'];

const at = (n: number, publisher = 'own'): At => ({ place: `${n}`, previous: '', publisher, n });

interface Given {
  readonly answer: Answer;
  readonly given: unknown[];
  isOpen: boolean;
}

/** The answer to message 7. */
function asked(): Given {
  const given: unknown[] = [];
  const self: Given = {
    given,
    isOpen: true,
    answer: {
      id: 7,
      isOpen: () => self.isOpen,
      send: (encoded) => given.push(encoded) > 0,
      release: () => given.push('released'),
    },
  };
  return self;
}

/** A connection of a client, which has or gets all answers. */
const receiver = (client: object): Receiver =>
  ({ places: { client, isAnswered: () => true } }) as unknown as Receiver;

describe('Apart', () => {
  it('finds what is not for a connection, nor for the next one of its client', () => {
    const apart = new Apart('own');
    const client = {};
    const bare = {} as Receiver;
    apart.except(1, receiver(client));
    apart.except(2, [receiver(client), bare, undefined]);

    const found = (who: Receiver): unknown[] => [0, 1, 2].map((n) => apart.find(who, at(n)));
    expect(found(receiver(client))).toEqual([undefined, null, null]);
    expect(found(bare)).toEqual([undefined, undefined, null]);
    expect(found(receiver({}))).toEqual([undefined, undefined, undefined]);
    expect(apart.find(bare, at(2, 'another'))).toBeUndefined();
    expect(apart.find(bare, undefined)).toBeUndefined();
  });

  it('gives an answer once: by the log, or by the delivery', () => {
    const apart = new Apart('own');
    const [early, late] = [asked(), asked()];
    const who = receiver({});
    const [first, second] = [apart.answer(1, who, early.answer), apart.answer(2, who, late.answer)];

    expect(apart.find(who, at(1))).toBe(early.answer);
    expect([first.send('again'), second.send('late')]).toEqual([false, true]);

    first.release();
    second.release();

    expect([early.given, late.given]).toEqual([[], ['late']]);
    expect([1, 2].map((n) => apart.find(who, at(n)))).toEqual([null, null]);
  });

  it('leaves to the topic what the handler has answered otherwise, before it comes or after', () => {
    const apart = new Apart('own');
    const [one, other] = [asked(), asked()];
    const client = {};
    const [who, next] = [receiver(client), receiver(client)];
    const pushed = apart.answer(1, who, one.answer);
    apart.answer(2, who, other.answer);
    one.isOpen = false;
    other.isOpen = false;

    expect([next, next].map((each, n) => apart.find(each, at(n + 1)))).toEqual([
      undefined,
      undefined,
    ]);

    pushed.send('a push');

    expect(apart.find(next, at(1))).toBeUndefined();
    expect(one.given).toEqual(['a push']);
    expect(apart.find(who, at(2))).toBeUndefined();
  });

  it('asks whether the client has the answer, or still gets it', () => {
    const apart = new Apart('own');
    const client = {};
    apart.answer(1, receiver(client), asked().answer);

    const found = [true, false, undefined].map((isAnswered) => {
      const places = { client, isAnswered: () => isAnswered };
      return apart.find({ places } as unknown as Receiver, at(1));
    });

    expect(found).toEqual([null, undefined, 'unknown']);
  });

  it('remembers the last 128 of each client', () => {
    const apart = new Apart('own');
    const who = receiver({});
    for (let n = 1; n <= 128; n++) apart.except(n, who);

    expect(apart.find(who, at(1))).toBeNull();

    apart.except(129, who);

    expect([1, 2, 129].map((n) => apart.find(who, at(n)))).toEqual([undefined, null, null]);
  });
});
