import { describe, expect, it, vi } from 'vitest';
import { ask } from '../../lib/client/ask.ts';
import { AskError } from '../../lib/client/errors.ts';
import { type OpenLink } from '../../lib/client/link.ts';
import { type AskOptions } from '../../lib/client/options.ts';
import { type Outgoing, type Settle } from '../../lib/client/outgoing.ts';
import { withFakeClock } from '../support/clock.ts';

interface Asked {
  readonly ask: (message: string, options?: AskOptions) => Promise<string | undefined>;
  /** What the link got: a message that is sent or waits. */
  readonly posted: Outgoing<string, string>[];
  readonly withdrawn: string[];
  readonly delivered: string[];
}

function asking(isSent: boolean): Asked {
  withFakeClock();
  const posted: Outgoing<string, string>[] = [];
  const withdrawn: string[] = [];
  const delivered: string[] = [];
  const link: Pick<OpenLink<string, string>, 'post' | 'withdraw' | 'deliver'> = {
    post: (message, _options, settle) => {
      const outgoing: Outgoing<string, string> = {
        message,
        encoded: message,
        size: message.length,
        isOfLine: false,
        isTracked: undefined,
        id: isSent ? 1 : 0,
        settle,
      };
      posted.push(outgoing);
      return [isSent ? 'sent' : 'queued', outgoing];
    },
    withdraw: ({ message, settle }, reason) => {
      withdrawn.push(`${message}: ${reason}`);
      settle?.(reason);
    },
    deliver: (message) => delivered.push(message),
  };
  return {
    ask: (message, options) => ask(link as OpenLink<string, string>, message, options),
    posted,
    withdrawn,
    delivered,
  };
}

const settle = ({ posted }: Asked, ...given: Parameters<Settle<string>>): void => {
  posted[0]!.settle?.(...given);
};

describe('a question', () => {
  it('gets its reply, or undefined when there is none', async () => {
    for (const reply of ['a reply', undefined]) {
      const asked = asking(true);
      const answer = asked.ask('question');
      settle(asked, undefined, reply);

      await expect(answer).resolves.toBe(reply);
      expect(asked.delivered).toEqual([]);
    }
  });

  it('rejects with the code, and gives what the server says of it to onMessage', async () => {
    const asked = asking(true);
    const answer = asked.ask('question');
    settle(asked, 'handler', 'sorry');

    await expect(answer).rejects.toBeInstanceOf(AskError);
    await expect(answer).rejects.toMatchObject({ code: 'handler', isSent: true });
    expect(asked.delivered).toEqual(['sorry']);
  });

  it('that waits is withdrawn when its time is over, ten seconds by default (Q1)', async () => {
    const asked = asking(false);
    const answer = asked.ask('question');
    vi.advanceTimersByTime(9_999);
    expect(asked.withdrawn).toEqual([]);
    vi.advanceTimersByTime(1);

    await expect(answer).rejects.toMatchObject({ code: 'timeout', isSent: false });
    expect(asked.withdrawn).toEqual(['question: timeout']);
  });

  it('that was sent is not withdrawn: a late reply is a message like any other (Q1)', async () => {
    const asked = asking(true);
    const answer = asked.ask('question', { timeout: 50 });
    vi.advanceTimersByTime(50);

    await expect(answer).rejects.toMatchObject({ code: 'timeout', isSent: true });
    settle(asked, undefined, 'late');
    expect([asked.withdrawn, asked.delivered]).toEqual([[], ['late']]);
  });

  it('that is answered has no timer left', async () => {
    const asked = asking(true);
    const answer = asked.ask('question', { timeout: 50 });
    settle(asked, undefined, 'reply');
    await answer;

    expect(vi.getTimerCount()).toBe(0);
  });
});
