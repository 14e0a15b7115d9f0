/** Redis Cluster: slots that no node has for a while. */
import { createHub } from 'express-omnimessage';
import { redisBackplane } from 'express-omnimessage/redis';
import { describe, expect, it, onTestFinished } from 'vitest';
import { namesOf } from '../../../lib/hub/redis/entry.ts';
import { slotOf } from '../../../lib/hub/redis/topology.ts';
import { isThere, randomPrefix, startCluster } from '../../support/engines.ts';
import { until } from '../../support/until.ts';

const codec = {
  decode: (encoded: string): string => encoded,
  encode: (message: string): string => message,
};

describe.runIf(isThere.cluster)('a cluster', () => {
  it('is ready with all masters that are there', async () => {
    const { ports, signalFrom, stop } = await startCluster([
      '--cluster-require-full-coverage',
      'no',
    ]);
    onTestFinished(stop);
    const topics = Array.from({ length: 30 }, (_, n) => `topic ${n}`);
    /** How many topics have a place as soon as a new hub is ready. */
    const placed = async (): Promise<number> => {
      const hub = createHub<string>({
        codec,
        backplane: redisBackplane({
          cluster: { rootNodes: ports.map((port) => ({ url: `redis://127.0.0.1:${port}` })) },
          prefix: randomPrefix(),
        }),
        onError: () => {},
      });
      onTestFinished(() => hub.close());
      await hub.ready();
      const places = await Promise.all(topics.map((topic) => hub.place(topic)));
      return places.filter((place) => place !== undefined).length;
    };

    const withAll = await placed();
    signalFrom(2, 'SIGKILL');
    const without = await placed();

    expect(withAll).toBe(30);
    expect(without).toBeGreaterThan(10);
    expect(without).toBeLessThan(30);
  }, 60_000);
});

describe.runIf(isThere.cluster)('a slot that no node has', () => {
  it('is waited for: what was published, and who wanted to hear it, find the node that gets it', async () => {
    const { ports, tell, stop } = await startCluster(['--cluster-require-full-coverage', 'no']);
    onTestFinished(stop);
    const prefix = randomPrefix();
    const heard: string[] = [];
    const hub = createHub<string>({
      codec,
      backplane: redisBackplane({
        cluster: { rootNodes: ports.map((port) => ({ url: `redis://127.0.0.1:${port}` })) },
        prefix,
      }),
      // Long enough that nothing is delivered without the engine.
      patience: 60_000,
      onError: () => {},
      onGap: (_topic, reason) => heard.push(`gap: ${reason}`),
    });
    onTestFinished(() => hub.close());
    await until(async () => (await hub.place('news')) !== undefined);
    const slot = String(slotOf(namesOf(prefix).log('news')));
    const isOwner = (port: number): boolean => {
      const [id] = [tell('-p', String(port), 'CLUSTER', 'MYID')];
      const line = tell('-p', String(port), 'CLUSTER', 'NODES')
        .split('\n')
        .find((each) => each.startsWith(id));
      return (line?.split(' ').slice(8) ?? []).some((range) => {
        const [first = 0, last = first] = range.split('-').map(Number);
        return Number(slot) >= first && Number(slot) <= last;
      });
    };
    const owner = ports.find(isOwner);
    // A topic that nobody hears, whose place is asked of the node that has the slot.
    const beside = Array.from({ length: 200_000 }, (_, n) => `topic ${n}`).find(
      (topic) => String(slotOf(namesOf(prefix).log(topic))) === slot,
    );
    /** Takes the slot from all, as long as one still hears from another that it has it. */
    const lose = (): Promise<void> =>
      until(async () => {
        for (const port of ports) tell('-p', String(port), 'CLUSTER', 'DELSLOTS', slot);
        return (await hub.place(beside ?? '')) === undefined;
      });
    await lose();

    hub.subscribe('news', (message) => heard.push(message));
    const taken = hub.publish('news', 'to nobody yet');
    tell('-p', String(owner), 'CLUSTER', 'ADDSLOTS', slot);
    await until(() => heard.length > 0);
    // Now another node gets it.
    await lose();
    hub.publish('news', 'to another');
    const other = ports.find((port) => port !== owner);
    tell('-p', String(other), 'CLUSTER', 'ADDSLOTS', slot);
    await until(() => heard.includes('to another'));

    expect(taken).toBe(true);
    expect(heard).toEqual(['to nobody yet', 'to another']);
  }, 60_000);
});
