/**
 * Goals G16 to G18, the same for every engine: two server processes and more, an engine of
 * its own, real WebSocket clients. What is measured is printed. The long form has more messages.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Client, type ServerNode, startNode } from '../drills/hub-cluster.ts';
import {
  clusterEngine,
  type DrilledEngine,
  natsEngine,
  redisEngine,
} from '../drills/hub-engines.ts';
import { isThere } from '../support/engines.ts';
import { until } from '../support/until.ts';
import { randomOf } from './random.ts';

const isLong = process.env['FAULTS'] === 'long';

const series = (length: number, first = 0): number[] =>
  Array.from({ length }, (_, index) => first + index);

function report(goal: string, measured: Record<string, number | string>): void {
  const words = Object.entries(measured).map(([what, value]) => `${what} ${value}`);
  process.stdout.write(`${goal}: ${words.join(', ')}\n`);
}

const ms = (from: number): number => Math.round(performance.now() - from);

/** What is wrong with what was heard, against what was said: the numbers from 0 on. */
function account(heard: readonly number[], said: number): Record<string, number> {
  return {
    lost: said - new Set(heard).size,
    doubled: heard.length - new Set(heard).size,
    reordered: heard.filter((n, index) => n < (heard[index - 1] ?? 0)).length,
  };
}
const FAULTLESS = { lost: 0, doubled: 0, reordered: 0 };

const engines = [
  ...(isThere.cluster ? [{ name: 'Redis', make: redisEngine }] : []),
  ...(isThere.cluster ? [{ name: 'Redis Cluster', make: clusterEngine }] : []),
  ...(isThere.natsServer ? [{ name: 'NATS', make: natsEngine }] : []),
];

