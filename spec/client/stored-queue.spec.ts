import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { WebSocket } from 'ws';
import {
  ask,
  type AskError,
  connect,
  createStore,
  type Store,
  storedQueue,
  type Transport,
} from '../../lib/client.ts';
import { type LineEvents } from '../../lib/client/transport.ts';
import { nextTurn, untilTurned, withFakeClock } from '../support/clock.ts';
import { type Linked, linkTo, words } from '../support/linked.ts';
import { serveProtocol } from '../support/protocol-server.ts';
import { type Tab, type Tabs, tabs } from '../support/tabs.ts';
import { until } from '../support/until.ts';

type Options = Parameters<typeof linkTo>[1];

/** A link of a page in a tab, with a queue that is stored. */
function linkIn(tab: Tab, options: Options = {}, owner: () => string | undefined = ann): Linked {
  const { store, locks, url } = tab;
  const { messages, bytes } = options.queue ?? {};
  return linkTo(url, {
    ...options,
    queue: storedQueue({ store, locks, owner, name: 'test', messages, bytes }),
  });
}
/** A line that is ready as soon as it has begun, and opens when the test says so. */
function lineByHand(): { transport: Transport; sent: unknown[]; events: LineEvents | undefined } {
  const sent: unknown[] = [];
  const line: ReturnType<typeof lineByHand> = {
    sent,
    events: undefined,
    transport: {
      name: 'websocket',
      start: (_attempt, events) => {
        line.events = events;
        return {
          isReady: () => true,
          buffered: () => 0,
          send: (_id, encoded) => sent.push(encoded),
          close: () => {},
        };
      },
    },
  };
  return line;
}

const ann = (): string => 'ann';
const ben = (): string => 'ben';
const silent = (): void => {};

/** Waits until a page has stored what it was given. */
const stored = (browser: Tabs, count: number): Promise<void> =>
  until(() => browser.data.size === count);

const nowhere = 'ws://127.0.0.1:9';

