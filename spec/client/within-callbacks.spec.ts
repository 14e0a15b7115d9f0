/** What a page says to its link while the link calls one of its functions. */
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import {
  ask,
  AskError,
  type ConnectOptions,
  type Link,
  resume,
  sse,
  storedQueue,
} from '../../lib/client.ts';
import { nextTurn, untilTurned, withFakeClock } from '../support/clock.ts';
import { linkTo } from '../support/linked.ts';
import { type Peer, type ProtocolServer, serveProtocol } from '../support/protocol-server.ts';
import { until } from '../support/until.ts';

const noStore = (): Promise<never> => Promise.reject(new Error('no store'));

type Options = ConnectOptions<string, string>;
type Name = keyof Options | 'subscribe';

/** A function of the page, and what makes the link call it. */
type Call = readonly [name: Name, message: string, options?: Partial<Options>];
const calls: Call[] = [
  ['onUnconfirmed', 'end 1006'],
  ['onUnconfirmed', 'end 1011'],
  ['onUnconfirmed', 'end 4000'],
  ['onUnconfirmed', 'end 4403'],
  ['onUnconfirmed', 'end 4403', { resume: resume() }],
  ['shouldReconnect', 'end 4000'],
  ['onUnauthorized', 'end 4401'],
  ['onDropped', 'end 1009'],
  ['onDropped', 'x'.repeat(101)],
  ['onGap', 'end 1013'],
  ['onOpen', 'end 1006'],
  ['onMessage', 'reply'],
  ['onMessage', 'push'],
  ['onFailed', 'fail'],
  ['onError', 'push garbage'],
  ['url', 'end 1006'],
  ['subscribe', 'end 1006'],
];

const answer = (message: string, id: number, peer: Peer): void => {
  const [word, rest = ''] = message.split(' ');
  if (word === 'reply') peer.send(`=${id}`, 'reply');
  else if (word === 'push') peer.send('', rest);
  else if (word === 'fail') peer.send(`-${id};handler`);
  else if (rest === '1006') peer.socket.terminate();
  else if (word === 'end') peer.socket.close(Number(rest));
};

interface Within {
  readonly server: ProtocolServer;
  readonly link: Link<string, string>;
  /** The functions of the page that were called, in order, from `act` on. */
  readonly called: string[];
  readonly unconfirmed: string[];
  readonly dropped: string[];
  /** What `ask` failed with, for a message that is never answered. */
  asked: unknown;
}

/** Opens a link, and does something once within a function of the page. */
async function within(
  [name, message, options = {}]: Call,
  act: (link: Link<string, string>, server: ProtocolServer) => void,
): Promise<Within> {
  withFakeClock();
  const server = await serveProtocol({
    answer,
    hello: { limit: 100, window: 60_000 },
    greet: ({ introduction, send }) => {
      if (introduction?.resumes) send('@', '{"owner":"a","resumed":true,"pushes":0}');
    },
  });
  let isOpen = false;
  let isDone = false;
  const called: string[] = [];
  const note = (which: Name): true => {
    if (isDone) called.push(which);
    else if (isOpen && which === name) {
      isDone = true;
      act(link, server);
    }
    return true;
  };
  const unconfirmed: string[] = [];
  const dropped: string[] = [];
  const { link } = linkTo(
    () => {
      note('url');
      return server.url;
    },
    {
      ...options,
      onUnconfirmed: (messages) => {
        unconfirmed.push(...messages);
        note('onUnconfirmed');
      },
      onDropped: (messages) => {
        dropped.push(...messages);
        note('onDropped');
      },
      shouldReconnect: () => note('shouldReconnect'),
      onUnauthorized: () => note('onUnauthorized'),
      onGap: () => note('onGap'),
      onOpen: () => note('onOpen'),
      onMessage: () => note('onMessage'),
      onFailed: () => note('onFailed'),
      onError: () => note('onError'),
    },
  );
  await untilTurned(() => link.getSnapshot().state === 'open');
  isOpen = true;
  link.subscribe(() => note('subscribe'));
  const self: Within = { server, link, called, unconfirmed, dropped, asked: undefined };
  ask(link, 'never', { timeout: 1_000_000 }).catch((error: unknown) => {
    self.asked = error;
  });
  link.send(message);
  await pass();
  expect(isDone).toBe(true);
  return self;
}

