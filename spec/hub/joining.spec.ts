/** Joining a topic from a place: all that was published since, each message once, or `false`. */
import { createServer } from 'node:http';
import { type Connection, createHub, type Hub, omniWs } from 'express-omnimessage';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { WebSocketServer } from 'ws';
import { nextTurn } from '../support/clock.ts';
import { deferred } from '../support/deferred.ts';
import { backplaneOf, type Engine, engines, randomPrefix } from '../support/engines.ts';
import { serve } from '../support/serve.ts';
import { connect } from '../support/socket-client.ts';
import { until } from '../support/until.ts';

const codec = {
  decode: (encoded: string): string => encoded,
  encode: (message: string): string => message,
};

interface Where {
  readonly name: string;
  /** How many messages more than the log keeps make it lose some. */
  readonly slack: number;
  readonly start: () => Promise<{
    /** Two hubs that are one: of one process, or of two. */
    readonly hubs: (messages?: number) => [publisher: Hub<string>, joined: Hub<string>];
    readonly stop: () => Promise<void>;
  }>;
}

const inOneProcess: Where = {
  name: 'in one process',
  slack: 1,
  start: () =>
    Promise.resolve({
      hubs: (messages) => {
        const hub = createHub<string>({ codec, log: { messages } });
        onTestFinished(() => hub.close());
        return [hub, hub];
      },
      stop: () => Promise.resolve(),
    }),
};

const overEngine = ({ name, start }: Engine): Where => ({
  name: `on ${name}`,
  // Redis trims its logs a block at a time.
  slack: 300,
  start: async () => {
    const engine = await start();
    return {
      hubs: (messages) => {
        const prefix = randomPrefix();
        const make = (): Hub<string> => {
          const backplane = backplaneOf(engine.options, { prefix, messages });
          const hub = createHub<string>({ codec, backplane, onGap: () => {} });
          onTestFinished(async () => {
            await hub.close();
            await engine.clear(prefix);
          });
          return hub;
        };
        return [make(), make()];
      },
      stop: engine.stop,
    };
  },
});

interface Guest {
  readonly connection: Connection<string>;
  readonly heard: string[];
  readonly closed: Promise<void>;
}

/** Lets a client in, and keeps what it gets. */
async function guest(): Promise<Guest> {
  const server = createServer();
  const arrival = deferred<Connection<string>>();
  const closed = deferred();
  const route = omniWs<string, string>({
    codec,
    handler: () => undefined,
    onOpen: arrival.resolve,
    onClose: () => closed.resolve(),
  });
  new WebSocketServer({ server }).on('connection', route);
  const client = await connect(await serve(server));
  const heard: string[] = [];
  client.socket.on('message', (data: Buffer) => heard.push(data.toString()));
  return { connection: await arrival.promise, heard, closed: closed.promise };
}

const series = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, n) => `${from + n}`);