describe('a stored queue', () => {
  it('is sent by the page after a reload, before what that one says', async () => {
    const server = await serveProtocol();
    const browser = tabs();
    const before = browser.open(nowhere);
    const first = linkIn(before);
    for (const word of ['one', 'two', 'three']) expect(first.link.send(word)).toBe('queued');
    await stored(browser, 3);
    before.kill();

    const second = linkIn(browser.open(server.url));
    second.link.send('four');
    await until(() => second.messages.length === 4);
    await stored(browser, 0);

    expect(server.received()).toEqual(['one', 'two', 'three', 'four']);
    expect([second.unconfirmed, second.dropped, second.errors]).toEqual([[], [], []]);
  });

  it('says whether what waits is stored, and then lets the page be left', async () => {
    const browser = tabs();
    const { link } = linkIn(browser.open());
    expect(link.getSnapshot().isStored).toBe(false);
    link.send('word');
    expect(link.hasUnsent()).toBe(true);
    await stored(browser, 1);
    await until(() => link.getSnapshot().isStored);

    expect(link.getSnapshot()).toMatchObject({ queued: 1, isStored: true });
    expect(link.hasUnsent()).toBe(false);
  });

  it('does not send again what was on its way when the page ended: it is unconfirmed', async () => {
    const server = await serveProtocol({ answer: silent });
    const browser = tabs();
    const before = browser.open(server.url);
    const first = linkIn(before);
    first.link.send('sent');
    await until(() => server.received().length === 1);
    before.kill();

    const second = linkIn(browser.open(server.url));
    await until(() => second.unconfirmed.length === 1);
    await until(() => second.link.getSnapshot().state === 'open');
    await stored(browser, 0);

    expect(second.unconfirmed).toEqual([['sent']]);
    expect(server.received()).toEqual(['sent']);
  });

  it('stores neither questions, nor what is now or never, nor what onOpen sends', async () => {
    const server = await serveProtocol();
    const browser = tabs();
    const { link, messages } = linkIn(browser.open(server.url), {
      onOpen: () => {
        link.send('hello');
      },
    });
    link.send('cursor', { queue: false });
    await ask(link, 'question');
    link.send('live cursor', { queue: false });
    await until(() => messages.length === 2);

    expect(server.received()).toEqual(['hello', 'question', 'live cursor']);
    expect(browser.operations.filter((operation) => operation.startsWith('set'))).toEqual([]);
  });

  it('keeps the order of what is sent on an open line', async () => {
    const server = await serveProtocol();
    const browser = tabs();
    const { link, messages } = linkIn(browser.open(server.url));
    await until(() => link.getSnapshot().isStored);
    const all = Array.from({ length: 120 }, (_, index) => `message ${index}`);
    for (const message of all) link.send(message);
    await until(() => messages.length === all.length);
    await stored(browser, 0);

    expect(server.received()).toEqual(all);
  });

  it('is noted as sent at the pace at which it leaves', async () => {
    const server = await serveProtocol({ hello: { rate: 10 }, answer: silent });
    const browser = tabs();
    const before = browser.open();
    const first = linkIn(before);
    const all = Array.from({ length: 40 }, (_, index) => `message ${index}`);
    for (const message of all) first.link.send(message);
    await stored(browser, all.length);
    before.kill();

    const tab = browser.open(server.url);
    const second = linkIn(tab);
    const noted = (): number =>
      [...browser.data.values()].filter((one) => (one as { isSent: boolean }).isSent).length;
    await until(() => server.received().length >= 2);
    tab.kill();
    second.link.close();

    // The clock of a busy machine may have made it late: then a second's worth leaves at once.
    expect(noted()).toBeLessThanOrEqual(server.received().length + 10);
  });

  it('lets messages expire over a reload', async () => {
    const server = await serveProtocol();
    const browser = tabs();
    const before = browser.open();
    const first = linkIn(before);
    for (const word of ['soon', 'later']) first.link.send(word, { expires: 600_000 });
    await stored(browser, 2);
    before.kill();
    const [[key, record] = ['']] = browser.data;
    browser.data.set(key, { ...(record as object), expiresAt: Date.now() });

    const second = linkIn(browser.open(server.url));
    await until(() => second.messages.length === 1);

    expect(second.dropped).toEqual([[['soon'], 'expired']]);
    expect(second.messages).toEqual(['later']);
  });

  it('reports what the codec of another version refuses, and leaves alone what a newer package stored', async () => {
    const server = await serveProtocol();
    const browser = tabs();
    const before = browser.open();
    const first = linkIn(before);
    for (const word of ['old shape', 'broken', 'fine']) first.link.send(word);
    await stored(browser, 3);
    before.kill();
    const [key] = browser.data.keys();
    const newer = key!.replace(/\d+$/, '9');
    browser.data.set(newer, { version: 2, message: 'of the future' });

    const codec = {
      ...words,
      encode: (message: string): string | undefined => {
        if (message === 'broken') throw new TypeError('broken');
        return message === 'old shape' ? undefined : message;
      },
    };
    const second = linkIn(browser.open(server.url), { codec });
    await until(() => second.messages.length === 1);
    await stored(browser, 1);

    expect(second.dropped).toEqual([
      [['old shape'], 'encode'],
      [['broken'], 'encode'],
    ]);
    expect(second.errors.map(String)).toEqual(['TypeError: broken']);
    expect(server.received()).toEqual(['fine']);
    expect([...browser.data.keys()]).toEqual([newer]);
  });

  it.each([
    [{ messages: 2 }, 2],
    [{ bytes: 10 }, 2],
    [{ messages: 3, bytes: 15 }, 3],
  ])('has the bounds of the queue, also after a reload: %o', async (queue, fits) => {
    const browser = tabs();
    const before = browser.open();
    const first = linkIn(before);
    const all = ['11111', '22222', '33333'];
    for (const word of all) first.link.send(word);
    await stored(browser, 3);
    before.kill();

    const second = linkIn(browser.open(), { queue });
    await until(() => second.link.getSnapshot().isStored);
    await stored(browser, fits);

    expect(second.link.getSnapshot().queued).toBe(fits);
    expect(second.dropped).toEqual(all.slice(fits).map((word) => [[word], 'full']));
    expect(second.link.send('4')).toBe('dropped');
  });

  it('needs a name where the address is a function, and ignores a query otherwise', async () => {
    const browser = tabs();
    const { store, locks } = browser.open();
    const queue = storedQueue({ store, locks, owner: ann });

    expect(() => connect({ url: () => nowhere, codec: words, queue })).toThrow(
      new TypeError('storedQueue needs a `name` where the address is a function'),
    );
    linkTo(`${nowhere}/room?token=secret`, { queue }).link.send('word');
    await stored(browser, 1);
    const [key] = browser.data.keys();
    expect(key).toMatch(/^omnimessage\/ws%3A%2F%2F127\.0\.0\.1%3A9%2Froom\/ann\/[\w-]+\/10{9}$/);
  });

  it('waits for a login after 401, and is given up after 403', async () => {
    const browser = tabs();
    let code = 4401;
    const server = await serveProtocol({
      hello: false,
      greet: ({ socket }) => {
        socket.close(code);
      },
    });
    const { link, dropped } = linkIn(browser.open(server.url));
    link.send('stays');
    await until(() => link.getSnapshot().state === 'closed');
    expect([link.getSnapshot().queued, browser.data.size, dropped]).toEqual([1, 1, []]);

    code = 4403;
    link.retry();
    await until(() => link.getSnapshot().reason === 'forbidden');
    await stored(browser, 0);
    expect(dropped).toEqual([[['stays'], 'forbidden']]);
  });
});

