/**
 * A8: what the user gave runs in the asynchronous context of who gave it, whoever sets it going: a
 * publisher, the first viewer, the socket that closes.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  application,
  createHub,
  effect,
  omniHttp,
  omniSse,
  omniWs,
  omniWsApplication,
  startApplication,
} from 'express-omnimessage';
import {
  component,
  html,
  omniServerComponent,
  omniServerComponentSse,
  startServerComponent,
  text,
} from 'express-omnimessage/lustre';
import { describe, expect, it } from 'vitest';
import { serveAttached } from '../support/attached.ts';
import { type Said, type Says, textCodec } from '../support/codecs.ts';
import { connect } from '../support/socket-client.ts';
import { until } from '../support/until.ts';
import { scaled } from './drilled.ts';
import { openRaw, say, sayFrame } from './served-socket.ts';
import { RawHttp } from '../drills/raw-http.ts';

const storage = new AsyncLocalStorage<string>();

interface Noted {
  readonly where: string;
  readonly store: string | undefined;
}

/** Both ways, as a hub needs it. */
const says = { encode: textCodec.encode, decode: (): Says => ({ said: '' }) };

/** What was seen where. */
function notebook(): { readonly seen: Noted[]; readonly note: (where: string) => void } {
  const seen: Noted[] = [];
  return { seen, note: (where) => void seen.push({ where, store: storage.getStore() }) };
}

const board = (note: (where: string) => void) =>
  component<undefined, number, 'tick'>({
    init: () => [0, effect.from(() => () => note('cleanup'))],
    update: (count) => {
      note('update');
      return [count + 1, effect.none()];
    },
    view: (count) => {
      note('view');
      return html.p([], [text(count)]);
    },
  });

describe('A8: a hub', () => {
  it('A8 calls subscribers and the map of a join in their own context, whoever publishes', async () => {
    const { seen, note } = notebook();
    const hub = createHub<Says>({ codec: says });
    const { url } = await serveAttached((routes) => {
      routes.use((request, _response, next) => storage.run(request.url, next));
      routes.ws(
        '/alice',
        omniWs({
          codec: textCodec,
          handler: (): Says => ({ private: true }),
          onOpen: (connection) => {
            hub.join('news', connection, {
              map: (message) => {
                note('map');
                return message;
              },
            });
          },
        }),
      );
    });
    storage.run('subscriber', () => hub.subscribe('news', () => note('subscriber')));
    const client = await connect(`${url}/alice`);
    await until(async () => (await hub.count('news')) === 2);
    storage.run('bob', () => hub.publish('news', { said: 'a' }));
    await client.next();

    expect(seen).toEqual([
      { where: 'map', store: '/alice' },
      { where: 'subscriber', store: 'subscriber' },
    ]);
  });

  it('A8 a backlog goes on in the context of each subscriber', async () => {
    const { seen, note } = notebook();
    const hub = createHub<Says>({ codec: says });
    storage.run('subscriber', () =>
      hub.subscribe('news', () => {
        note('subscriber');
        const end = performance.now() + 3;
        while (performance.now() < end);
      }),
    );
    // Published from within a delivery, so that it waits, and for more than a turn.
    let isFirst = true;
    hub.subscribe('news', () => {
      if (!isFirst) return;
      isFirst = false;
      storage.run('bob', () => {
        for (let count = 0; count < 10; count += 1) hub.publish('news', { said: 'a' });
      });
    });
    storage.run('bob', () => hub.publish('news', { said: 'a' }));
    await until(() => seen.length === 11);

    expect(new Set(seen.map(({ store }) => store))).toEqual(new Set(['subscriber']));
  });
});

describe('A8: a component', () => {
  it('A8 a shared one is viewed and cleaned up in the context of its starter', async () => {
    const { seen, note } = notebook();
    const running = storage.run('starter', () => startServerComponent(board(note), undefined));
    const { url } = await serveAttached((app) => {
      app.use((request, _response, next) => storage.run(request.url, next));
      app.ws('/viewer', omniServerComponent({ shared: () => running }));
      app.use(omniServerComponentSse({ path: '/sse', shared: () => running }));
    });
    const viewer = await connect(`${url}/viewer`);
    await viewer.next();
    const stream = new RawHttp(url.replace('ws', 'http'));
    stream.write('GET /sse HTTP/1.1\r\nhost: a\r\n\r\n');
    storage.run('other', () => running.dispatch('tick'));
    await viewer.next();
    storage.run('other', () => running.stop());
    stream.socket.destroy();

    expect(new Set(seen.map(({ where }) => where))).toEqual(new Set(['view', 'update', 'cleanup']));
    expect(new Set(seen.map(({ store }) => store))).toEqual(new Set(['starter']));
  });

  it('A8 a live view of its own ends in the context of its request', async () => {
    const { seen, note } = notebook();
    const { url } = await serveAttached((app) => {
      app.use((request, _response, next) => storage.run(request.url, next));
      app.use(
        omniServerComponentSse({
          path: '/own',
          component: board(note),
          start: () => undefined,
          onClose: () => note('onClose'),
        }),
      );
    });
    const stream = new RawHttp(url.replace('ws', 'http'));
    stream.write('GET /own HTTP/1.1\r\nhost: a\r\n\r\n');
    await until(() => seen.length === 1);
    stream.socket.destroy();
    await until(() => seen.length === 3);

    expect(seen).toEqual(['view', 'cleanup', 'onClose'].map((where) => ({ where, store: '/own' })));
  });
});