/** Lets pass what was planned. */
async function pass(): Promise<void> {
  for (let seconds = 0; seconds < 10; seconds++) {
    await vi.advanceTimersByTimeAsync(1_000);
    for (let turn = 0; turn < 50; turn++) await nextTurn();
  }
}

describe.each(calls.map((given) => [given[0], given[1].slice(0, 20), given] as const))(
  'within %s (%s)',
  (_name, message, given) => {
    it('close() is the end: nothing is called any more, and nothing waits', async () => {
      const self = await within(given, (link) => {
        link.close();
      });
      const lines = self.server.peers.length;
      await pass();

      expect(self.link.getSnapshot()).toMatchObject({
        state: 'closed',
        reason: 'closed',
        queued: 0,
      });
      expect(self.called).toEqual([]);
      expect(self.server.peers).toHaveLength(lines);
      expect(self.link.hasUnsent()).toBe(false);
      expect(self.link.send('late')).toBe('dropped');
      expect(self.asked).toMatchObject({ name: 'AskError' });
    });

    it('retry() makes one line, which stays, and sends what is said from then on', async () => {
      let lines = 0;
      const self = await within(given, (link, { peers }) => {
        lines = peers.length;
        link.retry();
        link.send('from within');
      });
      await pass();

      expect(self.link.getSnapshot().state).toBe('open');
      expect(self.server.peers).toHaveLength(lines + 1);
      expect(self.server.peers.at(-1)?.received).toContain('from within');
    });

    it('send() is sent once', async () => {
      const self = await within(given, (link) => {
        link.send('from within');
      });
      await pass();

      const isFinal = message === 'end 4403';
      const count = (all: string[]): number => all.filter((one) => one === 'from within').length;
      expect(count(self.server.received()) + count(self.dropped)).toBe(1);
      expect(count(self.dropped)).toBe(isFinal ? 1 : 0);
    });
  },
);

it('close() within onError is the end, when the function for the address threw', async () => {
  withFakeClock();
  let asked = 0;
  const { link } = linkTo(
    () => {
      asked += 1;
      throw new Error('no token');
    },
    {
      onError: () => {
        link.close();
      },
    },
  );
  await pass();

  expect(asked).toBe(1);
  expect(link.getSnapshot()).toMatchObject({ state: 'closed', reason: 'closed' });
});

it.each([
  ['an attempt', 'close', 1],
  ['an attempt', 'retry', 2],
] as const)('within fetch, %s is given up by %s()', async (_name, act, attempts) => {
  const signals: AbortSignal[] = [];
  const { link } = linkTo('http://127.0.0.1:1/', {
    transport: sse({ post: '/' }),
    fetch: (_url, { signal }) => {
      signals.push(signal as AbortSignal);
      if (signals.length === 1) link[act]();
      return new Promise(() => {});
    },
  });
  for (let turn = 0; turn < 20; turn++) await nextTurn();

  expect(signals).toHaveLength(attempts);
  expect(signals[0]!.aborted).toBe(true);
});

it('close() within onUnconfirmed is the end, where that is called once there is a line', async () => {
  const server = await serveProtocol({
    answer,
    greet: ({ send }) => {
      // The first line may be resumed, the second is that of another server.
      send('!', JSON.stringify({ window: server.peers.length === 1 ? 60_000 : 0 }));
    },
    hello: false,
  });
  const { link, unconfirmed } = linkTo(server.url, {
    resume: resume(),
    onUnconfirmed: (messages) => {
      unconfirmed.push([...messages]);
      link.close();
    },
  });
  link.send('never');
  link.send('end 1006');
  const second = await server.peer(1);
  link.send('waits');
  await until(() => second.closed !== undefined);

  expect(second.received).toEqual([]);
  expect(unconfirmed).toEqual([['never', 'end 1006']]);
  expect(link.getSnapshot()).toMatchObject({ state: 'closed', queued: 0 });
  expect(link.hasUnsent()).toBe(false);
});