describe('whose stored queue it is (Q4)', () => {
  it('another user neither sends nor sees it, and its owner does', async () => {
    const server = await serveProtocol();
    const browser = tabs();
    const before = browser.open();
    linkIn(before).link.send('of ann');
    await stored(browser, 1);
    before.kill();

    const other = linkIn(browser.open(server.url), {}, ben);
    other.link.send('of ben');
    await until(() => other.messages.length === 1);
    other.link.close();
    expect(server.received()).toEqual(['of ben']);
    expect(browser.data.size).toBe(1);

    const own = linkIn(browser.open(server.url));
    await until(() => own.messages.length === 1);
    expect(server.received()).toEqual(['of ben', 'of ann']);
  });

  it('changes with the user of a page, and what could not be stored is dropped', async () => {
    const browser = tabs();
    const tab = browser.open();
    let user: string | undefined = 'ann';
    const { link, dropped } = linkIn(tab, {}, () => user);
    link.send('of ann');
    const asked = ask(link, 'question of ann');
    await stored(browser, 1);
    user = 'ben';
    link.send('of ben');

    await expect(asked).rejects.toMatchObject({ code: 'other-owner', isSent: false });
    await stored(browser, 2);
    expect(link.getSnapshot().queued).toBe(1);
    user = undefined;
    link.send('of nobody');
    await until(() => link.getSnapshot().queued === 1);
    expect(link.getSnapshot().isStored).toBe(false);
    user = 'ann';
    link.send('again of ann');
    await until(() => link.getSnapshot().queued === 2);

    expect(dropped).toEqual([[['of nobody'], 'other-owner']]);
    expect([...browser.data.keys()].map((key) => key.split('/')[2])).toEqual(['ann', 'ben', 'ann']);
  });

  it('is looked at before each message leaves', async () => {
    const server = await serveProtocol({ hello: { rate: 1 } });
    const browser = tabs();
    let user = 'ann';
    const { link } = linkIn(browser.open(server.url), {}, () => user);
    for (const word of ['one', 'two']) link.send(word);
    await until(() => link.getSnapshot().state === 'open');
    user = 'ben';
    await until(() => link.getSnapshot().queued === 0);
    await until(() => link.getSnapshot().isStored);

    expect(server.received().length + browser.data.size).toBeGreaterThanOrEqual(2);
    expect(server.received()).not.toContain('two');
  });

  it('keeps what was on its way for its owner, who hears of it alone', async () => {
    const server = await serveProtocol({ answer: silent });
    const browser = tabs();
    let user = 'ann';
    const heard: string[] = [];
    const { link } = linkIn(
      browser.open(server.url),
      {
        onUnconfirmed: (messages) => {
          for (const message of messages) heard.push(`${user}: ${message}`);
        },
      },
      () => user,
    );
    link.send('of ann');
    await until(() => server.received().length === 1);
    user = 'ben';
    link.retry();
    await until(() => server.peers.length === 2 && link.getSnapshot().isStored);
    expect(heard).toEqual([]);
    expect([...browser.data.values()]).toMatchObject([{ message: 'of ann', isSent: true }]);

    user = 'ann';
    link.retry();
    await stored(browser, 0);
    expect(heard).toEqual(['ann: of ann']);
    expect(server.received()).toEqual(['of ann']);
  });

  it.each(['=1', '-1;handler', '+1'])('gives another user no answer of its: %s', async (header) => {
    const server = await serveProtocol({ answer: silent });
    const browser = tabs();
    let user = 'ann';
    const { link, messages, failed } = linkIn(browser.open(server.url), {}, () => user);
    link.send('of ann');
    await until(() => server.received().length === 1);
    user = 'ben';
    const peer = await server.peer(0);
    peer.send(header, 'an answer');
    peer.send('', 'news');
    await until(() => messages.includes('news'));

    expect([messages, failed]).toEqual([['news'], []]);
    expect([...browser.data.values()]).toMatchObject([{ message: 'of ann', isSent: true }]);
  });

  it('expires for its owner alone', async () => {
    withFakeClock();
    const browser = tabs();
    let user = 'ann';
    const { link, dropped } = linkIn(browser.open(), {}, () => user);
    link.send('of ann', { expires: 1_000 });
    await untilTurned(() => browser.data.size === 1);
    user = 'ben';
    vi.advanceTimersByTime(1_000);
    await untilTurned(() => link.getSnapshot().isStored);

    expect(dropped).toEqual([]);
    expect(browser.data.size).toBe(1);
  });

  it('ends what was on its way and is not stored, which another user cannot send again', async () => {
    const server = await serveProtocol({ answer: silent });
    let user = 'ann';
    const { link, dropped, unconfirmed } = linkIn(tabs().open(server.url), {}, () => user);
    await until(() => link.getSnapshot().isStored && link.getSnapshot().state === 'open');
    expect(link.send('now or never', { queue: false })).toBe('sent');
    const asked = ask(link, 'question');
    await until(() => server.received().length === 2);
    user = 'ben';
    link.retry();

    await expect(asked).rejects.toMatchObject({ code: 'other-owner', isSent: true });
    expect([dropped, unconfirmed]).toEqual([[[['now or never'], 'other-owner']], []]);
  });

  it('lets the questions be answered that were asked before somebody logged in', async () => {
    const server = await serveProtocol();
    const page: { user?: string } = {};
    const { link } = linkIn(tabs().open(server.url), {}, () => page.user);
    await until(() => link.getSnapshot().state === 'open');
    const asked = ask(link, 'who am I?');
    page.user = 'ann';

    await expect(asked).resolves.toBe('who am I?');
  });

  it.each(['before', 'in'])(
    'is not sent with what onOpen says, %s which it changes',
    async (at) => {
      const before = await serveProtocol();
      const browser = tabs();
      let user = 'ann';
      let asked: Promise<string | undefined> | undefined;
      const tab = browser.open(before.url);
      let isUp = false;
      const url = async (): Promise<string> => {
        if (opened.length > 0) await until(() => isUp);
        if (isUp && at === 'before') user = 'ben';
        return tab.url();
      };
      const { link, opened, dropped } = linkIn(
        { ...tab, url },
        {
          onOpen: ({ isFirst }) => {
            if (!isFirst) user = 'ben';
            asked = ask(link, 'hello').catch((error: AskError) => error.code);
          },
        },
        () => user,
      );
      await until(() => opened.length === 1);
      await before.stop();
      await until(() => link.getSnapshot().state !== 'open');
      link.send('of ann');
      await stored(browser, 1);
      const server = await serveProtocol({ port: before.port });
      isUp = true;
      await until(() => server.received().length > 0);
      await expect(ask(link, 'the end')).resolves.toBe('the end');
      // What was said as the one is not answered to the other.
      await expect(asked).resolves.toBe(at === 'before' ? 'hello' : 'other-owner');

      expect(server.received()).toEqual(['hello', 'the end']);
      expect(dropped).toEqual([]);
      expect([...browser.data.values()]).toMatchObject([{ message: 'of ann', isSent: false }]);
    },
  );

  it('is not restored for a user who came while the store was read', async () => {
    const browser = tabs();
    const before = browser.open();
    linkIn(before).link.send('of ann');
    await stored(browser, 1);
    before.kill();
    const [[key, record] = ['']] = browser.data;
    browser.data.set(key, { ...(record as object), isSent: true });
    let user = 'ann';
    browser.before = (operation) => {
      if (operation === 'get') user = 'ben';
    };

    const { link, unconfirmed } = linkIn(browser.open(), {}, () => user);
    await until(() => link.getSnapshot().isStored);
    expect(user).toBe('ben');
    expect(unconfirmed).toEqual([]);
    expect(browser.data.size).toBe(1);
  });
});

