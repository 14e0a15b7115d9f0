import { beforeEach, describe, expect, it, vi } from 'vitest';
import { type Received } from '../../lib/connection/line.ts';
import { MessageQueue } from '../../lib/connection/message-queue.ts';
import { type QueueHost } from '../../lib/connection/receiver-host.ts';
import { AsyncContext } from '../../lib/process/async-context.ts';
import { nextTurn, untilTurned, withFakeClock } from '../support/clock.ts';
import { deferred, type Deferred } from '../support/deferred.ts';
import { RecordingLine } from '../support/recording-line.ts';

/** A queue that keeps what it handles; `slow` messages take until they are settled. */
class Queue extends MessageQueue {
  readonly handled: string[] = [];
  readonly slow = new Map<string, Deferred<void>>();
  settledCount = 0;

  add(...messages: string[]): void {
    for (const message of messages) this.enqueue(message, false);
  }

  /** Takes the share of so many frames that are no messages. */
  control(count = 1): boolean[] {
    return Array.from({ length: count }, () => this.takeShare());
  }

  probe(): void {
    if (!this.takeShare()) this.beatLater();
  }

  protected handle(data: Received): void {
    const message = data as string;
    this.handled.push(message);
    const pending = this.slow.get(message);
    if (pending !== undefined) this.waitFor(pending.promise);
  }

  protected settled(): void {
    this.settledCount += 1;
  }
}

/** A queue whose session has opened, unless it is said otherwise. */
function queue({ begins = true, handlerTimeout = 60_000, slow = [] as string[] } = {}): {
  readonly queue: Queue;
  readonly line: RecordingLine;
  readonly events: string[];
} {
  const line = new RecordingLine();
  const events: string[] = [];
  const host: QueueHost = {
    asyncContext: new AsyncContext(),
    sendBeat: () => events.push('beat'),
    tookTooLong: () => events.push('too long'),
  };
  const made = new Queue(host, line, handlerTimeout);
  for (const message of slow) made.slow.set(message, deferred());
  if (begins) made.begin(undefined, () => {});
  return { queue: made, line, events };
}

const numbers = (count: number): string[] => Array.from({ length: count }, (_, at) => String(at));

// A turn ends after 8 ms as well, which pass fast where the machine is busy.
beforeEach(withFakeClock);

describe('the messages of a connection', () => {
  it('wait until its session has opened, and for a promise of that', async () => {
    const { queue: made } = queue({ begins: false });
    const opening = deferred();
    made.add('a', 'b');
    made.begin(opening.promise, () => {});
    made.add('c');

    expect(made.handled).toEqual([]);

    opening.resolve();
    await nextTurn();

    expect(made.handled).toEqual(['a', 'b', 'c']);
  });

  it('wait for ever when it could not open', async () => {
    const { queue: made } = queue({ begins: false });
    const failures: unknown[] = [];
    made.begin(Promise.reject(new Error('no')), (cause) => failures.push(cause));
    made.add('a');
    await nextTurn();

    expect(failures).toEqual([new Error('no')]);
    expect(made.handled).toEqual([]);
  });

  it('are handled one at a time, in order', async () => {
    const { queue: made } = queue({ slow: ['b'] });
    made.add('a', 'b', 'c');
    await nextTurn();

    expect(made.handled).toEqual(['a', 'b']);

    made.slow.get('b')?.resolve();
    await nextTurn();

    expect(made.handled).toEqual(['a', 'b', 'c']);
  });

  it('go on after one that rejects', async () => {
    const { queue: made } = queue({ slow: ['a'] });
    made.add('a', 'b');
    made.slow.get('a')?.reject(new Error('no'));
    await nextTurn();

    expect(made.handled).toEqual(['a', 'b']);
  });

  it('take 16 to a turn, and the rest in the turns after it', async () => {
    const { queue: made } = queue();
    made.add(...numbers(40));

    expect(made.handled).toHaveLength(16);
    await untilTurned(() => made.handled.length === 40);
    expect(made.handled).toEqual(numbers(40));
  });

  it('are held as long as the client has to catch up', async () => {
    const { queue: made } = queue();
    made.hold();
    made.add('a');
    await nextTurn();

    expect(made.handled).toEqual([]);

    made.release();

    expect(made.handled).toEqual(['a']);
  });

  it('pause the line when 64 wait, until there is room', async () => {
    const { queue: made, line } = queue({ slow: ['0'] });
    made.add(...numbers(65));

    expect([made.isPaused, line.asked]).toEqual([false, []]);

    made.add('65', '66');

    expect([made.isPaused, line.asked]).toEqual([true, ['pause']]);

    made.slow.get('0')?.resolve();
    await untilTurned(() => !made.isPaused);

    expect(line.asked).toEqual(['pause', 'resume']);
    await untilTurned(() => made.handled.length === 67);
  });

  it('call the host when one takes longer than handlerTimeout', () => {
    const { queue: made, events } = queue({ slow: ['a'], handlerTimeout: 20 });
    made.add('a');
    vi.advanceTimersByTime(19);

    expect(events).toEqual([]);

    vi.advanceTimersByTime(1);

    expect(events).toEqual(['too long']);
  });
});

