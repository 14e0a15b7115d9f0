/** What the connections find out about a Redis: whether it is the same, and whether it is up. */
import { createHub } from 'express-omnimessage';
import { redisBackplane, type RedisBackplaneOptions } from 'express-omnimessage/redis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isThere, randomPrefix, startCluster } from '../../support/engines.ts';
import { ownRedis, type OwnRedis } from '../../support/own-redis.ts';
import { until } from '../../support/until.ts';

const codec = {
  decode: (encoded: string): string => encoded,
  encode: (message: string): string => message,
};

interface Listening {
  readonly publish: (message: string) => boolean;
  /** What it heard on `news`, and the gaps there. */
  readonly heard: string[];
  readonly errors: unknown[];
}

function listening(options: RedisBackplaneOptions, patience = 60_000): Listening {
  const heard: string[] = [];
  const errors: unknown[] = [];
  const hub = createHub<string>({
    codec,
    backplane: redisBackplane({ ...options, prefix: randomPrefix() }),
    patience,
    onError: (error) => errors.push(error),
    onGap: (_topic, reason) => heard.push(`gap: ${reason}`),
  });
  onTestFinished(() => hub.close());
  hub.subscribe('news', (message) => heard.push(message));
  return { publish: (message) => hub.publish('news', message), heard, errors };
}

const follows = async (replica: OwnRedis, { port }: OwnRedis): Promise<void> => {
  replica.tell('REPLICAOF', '127.0.0.1', String(port));
  await until(() => replica.tell('INFO', 'replication').includes('master_link_status:up'));
};

/** Cuts the connections of a hub. @returns how many there were */
const cut = ({ tell }: OwnRedis): number =>
  ['normal', 'pubsub'].reduce((sum, type) => sum + Number(tell('CLIENT', 'KILL', 'TYPE', type)), 0);

describe.runIf(isThere.cluster)('a Redis to which a hub comes back', () => {
  it('is the same when it got its first replica meanwhile: nothing is a gap', async () => {
    const [redis, replica] = [await ownRedis(), await ownRedis()];
    const { publish, heard, errors } = listening({ url: `redis://127.0.0.1:${redis.port}` });
    publish('one');
    await until(() => heard.includes('one'));

    await follows(replica, redis);
    expect(cut(redis)).toBe(2);
    await until(() => errors.length > 0);
    publish('two');
    await until(() => heard.includes('two'));

    expect(heard).toEqual(['one', 'two']);
  });

  it('is another when it was a replica meanwhile: that is a gap', async () => {
    const [redis, other] = [await ownRedis(), await ownRedis()];
    const { publish, heard } = listening({ url: `redis://127.0.0.1:${redis.port}` });
    publish('one');
    await until(() => heard.includes('one'));

    await follows(redis, other);
    redis.tell('REPLICAOF', 'NO', 'ONE');
    cut(redis);
    await until(() => heard.length > 1);
    publish('two');
    await until(() => heard.includes('two'));

    // It lost a message that it had taken a moment ago: its publisher says so.
    expect(heard).toEqual(['one', 'gap: engine', 'gap: refused', 'two']);
  });

  it('is away as long as the cluster is down, though one of its nodes answers', async () => {
    const { ports, tell, signalFrom, stop } = await startCluster();
    onTestFinished(stop);
    const rootNodes = ports.map((port) => ({ url: `redis://127.0.0.1:${port}` }));
    const { publish, heard } = listening({ cluster: { rootNodes } }, 500);
    publish('one');
    await until(() => heard.includes('one'));

    // The topic is on the first node; the others hang.
    signalFrom(1, 'SIGSTOP');
    await until(() => tell('-p', String(ports[0]), 'CLUSTER', 'INFO').includes('state:fail'));
    publish('two');
    await until(() => heard.includes('two'));
    // Time for many attempts of the connection; there is nothing to wait for.
    const end = performance.now() + 2_000;
    await until(() => performance.now() > end);
    const meanwhile = [...heard];
    signalFrom(1, 'SIGCONT');
    await until(() => heard.includes('gap: back'));

    expect(meanwhile).toEqual(['one', 'gap: away', 'two']);
  });
});
