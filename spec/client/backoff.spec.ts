import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { pauseOf } from '../../lib/client/backoff.ts';
import { untilTurned, withFakeClock } from '../support/clock.ts';
import { linkTo } from '../support/linked.ts';
import { serveProtocol } from '../support/protocol-server.ts';

/** Throws the dice where they say this. */
function throwing(value: number): void {
  const dice = vi.spyOn(Math, 'random').mockReturnValue(value);
  onTestFinished(() => {
    dice.mockRestore();
  });
}

describe('the pause before an attempt', () => {
  it('is random from the first on (L5)', () => {
    throwing(0.5);
    expect(pauseOf('back', 500)).toBe(250);
    throwing(0);
    expect(pauseOf('back', 500)).toBe(0);
  });

  it('is spread wider when a server restarts', () => {
    throwing(0.5);
    expect(pauseOf('later', 500)).toBe(2_500);
    expect(pauseOf('later', 15_000)).toBe(7_500);
  });

  it('is what the server asked for, and some more, so that not all come at once', () => {
    throwing(0.5);
    expect(pauseOf('later', 500, 30)).toBe(30_250);
    expect(pauseOf('slower', 1_000, 2)).toBe(5_500);
    expect(pauseOf('slower', 2_000, 20)).toBe(21_000);
  });

  it('is bounded, whatever a server asks for', () => {
    throwing(0);
    for (const [asked, ms] of [
      [1e300, 1e9],
      [-1, 0],
      ['x', 0],
      [{}, 0],
    ] as const) {
      expect(pauseOf('back', 500, asked as number)).toBe(ms);
    }
  });

  it('doubles up to its end, and stays there after two thousand failures', async () => {
    withFakeClock();
    throwing(0.9999);
    const { link } = linkTo(
      () => {
        throw new Error('down');
      },
      { minDelay: 1_000, maxDelay: 3_000 },
    );
    const waits: number[] = [];
    for (let times = 0; times < 2_000; times++) {
      await untilTurned(() => link.getSnapshot().state === 'waiting');
      const wait = (link.getSnapshot().retryAt ?? 0) - Date.now();
      waits.push(wait);
      vi.advanceTimersByTime(wait);
    }

    expect(waits.slice(0, 3)).toEqual([1_000, 2_000, 3_000]);
    expect(new Set(waits.slice(2))).toEqual(new Set([3_000]));
  });
});

describe('a backoff', () => {
  /** Runs a server that closes each line after some time; gives the pauses that the link made. */
  async function pauses(after: number, answers: boolean): Promise<number[]> {
    withFakeClock();
    throwing(0.9999);
    const server = await serveProtocol({
      answer: (_message, id, peer) => {
        if (answers) peer.send(`+${id}`);
      },
    });
    const made: number[] = [];
    const { link } = linkTo(server.url, {
      minDelay: 1_000,
      maxDelay: 100_000,
      onOpen: () => {
        link.send('on each line');
      },
    });
    for (let times = 1; times <= 3; times++) {
      await untilTurned(() => server.received().length === times);
      const peer = server.peers.at(-1)!;
      // A push proves nothing: it may be the welcome of a server that then closes.
      peer.send('', 'a push');
      await untilTurned(() => link.getSnapshot().state === 'open' && link.hasUnsent() !== answers);
      await vi.advanceTimersByTimeAsync(after);
      peer.socket.close(1011);
      await untilTurned(() => link.getSnapshot().state === 'waiting');
      const wait = (link.getSnapshot().retryAt ?? 0) - Date.now();
      made.push(wait);
      await vi.advanceTimersByTimeAsync(wait);
    }
    return made;
  }

  it('is not forgotten because a server accepts, and closes (L4)', async () => {
    expect(await pauses(9_000, false)).toEqual([1_000, 2_000, 4_000]);
  });

  it('is forgotten after a line held for ten seconds (L4)', async () => {
    expect(await pauses(10_000, false)).toEqual([1_000, 1_000, 1_000]);
  });

  it('is forgotten after an answer (L4)', async () => {
    expect(await pauses(0, true)).toEqual([1_000, 1_000, 1_000]);
  });
});