describe('frames that are no messages', () => {
  it('share the turn with messages: 16 of both', () => {
    const { queue: made } = queue();
    const shares = made.control(17);
    made.add('a');

    expect(shares.indexOf(false)).toBe(16);
    expect(made.handled).toEqual([]);
  });

  it('pause the line when 64 wait for their share', async () => {
    const { queue: made, line } = queue();
    made.control(16 + 65);

    expect(line.asked).toEqual(['pause']);

    await untilTurned(() => !made.isPaused);

    expect(line.asked).toEqual(['pause', 'resume']);
  });

  it('are answered when their share has come', async () => {
    const { queue: made, events } = queue();
    made.control(16);
    made.probe();

    expect(events).toEqual([]);
    await untilTurned(() => events.length > 0);
    expect(events).toEqual(['beat']);
  });
});

describe('the last message of a client', () => {
  it('calls back when those that wait for their turn are handled, and once', async () => {
    const { queue: made } = queue({ slow: ['39', 'later'] });
    const finished: number[] = [];
    made.add(...numbers(40));

    expect(made.finish(() => finished.push(made.handled.length))).toBe(true);
    expect(finished).toEqual([]);

    await untilTurned(() => made.handled.length === 40);

    expect(finished).toEqual([40]);

    // What comes to rest after that is not waited for.
    made.slow.get('39')?.resolve();
    await untilTurned(() => made.settledCount > 1);
    made.add('later');
    made.slow.get('later')?.resolve();
    await untilTurned(() => made.settledCount > 2);
    made.end();

    expect(finished).toEqual([40]);
  });

  it('does not call back where none waits', () => {
    const { queue: made } = queue();

    expect(made.finish(() => {})).toBe(false);
  });

  it.each<[string, (made: Queue) => void]>([
    ['a handler that takes its time', (made) => made.add('slow', 'a')],
    [
      'a client that has to catch up',
      (made) => {
        made.hold();
        made.add('a');
      },
    ],
  ])('does not wait for %s', (_name, arrange) => {
    const { queue: made } = queue({ slow: ['slow'] });
    arrange(made);

    expect(made.finish(() => {})).toBe(false);
  });
});

describe('the end of a connection', () => {
  it('waits for the message that is being handled, and handles no other', async () => {
    const { queue: made } = queue({ slow: ['a'] });
    made.add('a', 'b');
    let isDrained = false;
    void made.drain().then(() => {
      isDrained = true;
    });
    await nextTurn();

    expect(isDrained).toBe(false);

    made.slow.get('a')?.resolve();
    await nextTurn();

    expect(isDrained).toBe(true);
    expect(made.handled).toEqual(['a']);
  });

  it.each([true, false])('waits for nothing when nothing is handled, open: %s', async (begins) => {
    const { queue: made } = queue({ begins });

    await expect(made.drain()).resolves.toBeUndefined();
  });

  it('ends a wait, reads on, and drops what waits', async () => {
    const { queue: made, line, events } = queue({ slow: ['0'], handlerTimeout: 20 });
    made.add(...numbers(80));
    const drained = made.drain();
    made.end();
    await drained;
    made.slow.get('0')?.resolve();
    await nextTurn();
    vi.advanceTimersByTime(100);

    expect(line.asked).toEqual(['pause', 'resume']);
    expect([made.handled, events]).toEqual([['0'], []]);
  });
});
