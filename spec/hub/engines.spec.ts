/** What hubs promise on every engine, as long as nothing breaks. */
import { createHub, type Hub, type OmniError } from 'express-omnimessage';
import { natsBackplane } from 'express-omnimessage/nats';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  backplaneOf,
  engines,
  type LogSettings,
  randomPrefix,
  type StartedEngine,
} from '../support/engines.ts';
import { until } from '../support/until.ts';

const codec = {
  decode: (encoded: string): string => encoded,
  encode: (message: string): string => message,
};

interface Process {
  readonly hub: Hub<string>;
  readonly heard: string[];
  readonly errors: OmniError[];
}

const series = (name: string, length: number): string[] =>
  Array.from({ length }, (_, n) => `${name} ${n}`);

describe.each(engines)('on $name', ({ start }) => {
  let engine: StartedEngine;
  beforeAll(async () => {
    engine = await start();
  }, 60_000);
  afterAll(() => engine.stop());

  function processOf(prefix: string, settings: Partial<LogSettings> = {}): Process {
    const heard: string[] = [];
    const errors: OmniError[] = [];
    const hub = createHub<string>({
      codec,
      backplane: backplaneOf(engine.options, { prefix, ...settings }),
      onError: (error) => errors.push(error),
      onGap: (topic, reason) => heard.push(`gap in ${topic}: ${reason}`),
    });
    onTestFinished(async () => {
      await hub.close();
      await engine.clear(prefix);
    });
    return { hub, heard, errors };
  }

  /** Subscribes, until what others publish is heard. */
  async function listen({ hub, heard }: Process, topic = 'news'): Promise<void> {
    await hub.ready();
    await new Promise<void>((resolve) => {
      hub.subscribe(topic, (message) => {
        if (message.startsWith('probe')) resolve();
        else heard.push(message);
      });
      hub.publish(topic, 'probe');
    });
  }

  it('all get the messages of a topic in one order, each once', async () => {
    const prefix = randomPrefix();
    const all = [1, 2, 3].map(() => processOf(prefix));
    for (const each of all) await listen(each);
    const [a, b, c] = all as [Process, Process, Process];

    for (let n = 0; n < 500; n++) {
      a.hub.publish('news', `a ${n}`);
      b.hub.publish('news', `b ${n}`);
      if (n % 50 === 0) await until(() => c.heard.includes(`b ${n}`));
    }
    await until(() => all.every(({ heard }) => heard.length >= 1_000));

    expect(a.heard.filter((message) => message.startsWith('a'))).toEqual(series('a', 500));
    expect(a.heard.filter((message) => message.startsWith('b'))).toEqual(series('b', 500));
    expect([b.heard, c.heard]).toEqual([a.heard, a.heard]);
    expect(all.flatMap(({ errors }) => errors)).toEqual([]);
  });

  it('many topics, whatever they are called, arrive where they are heard', async () => {
    const prefix = randomPrefix();
    const [a, b] = [processOf(prefix), processOf(prefix)];
    await Promise.all([a.hub.ready(), b.hub.ready()]);
    const topics = ['', '*', '>', '%{}', '__proto__', 'Grüße 🎈', 'a.b\r\n', 'x'.repeat(2_000)];
    for (const topic of topics) await listen(b, topic);

    for (const [n, topic] of topics.entries()) a.hub.publish(topic, `number ${n}`);
    await until(() => b.heard.length === topics.length);

    expect(b.heard.toSorted()).toEqual(series('number', topics.length));
  });

  it('one goes on from a place: by since, and by joining', async () => {
    const prefix = randomPrefix();
    const [a, b] = [processOf(prefix), processOf(prefix)];
    await listen(a);
    await b.hub.ready();
    const place = await b.hub.place('news');
    const empty = await b.hub.place('empty');
    for (const message of series('n', 100)) a.hub.publish('news', message);
    await until(() => a.heard.length === 100);

    const found = await b.hub.since('news', place ?? '');
    const some = await b.hub.since('news', place ?? '', { limit: 40 });
    const rest = await b.hub.since('news', some.place);
    const nothing = await b.hub.since('empty', empty ?? '');

    expect(found.messages.map(({ message }) => message)).toEqual(series('n', 100));
    expect([found.isComplete, found.hasMore]).toEqual([true, false]);
    expect([...some.messages, ...rest.messages]).toEqual(found.messages);
    expect([some.hasMore, some.isComplete, rest.isComplete]).toEqual([true, true, true]);
    expect([nothing.messages, nothing.isComplete]).toEqual([[], true]);
    expect((await b.hub.since('news', 'no place')).isComplete).toBe(false);
  });

  it('a log keeps so many messages, and says when it does not reach back', async () => {
    const prefix = randomPrefix();
    const a = processOf(prefix, { messages: 10 });
    await listen(a);
    const place = (await a.hub.place('news')) ?? '';
    for (const message of series('n', 500)) a.hub.publish('news', message);
    await until(() => a.heard.length === 500);

    const found = await a.hub.since('news', place);

    expect(found.isComplete).toBe(false);
    expect(a.heard).toEqual(series('n', 500));
  });

  it('receivers are counted in all processes', async () => {
    const prefix = randomPrefix();
    const [a, b] = [processOf(prefix), processOf(prefix)];
    await Promise.all([listen(a), listen(b)]);
    const end = b.hub.subscribe('news', () => {});

    await until(async () => (await a.hub.count('news')) === 3);
    end();
    await until(async () => (await a.hub.count('news')) === 2);
    await b.hub.close();
    await until(async () => (await a.hub.count('news')) === 1);

    expect(await a.hub.count('nothing')).toBe(0);
  });

  it('a script may publish and close at once', async () => {
    const prefix = randomPrefix();
    const [a, script] = [processOf(prefix), processOf(prefix)];
    await listen(a);

    for (const message of series('job', 300)) script.hub.publish('news', message);
    await script.hub.close();
    await until(() => a.heard.length === 300);

    expect(a.heard).toEqual(series('job', 300));
    expect(script.errors).toEqual([]);
  });
});

describe('natsBackplane', () => {
  it.each([
    ['nothing', {}, 'Expected `servers` or `client`, one of them, got neither'],
    [
      'both',
      { servers: 'x', client: () => Promise.reject(new Error()) },
      'Expected `servers` or `client`, one of them, got both',
    ],
    [
      'an empty address',
      { servers: [''] },
      'Expected `servers` to be addresses, like localhost:4222',
    ],
    [
      'a prefix with a dot',
      { servers: 'x', prefix: 'a.b' },
      'Expected `prefix` to be letters, digits, - and _, got "a.b"',
    ],
    [
      'a short log',
      { servers: 'x', log: { messages: 9 } },
      'Expected `log.messages` to be an integer from 10 up, got 9',
    ],
  ])('refuses %s', (_, options, message) => {
    expect(() => natsBackplane(options)).toThrow(new TypeError(message));
  });
});
