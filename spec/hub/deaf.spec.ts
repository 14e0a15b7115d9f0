/** A connection that stays open, and on which nothing arrives that is pushed. */
import { createHub, type Hub } from 'express-omnimessage';
import { describe, expect, it, onTestFinished } from 'vitest';
import { gateway } from '../drills/gateway.ts';
import {
  backplaneOf,
  type EngineOptions,
  isThere,
  natsServers,
  randomPrefix,
} from '../support/engines.ts';
import { redisUrl } from '../support/redis-admin.ts';
import { until } from '../support/until.ts';

const codec = {
  decode: (encoded: string): string => encoded,
  encode: (message: string): string => message,
};

const redisPort = Number(new URL(redisUrl).port || 6_379);
const natsPort = Number(natsServers.split(':').at(-1));

const engines: readonly {
  readonly name: string;
  readonly isHere: boolean;
  readonly port: number;
  readonly options: (port: number) => EngineOptions;
}[] = [
  {
    name: 'Redis',
    isHere: isThere.redis,
    port: redisPort,
    options: (port) => ({ kind: 'redis', url: `redis://127.0.0.1:${port}` }),
  },
  {
    name: 'NATS',
    isHere: isThere.nats,
    port: natsPort,
    options: (port) => ({ kind: 'nats', servers: `127.0.0.1:${port}` }),
  },
];

describe.each(engines.filter(({ isHere }) => isHere))('on $name', ({ name, port, options }) => {
  it('is noticed by the beat that does not come back, and nothing is lost', async () => {
    const prefix = randomPrefix();
    const door = await gateway(port);
    const heard: string[] = [];
    const hubAt = (at: number): Hub<string> => {
      const hub = createHub<string>({
        codec,
        backplane: backplaneOf(options(at), { prefix }),
        // Longer than it takes to notice.
        patience: 60_000,
        onError: () => {},
        onGap: (topic, reason) => heard.push(`gap in ${topic}: ${reason}`),
      });
      onTestFinished(() => hub.close());
      return hub;
    };
    onTestFinished(() => door.close());
    const [behind, other] = [hubAt(door.port), hubAt(port)];
    await Promise.all([behind.ready(), other.ready()]);
    behind.subscribe('news', (message) => heard.push(message));
    other.publish('news', 'probe');
    await until(() => {
      if (heard.length === 0) other.publish('news', 'probe');
      return heard.length > 0;
    });

    const deaf = door.deafen(name === 'Redis' ? 'subscribers' : 'all');
    other.publish('news', 'said to a deaf one');
    await until(() => heard.includes('said to a deaf one'));

    expect(deaf).toBeGreaterThan(0);
    expect(heard.filter((each) => each !== 'probe')).toEqual(['said to a deaf one']);
  }, 60_000);
});
