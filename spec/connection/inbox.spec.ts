import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesOf, Inbox, isLarger, sizeOf, textOf } from '../../lib/connection/inbox.ts';
import { type Received } from '../../lib/connection/line.ts';

interface Message {
  readonly data: Received;
  readonly isBinary: boolean;
}

/** A message in bytes, whatever shape it has. */
const printed = ({ data, isBinary }: Message): string =>
  `${isBinary ? 'binary' : 'text'} ${typeof data === 'string' ? data : bytesOf(data).toString()}`;

/** The message of this number, in one of the shapes that ws gives. */
function messageOf(at: number): Message {
  const text = `é${at} ${'x'.repeat(at % 200)}`;
  const bytes = Buffer.from(text);
  const shapes: Received[] = [text, bytes, [bytes.subarray(0, 1), bytes.subarray(1)]];
  return { data: shapes[at % 3]!, isBinary: at % 3 > 0 && at % 2 === 0 };
}

describe('an inbox', () => {
  it('gives what was put in, in order and as it was, however much waits', () => {
    const steps = fc.array(fc.integer({ min: -150, max: 150 }), { maxLength: 20 });
    fc.assert(
      fc.property(steps, (counts) => {
        const inbox = new Inbox();
        let pushed = 0;
        let taken = 0;
        const wrong: string[] = [];
        for (const count of counts) {
          for (const end = pushed + count; pushed < end; pushed += 1) {
            const { data, isBinary } = messageOf(pushed);
            inbox.push(data, isBinary);
          }
          for (const end = Math.min(pushed, taken - count); taken < end; taken += 1) {
            const item = inbox.shift();
            const expected = printed(messageOf(taken));
            if (item === undefined || printed(item) !== expected) wrong.push(expected);
          }
          if (inbox.length !== pushed - taken) wrong.push(`${inbox.length}`);
        }
        expect(wrong).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  it('is full with 65 messages, and has room again at 32', () => {
    const inbox = new Inbox();
    for (let count = 0; count < 64; count += 1) inbox.push('a', false);
    expect(inbox.isFull).toBe(false);
    inbox.push('a', false);
    expect(inbox.isFull).toBe(true);

    while (inbox.length > 33) inbox.shift();
    expect([inbox.isFull, inbox.hasRoom]).toEqual([false, false]);
    inbox.shift();
    expect(inbox.hasRoom).toBe(true);
  });

  it('is full past 262,144 bytes, and has room again at half of that', () => {
    const inbox = new Inbox();
    const half = Buffer.alloc(131_072);
    inbox.push(half, true);
    expect([inbox.isFull, inbox.hasRoom]).toEqual([false, true]);
    inbox.push(half, true);
    expect([inbox.isFull, inbox.hasRoom]).toEqual([false, false]);
    inbox.push(Buffer.alloc(1), true);
    expect(inbox.isFull).toBe(true);

    inbox.shift();
    expect([inbox.isFull, inbox.hasRoom]).toEqual([false, false]);
    inbox.shift();
    expect(inbox.hasRoom).toBe(true);
  });

  it('keeps nothing that it discards', () => {
    const inbox = new Inbox();
    for (let count = 0; count < 200; count += 1) inbox.push('abc', false);

    inbox.discard();

    expect([inbox.length, inbox.shift(), inbox.hasRoom]).toEqual([0, undefined, true]);
    inbox.push('next', false);
    expect(inbox.shift()).toEqual({ data: 'next', isBinary: false });
  });

  it('gives bytes of their own, which keep nothing else alive', () => {
    const inbox = new Inbox();
    for (let count = 0; count < 70; count += 1) inbox.push(Buffer.from([count]), true);
    // It waits in the same buffer, which is larger than the pool of small ones.
    inbox.push(Buffer.alloc(100_000), true);
    for (let count = 0; count < 69; count += 1) inbox.shift();

    const last = inbox.shift()?.data as Buffer;
    inbox.push(Buffer.from([1]), true);

    expect([...last]).toEqual([69]);
    expect(last.buffer.byteLength).toBeLessThan(100_000);
  });
});

describe('the size of what was received', () => {
  it.each<[string, Received, number]>([
    ['a string', 'abc', 3],
    ['a Buffer', Buffer.from('é'), 2],
    ['an ArrayBuffer', new ArrayBuffer(5), 5],
    ['fragments', [Buffer.from('ab'), Buffer.from('c')], 3],
  ])('is that of %s', (_name, data, size) => {
    expect(sizeOf(data)).toBe(size);
  });

  it.each<[Received, number, boolean]>([
    ['abc', 3, false],
    ['abcd', 3, true],
    ['é', 2, false],
    ['éa', 2, true],
    ['日本', 6, false],
    ['日本', 5, true],
    [Buffer.from('abc'), 3, false],
    [Buffer.from('abcd'), 3, true],
  ])('of %j is over %i bytes: %s', (data, limit, expected) => {
    expect(isLarger(data, limit)).toBe(expected);
  });
});

describe('the text of a frame', () => {
  it('has no byte order mark, as a string and as bytes', () => {
    expect([textOf('\ufeffa', false), textOf(Buffer.from('\ufeffa'), false)]).toEqual(['a', 'a']);
  });

  it('is none where the frame is binary', () => {
    expect(textOf(Buffer.from('a'), true)).toBeUndefined();
  });
});