describe('the stored queue of several tabs (Q5)', () => {
  it('is sent by the tab that has it, and by another one once that is killed', async () => {
    const server = await serveProtocol();
    const browser = tabs();
    const first = browser.open();
    const away = linkIn(first);
    await until(() => away.link.getSnapshot().isStored);
    const here = [1, 2, 3].map(() => linkIn(browser.open(server.url)));
    for (const { link } of here) await ask(link, 'there');
    await until(() => here.every(({ link }) => link.getSnapshot().isStored));
    away.link.send('queued');
    await stored(browser, 1);
    for (const { link } of here) await ask(link, 'still there');
    expect(server.received()).not.toContain('queued');

    first.kill();
    await until(() => server.received().includes('queued'));
    await stored(browser, 0);
    for (const { link } of here) await ask(link, 'after');

    expect(server.received().filter((message) => message === 'queued')).toEqual(['queued']);
  });

  it('knows tabs that open later', async () => {
    const server = await serveProtocol();
    const browser = tabs();
    const here = linkIn(browser.open(server.url));
    await until(() => here.link.getSnapshot().isStored);
    const later = browser.open();
    const { link } = linkIn(later);
    await until(() => link.getSnapshot().isStored);
    link.send('queued');
    await stored(browser, 1);
    // The news of the other tab travels by itself.
    await until(() => browser.operations.filter((one) => one === 'keys ').length >= 3);
    later.kill();
    await until(() => here.messages.length === 1);

    expect(server.received()).toEqual(['queued']);
  });

  it('knows a tab that opens while it reads what an earlier one left', async () => {
    const server = await serveProtocol();
    const browser = tabs();
    const before = browser.open();
    linkIn(before).link.send('old');
    await stored(browser, 1);
    before.kill();
    const first = browser.open(server.url);
    let isRead: (() => void) | undefined;
    browser.before = (operation, _key, tab) =>
      tab === first &&
      operation === 'get' &&
      !isRead &&
      new Promise<void>((resolve) => {
        isRead = resolve;
      });
    const here = linkIn(first);
    await until(() => isRead !== undefined);
    const later = browser.open();
    const { link } = linkIn(later);
    await until(() => link.getSnapshot().isStored);
    link.send('of the later one');
    await stored(browser, 2);
    isRead?.();
    await until(() => here.link.getSnapshot().isStored);
    later.kill();
    await until(() => here.messages.length === 2);

    expect(server.received()).toEqual(['old', 'of the later one']);
  });

  it('goes to the next link of the page when one is closed at once (strict mode)', async () => {
    const server = await serveProtocol();
    const browser = tabs();
    const tab = browser.open(server.url);
    const first = linkIn(tab);
    first.link.send('word');
    await until(() => browser.operations.some((one) => one.startsWith('set')));
    first.link.close();
    const second = linkIn(tab);
    second.link.send('another');
    await until(() => second.messages.includes('another'));
    await stored(browser, 0);

    expect(server.received().filter((word) => word === 'word')).toEqual(['word']);
    expect([first.dropped, second.dropped]).toEqual([[], []]);
  });
});