it('retry() within onUnconfirmed of a page that is left is an attempt, which stays', async () => {
  const page = new EventTarget();
  vi.stubGlobal('addEventListener', page.addEventListener.bind(page));
  onTestFinished(() => {
    vi.unstubAllGlobals();
  });
  const server = await serveProtocol({ answer });
  const { link } = linkTo(server.url, {
    onUnconfirmed: () => {
      link.retry();
    },
  });
  await until(() => link.getSnapshot().state === 'open');
  link.send('never');
  page.dispatchEvent(Object.assign(new Event('pagehide'), { persisted: true }));
  expect(link.getSnapshot().state).toBe('connecting');
  await server.peer(1);
  await until(() => link.getSnapshot().state === 'open');
});

it.each(['close', 'retry'] as const)(
  '%s() within onUnconfirmed, which retry() has called, comes after it',
  async (act) => {
    withFakeClock();
    const server = await serveProtocol({ answer });
    const { link } = linkTo(server.url, {
      onUnconfirmed: () => {
        link[act]();
      },
    });
    await untilTurned(() => link.getSnapshot().state === 'open');
    link.send('never');
    link.retry();
    await pass();

    expect(link.getSnapshot().state).toBe(act === 'close' ? 'closed' : 'open');
    expect(server.peers).toHaveLength(act === 'close' ? 1 : 2);
  },
);

it('retry() within onUnconfirmed does not hide a gap', async () => {
  const server = await serveProtocol({ answer });
  const linked = linkTo(server.url, {
    onUnconfirmed: () => {
      linked.link.retry();
    },
  });
  linked.link.send('end 1013');
  await server.peer(1);
  await until(() => linked.link.getSnapshot().state === 'open');

  expect(linked.gaps).toBe(1);
});

it('ask() within onOpen has its answer, also where a page that resumes is on a route that does not', async () => {
  const server = await serveProtocol();
  const asked: Promise<string | undefined>[] = [];
  const { link } = linkTo(server.url, {
    resume: resume(),
    onOpen: () => {
      asked.push(ask(link, 'who am I?'));
    },
  });
  await until(() => asked.length === 1);

  expect(await asked[0]).toBe('who am I?');
});

describe('what waits while onOpen runs', () => {
  it.each(['close', 'retry'] as const)('is there for %s(), too', async (act) => {
    withFakeClock();
    const server = await serveProtocol();
    let lines = 0;
    const queued: number[] = [];
    const { link, messages } = linkTo(server.url, {
      onOpen: () => {
        link.send('hello');
        queued.push(link.getSnapshot().queued);
        if (++lines === 1) link[act]();
        link.send(`later on ${lines}`);
      },
    });
    const asked = ask(link, 'question').catch((error: unknown) => error);
    link.send('waits');
    await pass();

    const isClosed = act === 'close';
    expect(queued).toEqual(isClosed ? [2] : [2, 3]);
    const outcome = await asked;
    expect(outcome instanceof AskError ? outcome.code : outcome).toBe(
      isClosed ? 'closed' : 'question',
    );
    expect(messages).toEqual(isClosed ? [] : ['hello', 'later on 2', 'waits', 'later on 1']);
    expect(link.getSnapshot().queued).toBe(0);
    expect(link.hasUnsent()).toBe(false);
  });
});

it('retry() within what names the owner of a stored queue makes one line, which stays', async () => {
  withFakeClock();
  const server = await serveProtocol();
  let isDone = false;
  const { link, opened } = linkTo(server.url, {
    queue: storedQueue({
      name: 'queue',
      store: { get: noStore, set: noStore, del: noStore, keys: noStore },
      owner: () => {
        if (!isDone && link.getSnapshot().state === 'open') {
          isDone = true;
          link.retry();
        }
        return undefined;
      },
    }),
  });
  link.send('a');
  await pass();

  expect(link.getSnapshot().state).toBe('open');
  expect(server.peers.map(({ received }) => received)).toEqual([[], ['a']]);
  expect(opened).toHaveLength(1);
});

it('close() within what names the owner of a stored queue ends the link, and send() tells', async () => {
  withFakeClock();
  const server = await serveProtocol();
  let mayClose = false;
  const { link } = linkTo(server.url, {
    queue: storedQueue({
      name: 'queue',
      store: { get: noStore, set: noStore, del: noStore, keys: noStore },
      owner: () => {
        if (mayClose) link.close();
        return undefined;
      },
    }),
  });
  await pass();
  mayClose = true;

  expect(link.send('a')).toBe('dropped');
  expect(link.getSnapshot().state).toBe('closed');
});
