/** A client whose place is further than its process has got in the topic. */
import { createHub } from 'express-omnimessage';
import { expect, it } from 'vitest';
import { type Backplane, type LogEntry } from '../../lib/hub/backplane.ts';
import { topicHash } from '../../lib/hub/topic-hash.ts';
import { nextTurn } from '../support/clock.ts';
import { wireBackplane } from '../support/wire-backplane.ts';

const codec = {
  decode: (encoded: string): string => encoded,
  encode: (message: string): string => message,
};

/** An entry that another process has published. */
const entry = (n: number): LogEntry => ({
  place: `${n}`,
  previous: n === 1 ? '' : `${n - 1}`,
  publisher: 'another',
  n,
  payload: `message ${n}`,
});

interface Followed {
  /** The engine pushes an entry. */
  readonly push: (n: number) => Promise<void>;
  /** The log loses all before this entry. */
  readonly trim: (n: number) => void;
  /** What the client got. */
  readonly got: string[];
}

/** A client that goes on from the third of three entries, in a process that has one of them. */
async function ahead(): Promise<Followed> {
  let log = [entry(1)];
  const wire = wireBackplane();
  const backplane: Backplane = {
    open: (hub) => ({
      ...wire.open(hub),
      follow: () => Promise.resolve('1'),
      read: (_topic, after) => {
        const entries = log.filter(({ n }) => n > Number(after));
        const isComplete = log.some(({ place, previous }) => [place, previous].includes(after));
        return Promise.resolve({ entries, isComplete, hasMore: false, end: `${log.at(-1)?.n}` });
      },
    }),
  };
  const hub = createHub({ codec, backplane, onGap: () => {} });
  hub.subscribe('news', () => {});
  await nextTurn();
  log = [entry(1), entry(2), entry(3)];
  const got: string[] = [];
  hub.join('news', {
    sendEncoded: ({ encoded }: { encoded: string }) => got.push(encoded) > 0,
    follow: () => true,
    unfollow: () => {},
    places: {
      take: () => '3',
      tell: (place: string) => got.push(place.replace(`${topicHash('news')},`, 'at ')),
      gap: () => got.push('gap'),
    },
  } as never);
  await nextTurn();
  return {
    got,
    push: (n) => {
      wire.hub.delivered('news', entry(n));
      return nextTurn();
    },
    trim: (n) => {
      log = [n, n + 1].map(entry);
    },
  };
}

it('gets nothing twice that its process comes to later', async () => {
  const { got, push } = await ahead();
  for (const n of [2, 3, 4]) await push(n);

  expect(got).toEqual(['message 4']);
});

it('is told of a gap where the log does not say any more what is old', async () => {
  const { got, push, trim } = await ahead();
  trim(5);
  for (const n of [2, 3, 4]) await push(n);

  expect(got).toEqual(['gap', 'at 2', 'message 3', 'message 4']);
});