describe('a store that does not do', () => {
  it('is not used without Web Locks, and the status says so', async () => {
    const server = await serveProtocol();
    const browser = tabs();
    const { store, url } = browser.open(server.url);
    vi.stubGlobal('navigator', undefined);
    onTestFinished(() => {
      vi.unstubAllGlobals();
    });
    const { link, messages } = linkTo(url, {
      queue: storedQueue({ store, owner: ann, name: 'x' }),
    });
    link.send('word');
    await until(() => messages.length === 1);

    expect(link.getSnapshot().isStored).toBe(false);
    expect(browser.operations).toEqual([]);
  });

  it('refuses at the beginning, as in a private window: the queue is one of this page alone', async () => {
    const server = await serveProtocol();
    const browser = tabs();
    browser.before = () => {
      throw new DOMException('not in private', 'InvalidStateError');
    };
    const { link, messages, errors } = linkIn(browser.open(server.url));
    expect(link.send('one')).toBe('queued');
    await until(() => messages.length === 1);
    expect(link.send('two')).toBe('sent');
    await until(() => messages.length === 2);

    expect(link.getSnapshot().isStored).toBe(false);
    expect(new Set(errors.map(String))).toEqual(new Set(['InvalidStateError: not in private']));
  });

  it('is full for a while: what it refuses is sent all the same, and the status says so', async () => {
    const server = await serveProtocol();
    const browser = tabs();
    let isFull = true;
    browser.before = (operation) => {
      if (operation === 'set' && isFull) throw new DOMException('full', 'QuotaExceededError');
    };
    const { link, messages, errors } = linkIn(browser.open(server.url));
    await until(() => link.getSnapshot().isStored);
    link.send('one');
    await until(() => messages.length === 1);
    expect(link.getSnapshot().isStored).toBe(false);
    isFull = false;
    link.send('two');
    await until(() => messages.length === 2);
    await until(() => link.getSnapshot().isStored);

    expect(errors.map(String)).toEqual(['QuotaExceededError: full']);
  });

  it('never answers: after five seconds the queue is one of this page alone', async () => {
    withFakeClock();
    const browser = tabs();
    const never = new Promise(() => {});
    browser.before = () => never;
    const line = lineByHand();
    const { transport, sent } = line;
    const { link, errors } = linkIn(browser.open(), { transport });
    link.send('word');
    await untilTurned(() => line.events !== undefined);
    line.events?.open({});
    vi.advanceTimersByTime(4_999);
    await nextTurn();
    expect(sent).toEqual([]);
    vi.advanceTimersByTime(1);
    await untilTurned(() => sent.length === 1);

    expect(link.send('next')).toBe('sent');
    expect(errors.map(String)).toContain('Error: the store of the queue does not answer');
    expect(link.getSnapshot().isStored).toBe(false);
  });

  it('may take five seconds for each thing, however many there are', async () => {
    withFakeClock();
    const browser = tabs();
    const before = browser.open();
    const first = linkIn(before);
    const all = Array.from({ length: 8 }, (_, index) => `message ${index}`);
    for (const message of all) first.link.send(message);
    await untilTurned(() => browser.data.size === all.length);
    before.kill();
    browser.before = (operation) =>
      operation === 'get' && new Promise((resolve) => setTimeout(resolve, 4_000));

    const { link, errors } = linkIn(browser.open());
    await untilTurned(() => {
      vi.advanceTimersByTime(1_000);
      return link.getSnapshot().isStored;
    });
    expect(link.getSnapshot().queued).toBe(all.length);
    expect(errors).toEqual([]);
  });

  it('may take longer for many things, one after the other', async () => {
    withFakeClock();
    const browser = tabs();
    let turn: Promise<unknown> = Promise.resolve();
    browser.before = () =>
      (turn = turn.then(() => new Promise((resolve) => setTimeout(resolve, 200))));
    const { link, errors } = linkIn(browser.open());
    const count = 100;
    for (let index = 0; index < count; index++) link.send(`message ${index}`);
    await untilTurned(() => {
      vi.advanceTimersByTime(100);
      return browser.data.size === count && link.getSnapshot().isStored;
    });

    expect(errors).toEqual([]);
    expect(link.getSnapshot().queued).toBe(count);
  });

  it('has answered a page that stood still meanwhile, as before a dialog: it goes on being used', async () => {
    withFakeClock();
    const browser = tabs();
    const { link, errors } = linkIn(browser.open());
    await untilTurned(() => link.getSnapshot().isStored);
    let isHeard: (() => void) | undefined;
    browser.before = () =>
      new Promise<void>((resolve) => {
        isHeard = resolve;
      });
    link.send('word');
    await untilTurned(() => isHeard !== undefined);
    const clock = performance.now.bind(performance);
    vi.spyOn(performance, 'now').mockImplementation(() => clock() + 60_000);
    onTestFinished(() => {
      vi.restoreAllMocks();
    });
    // The timer comes before what the store has said.
    vi.advanceTimersByTime(5_000);
    await nextTurn();
    isHeard?.();
    await untilTurned(() => browser.data.size === 1);
    await nextTurn();

    expect(errors).toEqual([]);
    expect(link.getSnapshot().isStored).toBe(true);
    expect(link.hasUnsent()).toBe(false);
  });

  it('does the first thing too late: it has not what was sent, though the page hears no more of it', async () => {
    withFakeClock();
    const browser = tabs();
    const tab = browser.open();
    const line = lineByHand();
    const { transport, sent } = line;
    const never = new Promise<never>(() => {});
    const deaf = {
      ...tab.store,
      set: (key: string, value: unknown) =>
        Promise.resolve(tab.store.set(key, value)).then(() => never),
    };
    const { link } = linkIn({ ...tab, store: deaf }, { transport });
    await untilTurned(() => link.getSnapshot().isStored && line.events !== undefined);
    let goOn: (() => void) | undefined;
    const held = new Promise<void>((resolve) => {
      goOn = resolve;
    });
    browser.before = () => held;
    link.send('word');
    line.events?.open({});
    await nextTurn();
    vi.advanceTimersByTime(5_000);
    await untilTurned(() => sent.length === 1);
    goOn?.();
    await untilTurned(() => browser.operations.some((one) => one.startsWith('set')));
    tab.kill();
    await nextTurn();

    expect(browser.data.size).toBe(0);
  });

  it('refuses to remove what was dropped, for a while: the next page does not find it', async () => {
    withFakeClock();
    const browser = tabs();
    const { link, dropped, errors } = linkIn(browser.open());
    link.send('soon', { expires: 1_000 });
    await untilTurned(() => browser.data.size === 1);
    browser.before = (operation) => {
      if (operation === 'del') throw new Error('lost');
    };
    vi.advanceTimersByTime(1_000);
    await untilTurned(() => errors.length === 1);
    expect([dropped, browser.data.size]).toEqual([[[['soon'], 'expired']], 1]);
    browser.before = silent;
    await nextTurn();
    vi.advanceTimersByTime(5_000);
    await untilTurned(() => browser.data.size === 0);

    expect(errors.map(String)).toEqual(['Error: lost']);
  });

  it('fails while it is read: nothing of that is sent by this page, and all by another one', async () => {
    const server = await serveProtocol();
    const browser = tabs();
    const before = browser.open();
    const first = linkIn(before);
    for (const word of ['one', 'two']) first.link.send(word);
    await stored(browser, 2);
    before.kill();
    const tab = browser.open(server.url);
    browser.before = (operation, key, of) => {
      if (of === tab && operation === 'get' && key.endsWith('1')) throw new Error('not readable');
    };

    const here = linkIn(tab);
    await until(() => here.errors.length === 1);
    await expect(ask(here.link, 'question')).resolves.toBe('question');
    const there = linkIn(browser.open(server.url));
    await until(() => there.messages.length === 2);
    await stored(browser, 0);

    expect(server.received()).toEqual(['question', 'one', 'two']);
  });

  it('does not answer in time: what it has stays with its page', async () => {
    withFakeClock();
    const browser = tabs();
    const tab = browser.open();
    const never = new Promise(() => {});
    browser.before = (operation, _key, of) => of === tab && operation === 'keys' && never;
    const here = linkIn(tab);
    here.link.send('word');
    await untilTurned(() => browser.data.size === 1);
    vi.advanceTimersByTime(5_000);
    await untilTurned(() => {
      vi.advanceTimersByTime(1);
      return here.errors.length === 1;
    });

    const there = linkIn(browser.open());
    await untilTurned(() => there.link.getSnapshot().isStored);
    expect([here.link.getSnapshot().queued, there.link.getSnapshot().queued]).toEqual([1, 0]);
  });

  it.each([
    ['everything: it stays stored, the others pass', ['set', 'del'], ['new']],
    ['to note it: it is removed, and sent', ['set'], ['old', 'new']],
  ])('has a message and then refuses %s', async (_what, refused, sent) => {
    const browser = tabs();
    const before = await serveProtocol();
    const tab = browser.open(before.url);
    const first = linkIn(tab);
    await until(() => first.link.getSnapshot().state === 'open');
    await before.stop();
    await until(() => first.link.getSnapshot().state !== 'open');
    first.link.send('old');
    await stored(browser, 1);
    browser.before = (operation, _key, of) => {
      if (of === tab && refused.includes(operation)) throw new Error('lost');
    };
    const server = await serveProtocol({ port: before.port });
    await until(() => first.link.getSnapshot().state === 'open' && first.errors.length > 0);
    first.link.send('new');
    await until(() => server.received().length === sent.length);
    tab.kill();
    const second = linkIn(browser.open(server.url));
    await until(() => second.link.getSnapshot().isStored);
    await stored(browser, 0);
    await ask(second.link, 'the end');

    const all = server.received();
    expect(all.filter((word) => word === 'old')).toEqual(['old']);
    expect(all.slice(0, sent.length).toSorted()).toEqual(sent.toSorted());
    expect([second.unconfirmed, second.dropped]).toEqual([[], []]);
  });

  it('refuses for a while: what it has is sent when it notes it again', async () => {
    withFakeClock();
    const browser = tabs();
    const line = lineByHand();
    const { transport, sent } = line;
    const { link, errors } = linkIn(browser.open(), { transport });
    for (const word of ['one', 'two']) link.send(word);
    await untilTurned(() => link.getSnapshot().isStored && browser.data.size === 2);
    let isLost = true;
    browser.before = () => {
      if (isLost) throw new Error('lost');
    };
    line.events?.open({});
    // Neither could be noted, nor removed.
    await untilTurned(() => errors.length === 4);
    expect(sent).toEqual([]);
    expect(link.getSnapshot().queued).toBe(2);
    isLost = false;
    await untilTurned(() => {
      vi.advanceTimersByTime(1_000);
      return sent.length === 2;
    });

    expect(sent).toEqual(['one', 'two']);
    expect([...browser.data.values()]).toMatchObject([{ isSent: true }, { isSent: true }]);
  });
});