describe.each([inOneProcess, ...engines.map(overEngine)])('join from a place, $name', (where) => {
  let started: Awaited<ReturnType<Where['start']>>;
  beforeAll(async () => {
    started = await where.start();
  }, 60_000);
  afterAll(() => started.stop());

  async function readyHubs(messages?: number): Promise<[Hub<string>, Hub<string>]> {
    const hubs = started.hubs(messages);
    for (const hub of hubs) await hub.ready();
    return hubs;
  }

  /** Where the topic stands when this has been written. */
  async function write(hub: Hub<string>, message: string): Promise<string> {
    await new Promise<void>((resolve) => {
      const end = hub.subscribe('news', (heard) => {
        if (heard !== message) return;
        end();
        resolve();
      });
      hub.publish('news', message);
    });
    return (await hub.place('news')) ?? '';
  }

  it('goes on in one step while much is published: nothing is lost, nothing comes twice', async () => {
    const [publisher, hub] = await readyHubs();
    const guests = [await guest(), await guest(), await guest(), await guest()];
    const place = await write(publisher, 'before');

    const joined: Promise<boolean>[] = [];
    for (const [n, { connection }] of guests.entries()) {
      const at = n * 150;
      for (const message of series(at, at + 75)) publisher.publish('news', message);
      joined.push(hub.join('news', connection, { from: place }));
      for (const [k, message] of series(at + 75, at + 150).entries()) {
        publisher.publish('news', message);
        if (k % 10 === 0) await nextTurn();
      }
    }
    const results = await Promise.all(joined);
    publisher.publish('news', 'end');
    await until(() => guests.every(({ heard }) => heard.at(-1) === 'end'));

    expect(results).toEqual([true, true, true, true]);
    for (const { heard } of guests) expect(heard).toEqual([...series(0, 600), 'end']);
  });

  it('goes on from the end too, where nothing was missed', async () => {
    const [publisher, hub] = await readyHubs();
    const { connection, heard } = await guest();
    const place = await write(publisher, 'before');

    const isComplete = await hub.join('news', connection, { from: place });
    publisher.publish('news', 'after');
    await until(() => heard.length > 0);

    expect([isComplete, heard]).toEqual([true, ['after']]);
  });

  it('gives what answers it in its place, and nothing that is not for it, while it reads', async () => {
    const [publisher, hub] = await readyHubs();
    const [{ connection, heard }, other] = [await guest(), await guest()];
    const place = await write(publisher, 'before');
    for (const message of series(0, 300)) publisher.publish('news', message);
    await write(publisher, 'last');

    const joined = [connection, other.connection].map((each) =>
      hub.join('news', each, { from: place, map: (message) => `${message}.` }),
    );
    for (let n = 0; n < 20; n++) {
      hub.publish('news', `answer ${n}`, { answers: connection });
      hub.publish('news', `hidden ${n}`, { except: connection });
      await nextTurn();
    }
    const results = await Promise.all(joined);
    hub.publish('news', 'end');
    await until(() => [heard, other.heard].every((all) => all.at(-1) === 'end.'));

    const all = [...series(0, 300), 'last']
      .concat(
        series(0, 20).flatMap((n) => [`answer ${n}`, `hidden ${n}`]),
        'end',
      )
      .map((message) => `${message}.`);
    expect(results).toEqual([true, true]);
    expect(other.heard).toEqual(all);
    expect(heard).toEqual(all.filter((message) => !message.startsWith('hidden')));
  });

  it('begins anew for one that has joined, and uses its map', async () => {
    const [publisher, hub] = await readyHubs();
    const { connection, heard } = await guest();
    const place = await write(publisher, 'before');
    await write(publisher, 'missed');
    await hub.join('news', connection, { from: place });

    const isComplete = await hub.join('news', connection, {
      from: place,
      map: (message) => `again: ${message}`,
    });
    publisher.publish('news', 'after');
    await until(() => heard.includes('again: after'));

    expect(isComplete).toBe(true);
    expect(heard).toEqual(['missed', 'again: missed', 'again: after']);
  });

  it('says that it could not where the log does not reach back; what follows arrives', async () => {
    const [publisher, hub] = await readyHubs(10);
    const { connection, heard } = await guest();
    const place = await write(publisher, 'before');
    const past = 10 + where.slack;
    for (const message of series(0, past)) publisher.publish('news', message);
    await write(publisher, 'last');

    const isComplete = await hub.join('news', connection, { from: place });
    publisher.publish('news', 'after');
    await until(() => heard.at(-1) === 'after');

    expect(isComplete).toBe(false);
    expect(heard).not.toContain('0');
    expect(new Set(heard).size).toBe(heard.length);
  });

  it('says that it could not where the place is none, or the connection or the hub has ended', async () => {
    const [publisher, hub] = await readyHubs();
    const [a, b, c] = [await guest(), await guest(), await guest()];
    const place = await write(publisher, 'before');
    const unknown = await hub.join('news', a.connection, { from: 'no place' });
    b.connection.close();
    await b.closed;
    const closed = await hub.join('news', b.connection, { from: place });
    await hub.close();
    const afterwards = await hub.join('news', c.connection, { from: place });

    expect([unknown, closed, afterwards]).toEqual([false, false, false]);
    expect([a.heard, b.heard, c.heard]).toEqual([[], [], []]);
  });
});