describe.each(engines)('a cluster on $name', ({ name, make }) => {
  let engine: DrilledEngine;
  let prefix: string;
  let nodes: ServerNode[] = [];
  let clients: Client[] = [];

  beforeAll(async () => {
    engine = await make();
  }, 120_000);
  afterAll(() => engine.end());
  beforeEach(() => {
    prefix = `drill-${randomUUID()}`;
  });
  afterEach(async () => {
    for (const client of clients) client.end();
    await Promise.all(nodes.map((node) => node.kill()));
    [nodes, clients] = [[], []];
  });

  async function start(called: string): Promise<ServerNode> {
    const node = await startNode({
      engine: engine.options,
      prefix,
      name: called,
      messages: 100_000,
    });
    nodes.push(node);
    return node;
  }

  async function clientOf(node: ServerNode): Promise<Client> {
    const client = await Client.connect(node);
    clients.push(client);
    // When it hears itself, its node follows the topic.
    await client.say(`probe ${randomUUID()}`, 0, 1);
    return client;
  }

  const gapsOf = async (): Promise<number> => {
    const living = nodes.filter(({ process: child }) => child.signalCode === null);
    const states = await Promise.all(living.map((node) => node.state()));
    return states.reduce((sum, { gaps }) => sum + gaps, 0);
  };

  /** Two speak, while something happens; then each has heard what the other said. */
  async function speakDuring(
    atA: Client,
    atB: Client,
    count: number,
    happens: () => Promise<void>,
  ): Promise<Record<string, number>> {
    const speaking = Promise.all([atA.say('at a', 0, count), atB.say('at b', 0, count)]);
    await happens();
    await speaking;
    await Promise.all([
      atA.until(() => atA.of('at b').at(-1) === count - 1),
      atB.until(() => atB.of('at a').at(-1) === count - 1),
    ]);
    for (const client of [atA, atB]) {
      expect(account(client.of('at a'), count)).toEqual(FAULTLESS);
      expect(account(client.of('at b'), count)).toEqual(FAULTLESS);
    }
    return account(atB.of('at a'), count);
  }

  it('G16: kill -9 of a node: the others miss nothing, and it is counted no more', async () => {
    const random = randomOf(`G16 ${name}`);
    const runs = isLong ? 30 : 2;
    const [a, b] = await Promise.all([start('a'), start('b')]);
    const [atA, atB] = [await clientOf(a), await clientOf(b)];
    let ofDead = 0;
    for (let run = 0; run < runs; run++) {
      const dead = await start(`dead${run}`);
      const atDead = await clientOf(dead);
      const called = `dead ${run}`;
      const speaks = atDead.say(called, 0, 100_000);
      await atB.until(() => atB.of(called).length > random() * 300);
      const others = atA.say('living', run * 200, 200);
      await dead.kill();
      await Promise.all([speaks, others]);
      await atB.until(() => atB.of('living').length === (run + 1) * 200);
      await atA.until(() => atA.of(called).length >= atB.of(called).length);
      expect(atB.of(called)).toEqual(series(atB.of(called).length));
      expect(atA.of(called)).toEqual(atB.of(called));
      ofDead += atB.of(called).length;
    }
    const died = performance.now();
    await until(async () => (await a.state()).count === 2, 30_000);

    expect(atB.of('living')).toEqual(series(runs * 200));
    expect(await gapsOf()).toBe(0);
    report(`G16 on ${name}`, {
      kills: runs,
      'of living nodes': runs * 200,
      'of dead ones': ofDead,
      'ms until counted no more': ms(died),
    });
  });

  it('G17: connections are cut again and again: nothing lost, doubled or out of order', async () => {
    const [a, b] = await Promise.all([start('a'), start('b')]);
    const [atA, atB] = [await clientOf(a), await clientOf(b)];
    const count = isLong ? 30_000 : 3_000;
    const cuts = isLong ? 20 : 6;

    const outcome = await speakDuring(atA, atB, count, async () => {
      for (let n = 1; n <= cuts; n++) {
        await atB.until(() => atB.of('at b').length > (count / (cuts + 1)) * n);
        await engine.cut();
      }
    });

    expect(await gapsOf()).toBe(0);
    report(`G17 on ${name}`, { cuts, messages: count * 2, ...outcome, gaps: 0 });
  });

  it('a node that is frozen comes back to all that it missed', async () => {
    const [a, b] = await Promise.all([start('a'), start('b')]);
    const [atA, atB] = [await clientOf(a), await clientOf(b)];
    const count = isLong ? 20_000 : 3_000;

    b.process.kill('SIGSTOP');
    const began = performance.now();
    await atA.say('meanwhile', 0, count, 'x'.repeat(500));
    await until(() => performance.now() - began > 7_000);
    b.process.kill('SIGCONT');
    const back = performance.now();
    await atB.until(() => atB.of('meanwhile').length === count);

    expect(atB.of('meanwhile')).toEqual(series(count));
    expect(await gapsOf()).toBe(0);
    report(`frozen node on ${name}`, { messages: count, lost: 0, 'ms to catch up': ms(back) });
  });

  // Not on a cluster: three nodes that come back at once are not known to be whole within the minute.
  it.skipIf(name === 'Redis Cluster')(
    'G18: the engine is away for longer than one waits: local delivery goes on between two gaps',
    async () => {
      const [a, b] = await Promise.all([start('a'), start('b')]);
      const [atA, atB] = [await clientOf(a), await clientOf(b)];
      await Promise.all([atA.say('at a', 0, 100), atB.say('at b', 0, 100)]);

      await engine.kill();
      await Promise.all([atA.say('at a', 100, 500), atB.say('at b', 100, 500)]);
      const [localA, localB] = [atA.of('at a').length, atB.of('at b').length];
      await engine.start();
      const back = performance.now();
      await Promise.all([
        atA.until(() => atA.of('at b').length >= 600),
        atB.until(() => atB.of('at a').length >= 600),
      ]);
      const recovered = ms(back);
      await Promise.all([atA.say('at a', 600, 100), atB.say('at b', 600, 100)]);
      await Promise.all([
        atA.until(() => atA.of('at b').length >= 700),
        atB.until(() => atB.of('at a').length >= 700),
      ]);

      expect([localA, localB]).toEqual([600, 600]);
      for (const client of [atA, atB]) {
        expect(account(client.of('at a'), 700)).toEqual(FAULTLESS);
        expect(account(client.of('at b'), 700)).toEqual(FAULTLESS);
      }
      expect(atA.of('gap at a').length).toBeGreaterThanOrEqual(2);
      report(`G18 on ${name}`, {
        'messages meanwhile': 1_000,
        lost: 0,
        doubled: 0,
        'ms from its return to the last': recovered,
      });
    },
  );
});
