/**
 * Goals G16 to G19, and section 2f: two server processes and more, one Redis, real WebSocket
 * clients. What is measured is printed. The long form has the numbers of the goals.
 */
import { spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { Client, type ServerNode, startNode } from '../drills/hub-cluster.ts';
import { type Admin, admin, cut, keysOf, redisUrl, withRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';
import { randomOf } from './random.ts';

const isLong = process.env['FAULTS'] === 'long';
const MiB = 1_048_576;

const series = (length: number, first = 0): number[] =>
  Array.from({ length }, (_, index) => first + index);

/** What is wrong with what was heard, against what was said: the numbers from 0 on. */
function account(heard: readonly number[], said: number): Record<string, number> {
  return {
    lost: said - new Set(heard).size,
    doubled: heard.length - new Set(heard).size,
    reordered: heard.filter((n, index) => n < (heard[index - 1] ?? 0)).length,
  };
}
const FAULTLESS = { lost: 0, doubled: 0, reordered: 0 };

/** What was measured goes into docs/reliability.md. */
function report(goal: string, measured: Record<string, number | string>): void {
  const words = Object.entries(measured).map(([what, value]) => `${what} ${value}`);
  process.stdout.write(`${goal}: ${words.join(', ')}\n`);
}

const ms = (from: number): number => Math.round(performance.now() - from);
const inMiB = (bytes: number): number => Math.round(bytes / MiB);

async function clientOf(node: ServerNode): Promise<Client> {
  const client = await Client.connect(node);
  onTestFinished(() => client.end());
  // When it hears itself, its node follows the topic.
  await client.say(`probe ${randomUUID()}`, 0, 1);
  return client;
}

describe.runIf(withRedis)('a cluster on one Redis', () => {
  const prefix = `omnimessage-drill:${randomUUID()}`;
  const started: ServerNode[] = [];
  let redis: Admin;
  let a: ServerNode;
  let b: ServerNode;

  async function start(name: string, messages = 200_000): Promise<ServerNode> {
    const node = await startNode({
      engine: { kind: 'redis', url: redisUrl },
      prefix,
      name,
      messages,
    });
    started.push(node);
    return node;
  }

  beforeAll(async () => {
    redis = await admin();
    [a, b] = await Promise.all([start('a'), start('b')]);
  }, 60_000);
  afterAll(async () => {
    await Promise.all(started.map((node) => node.kill()));
    const left = await keysOf(redis, prefix);
    if (left.length > 0) await redis.del(left);
    redis.destroy();
  });

  it('1,000 joined clients hear everything, of each publisher in order', async () => {
    const [onA, onB] = await Promise.all(
      [a, b].map(async (node) => [
        await clientOf(node),
        ...(await Promise.all(series(499).map(() => Client.connect(node)))),
      ]),
    );
    const clients = [...(onA ?? []), ...(onB ?? [])];
    const each = isLong ? 500 : 100;
    const began = performance.now();

    await Promise.all([
      onA?.[0]?.say('one at a', 0, each),
      onA?.[1]?.say('two at a', 0, each),
      onB?.[0]?.say('one at b', 0, each),
    ]);
    const from = ['one at a', 'two at a', 'one at b'];
    await Promise.all(
      clients.map((client) =>
        client.until(() => from.every((name) => client.of(name).length >= each)),
      ),
    );
    const took = ms(began);

    const heard = new Set(
      clients.map((client) => JSON.stringify(from.map((name) => [name, client.of(name)]))),
    );
    expect(heard).toEqual(new Set([JSON.stringify(from.map((name) => [name, series(each)]))]));
    await until(async () => (await a.state()).count === 1_000);
    expect((await b.state()).count).toBe(1_000);
    report('1,000 clients', {
      deliveries: 3_000 * each,
      'ms in all': took,
      'deliveries/s': Math.round((3_000_000 * each) / took),
    });
  });

  it('G16: kill -9 of a node: those of the others miss nothing, and the dead is counted no more', async () => {
    const random = randomOf('G16');
    const runs = isLong ? 100 : 3;
    const [atA, atB] = [await clientOf(a), await clientOf(b)];
    let next = 0;
    let ofDead = 0;
    for (let run = 0; run < runs; run++) {
      const dead = await start(`dead${run}`);
      const atDead = await clientOf(dead);
      const name = `dead ${run}`;
      const speaks = atDead.say(name, 0, 100_000);
      await atB.until(() => atB.of(name).length > random() * 500);
      const first = next;
      const others = atA.say('living', first, 300);
      await atB.until(() => (atB.of('living').at(-1) ?? -1) > first + random() * 200);
      await dead.kill();
      await Promise.all([speaks, others]);
      next += 300;
      await atB.until(() => atB.of('living').length === next);

      // What it got out before it died, it got out to everybody, without holes.
      await atA.until(() => atA.of(name).length >= atB.of(name).length);
      expect(atB.of(name)).toEqual(series(atB.of(name).length));
      expect(atA.of(name)).toEqual(atB.of(name));
      ofDead += atB.of(name).length;
    }
    const died = performance.now();
    expect(account(atA.of('living'), next)).toEqual(FAULTLESS);
    const outcome = account(atB.of('living'), next);
    expect(outcome).toEqual(FAULTLESS);

    await until(async () => (await a.state()).count === 2, 30_000);
    const vanished = ms(died);

    expect(vanished).toBeLessThan(30_000);
    expect((await a.state()).gaps + (await b.state()).gaps).toBe(0);
    report('G16', {
      kills: runs,
      'messages of living nodes': next * 2,
      'of dead ones': ofDead,
      ...outcome,
      'ms until the dead was counted no more': vanished,
    });
  });

  it('G17: 20 cuts of the connections to Redis: 0 lost, 0 doubled, 0 out of order', async () => {
    const random = randomOf('G17');
    const count = isLong ? 50_000 : 4_000;
    const [atA, atB] = [await clientOf(a), await clientOf(b)];
    const before = [await a.state(), await b.state()].map(({ gaps }) => gaps);
    let longest = 0;
    let cuts = 0;

    const speaking = Promise.all([atA.say('at a', 0, count), atB.say('at b', 0, count)]);
    for (let round = 0; round < 20; round++) {
      const due = (count / 21) * (round + random());
      await atB.until(() => atB.of('at b').length > due);
      const name = random() < 0.5 ? 'a' : 'b';
      const [seenAtA, seenAtB] = [atA.of('at b').length, atB.of('at a').length];
      const began = performance.now();
      // None may be there to cut: the node is just coming back from the cut before.
      let broken = 0;
      while (broken === 0) broken = await cut(redis, `${prefix}-${name}`);
      cuts += broken;
      await Promise.all([
        atA.until(() => atA.of('at b').length > Math.min(seenAtA + 200, count - 1)),
        atB.until(() => atB.of('at a').length > Math.min(seenAtB + 200, count - 1)),
      ]);
      longest = Math.max(longest, ms(began));
    }
    await speaking;
    await Promise.all([
      atA.until(() => atA.of('at b').length === count),
      atB.until(() => atB.of('at a').length === count),
    ]);

    const [fromA, fromB] = [account(atB.of('at a'), count), account(atA.of('at b'), count)];
    expect([fromA, fromB]).toEqual([FAULTLESS, FAULTLESS]);
    for (const client of [atA, atB]) {
      expect(client.of('at a')).toEqual(series(count));
      expect(client.of('at b')).toEqual(series(count));
    }
    expect(cuts).toBeGreaterThanOrEqual(20);
    expect([await a.state(), await b.state()].map(({ gaps }) => gaps)).toEqual(before);
    report('G17', {
      cuts: 20,
      connections: cuts,
      messages: count * 2,
      ...fromA,
      'ms at most until the next 200 had come': longest,
    });
  });

  it('a node that is frozen comes back to all that it missed, and its memory stays', async () => {
    const count = isLong ? 50_000 : 10_000;
    const [atA, atB] = [await clientOf(a), await clientOf(b)];
    const before = (await b.state()).rss;

    b.process.kill('SIGSTOP');
    const began = performance.now();
    await atA.say('meanwhile', 0, count, 'x'.repeat(500));
    const frozen = ms(began);
    b.process.kill('SIGCONT');
    const back = performance.now();
    await atB.until(() => atB.of('meanwhile').length === count);
    const caughtUp = ms(back);

    expect(atB.of('meanwhile')).toEqual(series(count));
    const { gaps, peak } = await b.state();
    expect(gaps).toBe((await a.state()).gaps);
    expect(peak - before).toBeLessThan(64 * MiB);
    report('frozen node', {
      'ms frozen': frozen,
      'messages meanwhile': count,
      ...account(atB.of('meanwhile'), count),
      'ms to catch up': caughtUp,
      'peak MiB more': inMiB(peak - before),
    });
  });
});

const hasServer = withRedis && spawnSync('redis-server', ['--version']).status === 0;

describe.runIf(hasServer)('an engine of its own', () => {
  interface Engine {
    readonly url: string;
    readonly keeps: boolean;
    readonly start: () => Promise<void>;
    readonly kill: () => Promise<void>;
  }

  /** A Redis that writes everything down before it answers, or nothing at all. */
  async function engine(keeps: boolean): Promise<Engine> {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as AddressInfo;
    probe.close();
    const folder = await mkdtemp(join(tmpdir(), 'omnimessage-'));
    let running: ReturnType<typeof spawn> | undefined;
    const kill = async (): Promise<void> => {
      if (running === undefined) return;
      const exit = once(running, 'exit');
      running.kill('SIGKILL');
      running = undefined;
      await exit;
    };
    onTestFinished(async () => {
      await kill();
      await rm(folder, { recursive: true, force: true });
    });
    const url = `redis://127.0.0.1:${port}`;
    return {
      url,
      keeps,
      kill,
      start: async () => {
        const keeping = keeps ? ['yes', '--appendfsync', 'always'] : ['no'];
        running = spawn(
          'redis-server',
          ['--port', String(port), '--bind', '127.0.0.1', '--dir', folder, '--save', ''].concat(
            '--appendonly',
            keeping,
          ),
          { stdio: ['ignore', 'pipe', 'ignore'] },
        );
        for await (const line of running.stdout ?? []) {
          if (String(line).includes('Ready to accept connections')) break;
        }
      },
    };
  }

  /** Two nodes on an engine, which end with the test. */
  async function nodesOf({ url, keeps }: Engine): Promise<[ServerNode, ServerNode]> {
    const options = {
      engine: { kind: 'redis', url, durable: keeps },
      prefix: 'drill',
      messages: 200_000,
    } as const;
    const nodes = await Promise.all([
      startNode({ ...options, name: 'a' }),
      startNode({ ...options, name: 'b' }),
    ]);
    onTestFinished(async () => {
      await Promise.all(nodes.map((node) => node.kill()));
    });
    return nodes;
  }

  it('G18: stopped and back: both nodes live, all is heard here, and there when it is back', async () => {
    const own = await engine(true);
    await own.start();
    const [a, b] = await nodesOf(own);
    const [atA, atB] = [await clientOf(a), await clientOf(b)];
    await Promise.all([atA.say('at a', 0, 500), atB.say('at b', 0, 500)]);
    const before = [(await a.state()).rss, (await b.state()).rss];

    await own.kill();
    const gone = performance.now();
    const away = isLong ? 60_000 : 5_000;
    let said = 500;
    const padding = 'x'.repeat(500);
    while (said < 9_500) {
      await Promise.all([atA.say('at a', said, 900, padding), atB.say('at b', said, 900, padding)]);
      said += 900;
      // Spread over the outage: the condition is a clock.
      await until(() => performance.now() - gone > (away * (said - 500)) / 9_000, away);
    }
    const [localA, localB] = [atA.of('at a').length, atB.of('at b').length];
    const [crossA, crossB] = [atA.of('at b').length, atB.of('at a').length];
    const states = [await a.state(), await b.state()];
    await own.start();
    const back = performance.now();
    await Promise.all([
      atA.until(() => atA.of('at b').length > crossA),
      atB.until(() => atB.of('at a').length > crossB),
    ]);
    const first = ms(back);
    await Promise.all([
      atA.until(() => atA.of('at b').length === said),
      atB.until(() => atB.of('at a').length === said),
    ]);
    const recovered = ms(back);

    expect([localA, localB]).toEqual([said, said]);
    // What was under way when it was killed may have come just before or comes after.
    expect(Math.max(crossA, crossB)).toBeLessThanOrEqual(500);
    for (const client of [atA, atB]) {
      expect(client.of('at a')).toEqual(series(said));
      expect(client.of('at b')).toEqual(series(said));
    }
    for (const { errors } of [await a.state(), await b.state()]) {
      expect(errors).toEqual(['backplane: Redis is away: messages wait']);
    }
    expect(first).toBeLessThan(2_000);
    expect(recovered).toBeLessThan(10_000);
    const more = states.map(({ peak }, n) => peak - (before[n] ?? 0));
    expect(Math.max(...more)).toBeLessThan(32 * MiB);
    report('G18', {
      's away': away / 1_000,
      'messages here meanwhile': (said - 500) * 2,
      ...account(atB.of('at a'), said),
      'ms from its return to the first': first,
      'ms to the last that had waited': recovered,
      'peak MiB more': inMiB(Math.max(...more)),
    });
  });

  it('G18: back and empty: a gap is told to both, and they go on', async () => {
    const own = await engine(false);
    await own.start();
    const [a, b] = await nodesOf(own);
    const [atA, atB] = [await clientOf(a), await clientOf(b)];
    await Promise.all([atA.say('at a', 0, 500), atB.say('at b', 0, 500)]);

    await own.kill();
    await own.start();
    await Promise.all([atA.say('at a', 500, 500), atB.say('at b', 500, 500)]);
    await Promise.all([
      atA.until(() => atA.of('gap at a').length > 0),
      atB.until(() => atB.of('gap at b').length > 0),
    ]);
    await Promise.all([atA.say('at a', 1_000, 500), atB.say('at b', 1_000, 500)]);
    await Promise.all([
      atA.until(() => atA.of('at b').at(-1) === 1_499),
      atB.until(() => atB.of('at a').at(-1) === 1_499),
    ]);

    await until(async () => (await a.state()).count === 2);
    for (const heard of [atA.of('at b'), atB.of('at a')]) {
      expect(heard).toEqual([...new Set(heard)].sort((one, other) => one - other));
      expect(heard.slice(-500)).toEqual(series(500, 1_000));
    }
    report('G18, empty', {
      'gaps told': `${(await a.state()).gaps} and ${(await b.state()).gaps}`,
    });
  });

  it('away, and more is published than may wait: memory is bounded, and what is missing is told', async () => {
    const own = await engine(true);
    await own.start();
    const [a, b] = await nodesOf(own);
    const [atA, atB] = [await clientOf(a), await clientOf(b)];
    await atA.say('at a', 0, 100, 'x'.repeat(1_000));
    const before = (await a.state()).rss;

    await own.kill();
    const count = isLong ? 100_000 : 20_000;
    await atA.say('at a', 100, count, 'x'.repeat(1_000));
    const { peak } = await a.state();
    await own.start();
    await atB.until(() => atB.of('gap at b').length > 0);
    await atA.say('at a', count + 100, 100);
    await atB.until(() => atB.of('at a').at(-1) === count + 199);

    const heard = atB.of('at a');
    // At most one was under way when it was killed.
    expect(heard.slice(0, 10_100)).toEqual(series(10_100));
    expect(heard.length).toBeLessThanOrEqual(10_100 + 100 + 256);
    expect(heard).toEqual([...new Set(heard)].sort((one, other) => one - other));
    expect(heard.slice(-100)).toEqual(series(100, count + 100));
    expect(peak - before).toBeLessThan(48 * MiB);
    report('more than may wait', {
      published: count,
      'waited and arrived': heard.length - 200,
      'gaps told': (await b.state()).gaps,
      'peak MiB more': inMiB(peak - before),
    });
  });
});