describe('a page that is killed at any moment', () => {
  /** Sends three messages and kills the page around one operation of its store. */
  async function run(at: number, isDone: boolean): Promise<boolean> {
    const server = await serveProtocol({
      answer: (_message, id, peer) => {
        peer.send(`+${id}`);
      },
    });
    const browser = tabs();
    const tab = browser.open(server.url);
    const done = (): void => {
      for (const { socket } of server.peers) socket.terminate();
    };
    tab.killAt = { operation: at, isDone, done };
    const first = linkIn(tab);
    const all = ['one', 'two', 'three'];
    for (const word of all) first.link.send(word);
    await until(() => tab.isDead || (browser.data.size === 0 && server.received().length === 3));
    // Whatever was stored when it died must come out of the next page.
    const kept = [...browser.data.values()].map((value) => (value as { message: string }).message);

    const second = linkIn(browser.open(server.url));
    await until(() => second.link.getSnapshot().isStored);
    await stored(browser, 0);
    await ask(second.link, 'the end');
    const received = server.received().filter((word) => word !== 'the end');
    const known = new Set([...received, ...first.unconfirmed.flat(), ...second.unconfirmed.flat()]);
    expect(new Set(received).size, `twice, ${at}`).toBe(received.length);
    expect(
      kept.filter((word) => !known.has(word)),
      `lost, ${at}`,
    ).toEqual([]);
    return tab.isDead;
  }

  it.each([true, false])(
    'sends nothing twice, and loses nothing in silence: %s',
    async (isDone) => {
      let at = 1;
      while (await run(at, isDone)) at += 1;

      // A scan, and for each message a set, another one where it waited, and a removal.
      expect(at).toBeGreaterThan(8);
    },
  );
});