describe('A8: a program', () => {
  it('A8 is cleaned up in the context of its starter, whoever stops it', () => {
    const { seen, note } = notebook();
    const program = storage.run('starter', () =>
      startApplication<undefined, number, string>(
        {
          init: () => [0, effect.from(() => () => note('cleanup'))],
          update: (count) => [count, effect.none()],
        },
        undefined,
      ),
    );
    storage.run('other', () => program.stop());

    expect(seen).toEqual([{ where: 'cleanup', store: 'starter' }]);
  });
});

describe('A8: a request', () => {
  it.each([
    [
      'omniHttp',
      'POST /http HTTP/1.1\r\nhost: a\r\ncontent-length: 12\r\n\r\n{"text":"a"}',
      '/http',
    ],
    ['omniSse', 'GET /sse HTTP/1.1\r\nhost: a\r\n\r\n', '/sse'],
  ])(
    'A8 %s: signal and onClose of a client that leaves, in its own context',
    async (_, sent, own) => {
      const { seen, note } = notebook();
      const follow = (signal: AbortSignal): void => {
        note('begun');
        signal.addEventListener('abort', () => note('abort'));
      };
      const { url } = await serveAttached((app) => {
        app.use((request, _response, next) => storage.run(request.url, next));
        app.use(
          omniHttp({
            path: '/http',
            codec: textCodec,
            handler: (_message, { signal }) => {
              follow(signal);
              return new Promise<Says>(() => {});
            },
          }),
        );
        app.get(
          '/sse',
          omniSse<Says>({
            codec: textCodec,
            onOpen: ({ signal }) => follow(signal),
            onClose: () => note('onClose'),
          }),
        );
      });
      const client = new RawHttp(url.replace('ws', 'http'));
      client.write(sent);
      await until(() => seen.length === 1);
      client.socket.destroy();
      await until(() => seen.length === (own === '/sse' ? 3 : 2));

      expect(new Set(seen.map(({ store }) => store))).toEqual(new Set([own]));
    },
  );
});

describe('G29: many users at once', () => {
  it('G29 interleaved messages over HTTP, sockets, programs and a hub: none sees a foreign store', async () => {
    const each = scaled(50, 500);
    const users = Array.from({ length: 20 }, (_, index) => `user${index}`);
    const seen = { own: 0, foreign: 0 };
    const look = (user: string): void => {
      if (storage.getStore() === user) seen.own += 1;
      else seen.foreign += 1;
    };
    const handled = ({ text: user }: Said): Says => {
      look(user);
      return { said: user };
    };
    const later = async (message: Said): Promise<Says> => {
      handled(message);
      await new Promise((resolve) => setImmediate(resolve));
      return handled(message);
    };
    const hub = createHub<Says>({ codec: says });
    const { url } = await serveAttached((app) => {
      app.use((request, _response, next) => storage.run(request.path.split('/')[2] ?? '', next));
      app.post('/http/:user', omniHttp({ codec: textCodec, handler: later }));
      app.ws(
        '/ws/:user',
        omniWs<Said, Says>({
          codec: textCodec,
          handler: (message) => {
            hub.publish('all', { private: true });
            hub.publish('all', { said: message.text });
            return later(message);
          },
          onOpen: (connection) => {
            const user = storage.getStore() ?? 'none';
            hub.subscribe('all', () => look(user));
            hub.join('all', connection, {
              map: () => {
                look(user);
                return { private: true };
              },
            });
          },
        }),
      );
      app.ws(
        '/program/:user',
        omniWsApplication({
          application: application<undefined, number, Said | Says>({
            init: () => [0, effect.none()],
            update: (count, message) => {
              if (!('text' in message)) return [count, effect.none()];
              look(message.text);
              return [
                count + 1,
                effect.from<Said | Says>((dispatch) => dispatch(handled(message))),
              ];
            },
            codec: {
              decode: textCodec.decode,
              encode: (message) => ('text' in message ? undefined : textCodec.encode(message)),
            },
          }),
          start: () => undefined,
        }),
      );
    });
    await Promise.all(
      users.map(async (user) => {
        const socket = await openRaw({ url: `${url}/ws/${user}` });
        const program = await openRaw({ url: `${url}/program/${user}` });
        for (let count = 0; count < each; count += 1) {
          socket.write(Buffer.concat([sayFrame(user), sayFrame(user)]));
          program.write(Buffer.concat([sayFrame(user), sayFrame(user)]));
          const posted = fetch(`${url.replace('ws', 'http')}/http/${user}`, {
            method: 'POST',
            body: say(user),
          });
          await Promise.all([socket.next(), program.next(), posted.then((one) => one.text())]);
          await Promise.all([socket.next(), program.next()]);
        }
      }),
    );
    await hub.close();

    expect(seen.foreign).toBe(0);
    expect(seen.own).toBeGreaterThan(users.length * each * 8);
    process.stdout.write(
      `G29: ${users.length * each * 5} messages, ${seen.own} calls in their own context, 0 in a foreign one\n`,
    );
  });
});
