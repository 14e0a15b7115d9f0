/**
 * What others write into the logs and channels of an engine: none of it reaches a receiver, none of
 * it ends a process, it is reported, and the topic goes on.
 */
import { createHub, type OmniError } from 'express-omnimessage';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { namesOf } from '../../lib/hub/redis/entry.ts';
import {
  backplaneOf,
  type EngineOptions,
  engines,
  isThere,
  randomPrefix,
  type StartedEngine,
} from '../support/engines.ts';
import { FAR, forgerOf } from '../support/forgers.ts';
import { randomOf } from '../support/random.ts';
import { admin, redisUrl } from '../support/redis-admin.ts';
import { until } from '../support/until.ts';

/** Only what begins so is a message. */
const codec = {
  decode: (encoded: string): string => {
    if (!encoded.startsWith('news ')) throw new TypeError('expected news');
    return encoded;
  },
  encode: (message: string): string => message,
};

describe.each(engines)('on $name', ({ start }) => {
  let options: EngineOptions;
  let engine: StartedEngine;
  beforeAll(async () => {
    engine = await start();
    ({ options } = engine);
  }, 60_000);
  afterAll(() => engine.stop());

  it('garbage reaches nobody and ends nothing: it is reported, and the topic goes on', async () => {
    const prefix = randomPrefix();
    const random = randomOf(19);
    const heard: string[] = [];
    const gaps: string[] = [];
    const errors: OmniError[] = [];
    const hub = createHub<string>({
      codec,
      backplane: backplaneOf(options, { prefix }),
      onError: (error) => errors.push(error),
      onGap: (topic, reason) => gaps.push(`${topic}: ${reason}`),
    });
    await hub.ready();
    const forger = await forgerOf(options, prefix);
    onTestFinished(async () => {
      await hub.close();
      await forger.end();
    });
    hub.subscribe('news', (message) => heard.push(message));
    hub.publish('news', 'news 0');
    await until(() => heard.length === 1);
    const place = (await hub.place('news')) ?? '';

    for (let n = 0; n < 500; n++) {
      const bytes = Buffer.from(Array.from({ length: random(200) }, () => random(256)));
      await (n % 2 === 0 ? forger.push(bytes) : forger.write(bytes));
    }
    hub.publish('news', 'news 1');
    await until(() => heard.includes('news 1'));
    hub.publish('news', 'news 2');
    await until(() => heard.includes('news 2'));
    const found = await hub.since('news', place);

    expect(heard).toEqual(['news 0', 'news 1', 'news 2']);
    expect(errors.map(({ message }) => message).join()).toContain('that is no message');
    expect(new Set(errors.map(({ code }) => code)).has('backplane')).toBe(true);
    // What was written is in the log, and who reads on learns that something is missing.
    expect(found.isComplete).toBe(false);
    expect(found.messages.every(({ message }) => message.startsWith('news '))).toBe(true);
    // Redis pushes what its script writes, NATS whatever is written.
    expect(new Set(gaps)).toEqual(new Set(options.kind === 'nats' ? ['news: undecodable'] : []));
  });

  it('what looks like the next entry, far behind all others, deafens nobody', async () => {
    const prefix = randomPrefix();
    const heard: string[] = [];
    const hub = createHub<string>({
      codec,
      backplane: backplaneOf(options, { prefix }),
      onError: () => {},
      onGap: (topic, reason) => heard.push(`gap in ${topic}: ${reason}`),
    });
    await hub.ready();
    const forger = await forgerOf(options, prefix);
    onTestFinished(async () => {
      await hub.close();
      await forger.end();
    });
    hub.subscribe('news', (message) => heard.push(message));
    hub.publish('news', 'news 0');
    await until(() => heard.length === 1);

    for (const round of ['first', 'second']) {
      heard.length = 0;
      const place = (await hub.place('news')) ?? '';
      await forger.forge(place, `news forged ${round}`);
      await until(() => heard.length === 1);
      // The next one shows that there is no such place, which is a gap; the one after it is heard.
      hub.publish('news', `news ${round} 1`);
      await until(() => heard.includes('gap in news: log'));
      hub.publish('news', `news ${round} 2`);
      await until(() => heard.includes(`news ${round} 2`));

      expect(heard[0]).toBe(`news forged ${round}`);
      expect(heard.filter((each) => each.startsWith('gap'))).toEqual(['gap in news: log']);
    }
    const place = (await hub.place('news')) ?? '';
    const found = await hub.since('news', place.replace(/^\d+/, String(FAR)));

    expect([found.isComplete, found.messages]).toEqual([false, []]);
  });
});

describe.runIf(isThere.redis)('on Redis, the id of the last entry', () => {
  it.each([
    ['a text', ['SET', 'no id\n1 2 3']],
    ['a list', ['RPUSH', 'no id']],
  ] as const)('overwritten by %s costs nothing: no message, and no connection', async (_, made) => {
    const prefix = randomPrefix();
    const forger = await forgerOf({ kind: 'redis', url: redisUrl }, prefix);
    const redis = await admin();
    const errors: OmniError[] = [];
    const hubs = [0, 1].map(() =>
      createHub<string>({
        codec,
        backplane: backplaneOf({ kind: 'redis', url: redisUrl }, { prefix }),
        onError: (error) => errors.push(error),
        onGap: (topic, reason) => heard.push(`gap in ${topic}: ${reason}`),
      }),
    );
    onTestFinished(async () => {
      await Promise.all(hubs.map((hub) => hub.close()));
      redis.destroy();
      await forger.end();
    });
    const [hub, late] = hubs;
    const last = namesOf(prefix).last('news');
    const overwrite = async (): Promise<void> => {
      await redis.del(last);
      await redis.sendCommand([made[0], last, made[1]]);
    };
    const heard: string[] = [];
    hub?.subscribe('news', (message) => heard.push(message));
    hub?.publish('news', 'news 0');
    await until(() => heard.length === 1);

    await overwrite();
    hub?.publish('news', 'news 1');
    await until(() => heard.includes('news 1'));
    const place = (await hub?.place('news')) ?? '';
    await overwrite();
    const lateHeard: string[] = [];
    late?.subscribe('news', (message) => lateHeard.push(message));
    await until(async () => (await late?.place('news')) === place);
    const found = await late?.since('news', place);
    await overwrite();
    hub?.publish('news', 'news 2');
    await until(() => lateHeard.includes('news 2') && heard.includes('news 2'));

    expect(heard).toEqual(['news 0', 'news 1', 'news 2']);
    expect(lateHeard).toEqual(['news 2']);
    expect(found?.messages).toEqual([]);
    expect(errors).toEqual([]);
  });
});