describe('a store over a stored queue', () => {
  function open(
    tab: Tab,
    owner: () => string = ann,
    mayRepeat = false,
  ): Store<readonly string[], string, string> {
    const { store, locks, url } = tab;
    const made = createStore<readonly string[], string, string>({
      init: [],
      update: (model, message) => [...model, message],
      mayRepeat: () => mayRepeat,
      connect: {
        url,
        codec: words,
        WebSocket,
        minDelay: 10,
        maxDelay: 50,
        queue: storedQueue({ store, locks, owner, name: 'test' }),
      },
    });
    onTestFinished(() => {
      made.link.close();
    });
    return made;
  }

  it('shows after a reload what waits, before what is said then, and sends it', async () => {
    const browser = tabs();
    const before = browser.open();
    const first = open(before);
    for (const word of ['one', 'two']) first.dispatch(word);
    await stored(browser, 2);
    before.kill();

    const server = await serveProtocol({ answer: (_message, id, peer) => peer.send(`+${id}`) });
    const second = open(browser.open(server.url));
    second.dispatch('three');
    expect(second.getSnapshot()).toEqual(['three']);
    await stored(browser, 0);
    await until(() => server.received().length === 3);

    expect(second.getSnapshot()).toEqual(['one', 'two', 'three']);
    expect(server.received()).toEqual(['one', 'two', 'three']);
    expect(second.failed()).toEqual([]);
  });

  it('has what failed over a reload, until it is discarded or sent again', async () => {
    const browser = tabs();
    const server = await serveProtocol({
      answer: (message, id, peer) => {
        peer.send(server.received().length > 2 ? `=${id}` : `-${id};handler`, `re: ${message}`);
      },
    });
    const before = browser.open(server.url);
    const first = open(before);
    for (const word of ['one', 'two']) first.dispatch(word);
    await until(() => first.failed().length === 2);
    expect(first.failed().map(({ code }) => code)).toEqual(['handler', 'handler']);
    before.kill();

    const second = open(browser.open(server.url));
    await until(() => second.failed().length === 2);
    const [one, two] = second.failed();
    expect(second.failed().map(({ message, code }) => [message, code])).toEqual([
      ['one', 'unconfirmed'],
      ['two', 'unconfirmed'],
    ]);
    expect(second.getSnapshot()).toEqual([]);
    second.discard(one!.id);
    second.retry(two!.id);
    await stored(browser, 0);

    expect(server.received()).toEqual(['one', 'two', 'two']);
    expect(second.getSnapshot()).toEqual(['re: two']);
  });

  it('repeats nothing for another user', async () => {
    const server = await serveProtocol({
      answer: (message, id, peer) => {
        if (message !== 'of ann') peer.send(`+${id}`);
      },
    });
    const browser = tabs();
    let user = 'ann';
    const made = open(browser.open(server.url), () => user, true);
    made.dispatch('of ann');
    await until(() => server.received().length === 1);
    user = 'ben';
    made.link.retry();
    made.dispatch('of ben');
    await until(() => server.received().includes('of ben'));
    await stored(browser, 1);

    expect(server.received()).toEqual(['of ann', 'of ben']);
    expect([made.getSnapshot(), made.failed()]).toEqual([['of ben'], []]);
    expect([...browser.data.values()]).toMatchObject([{ message: 'of ann', isSent: true }]);
  });

  it('shows another user neither what waits nor what failed', async () => {
    const browser = tabs();
    const server = await serveProtocol({
      answer: (_message, id, peer) => {
        peer.send(`-${id};handler`);
      },
    });
    let user = 'ann';
    const made = open(browser.open(server.url), () => user);
    made.dispatch('failed');
    await until(() => made.failed().length === 1);
    await server.stop();
    await until(() => made.link.getSnapshot().state === 'waiting');
    made.dispatch('waits');
    await stored(browser, 2);
    expect(made.getSnapshot()).toEqual(['waits']);
    user = 'ben';
    made.dispatch('of ben');
    await stored(browser, 3);

    expect(made.getSnapshot()).toEqual(['of ben']);
    expect(made.failed()).toEqual([]);
    expect(made.link.getSnapshot().queued).toBe(1);
  });
});
