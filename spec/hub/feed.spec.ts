import { describe, expect, it } from 'vitest';
import { type LogEntry, type LogPage, type Place } from '../../lib/hub/backplane.ts';
import { Feed } from '../../lib/hub/feed.ts';

const entry = (previous: Place, place: Place): LogEntry => ({
  place,
  previous,
  publisher: 'publisher-of-16-c',
  n: 1,
  payload: `message ${place}`,
});

/** A feed that is at `a`, of an engine that then broke and came back as another. */
function elsewhere(): {
  feed: Feed;
  heard: string[];
  answer: (page: Partial<LogPage>) => Promise<void>;
} {
  const heard: string[] = [];
  const reads: ((page: LogPage) => void)[] = [];
  const feed = new Feed({
    topic: 'news',
    read: () => new Promise((resolve) => void reads.push(resolve)),
    deliver: ({ payload }) => void heard.push(String(payload)),
    gap: (reason) => void heard.push(`gap: ${reason}`),
    live: () => void heard.push('live'),
  });
  feed.start('a');
  feed.interrupted();
  feed.resumed(false);
  heard.length = 0;
  return {
    feed,
    heard,
    answer: async (page) => {
      reads.shift()?.({ entries: [], isComplete: false, hasMore: false, end: 'x', ...page });
      await Promise.resolve();
    },
  };
}

describe('a feed whose engine may have lost entries', () => {
  it('tells so when it knows where it goes on: what is published after that is not skipped', async () => {
    const { feed, heard, answer } = elsewhere();
    // Written before the end of the log was asked for, so that it is not among what comes next.
    feed.pushed(entry('w', 'x'));
    expect(heard).toEqual([]);

    await answer({ end: 'x' });
    feed.pushed(entry('x', 'y'));

    expect(heard.slice(0, 1)).toEqual(['gap: engine']);
    expect(heard.filter((each) => each !== 'live')).toEqual(['gap: engine', 'message y']);
  });

  it('tells so before what it reads', async () => {
    const { heard, answer } = elsewhere();

    await answer({ entries: [entry('', 'x'), entry('x', 'y')], end: 'y' });

    expect(heard).toEqual(['gap: engine', 'message x', 'message y', 'live']);
  });

  it('tells so before what follows on while it reads', () => {
    const { feed, heard } = elsewhere();

    feed.pushed(entry('a', 'b'));
    feed.pushed(entry('b', 'c'));

    expect(heard.filter((each) => each !== 'live')).toEqual([
      'gap: engine',
      'message b',
      'message c',
    ]);
  });

  it('tells so once, also where it is interrupted again before', async () => {
    const { feed, heard, answer } = elsewhere();
    feed.interrupted();
    feed.resumed();

    await answer({ end: 'x' });
    await answer({ end: 'x' });

    expect(heard).toEqual(['gap: engine', 'live']);
  });
});
