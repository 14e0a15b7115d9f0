/**
 * Goals G16 to G19 and G34, the same for every engine: server processes, an engine of their own that
 * is cut, killed, emptied, deafened and taken apart, and real WebSocket clients that keep account.
 * Each kind of engine has a spec file of its own, so that they run side by side.
 * Between two gaps nothing may be lost, doubled or out of order; where nothing can have been lost no
 * gap may be told. What is measured is printed. The long form has more messages and more rounds.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { accountOf } from '../drills/account.ts';
import { Client, type ServerNode, startNode } from '../drills/hub-cluster.ts';
import { type DrilledEngine } from '../drills/hub-engines.ts';
import { forgerOf } from '../support/forgers.ts';
import { until } from '../support/until.ts';
import { randomOf } from './random.ts';

const isLong = process.env['FAULTS'] === 'long';
const MiB = 1_048_576;

const series = (length: number, first = 0): number[] =>
  Array.from({ length }, (_, index) => first + index);

/** What was measured goes into docs/reliability.md. */
function report(goal: string, measured: Record<string, number | string>): void {
  const words = Object.entries(measured).map(([what, value]) => `${what} ${value}`);
  process.stdout.write(`${goal}: ${words.join(', ')}\n`);
}

const ms = (from: number): number => Math.round(performance.now() - from);
const inMiB = (bytes: number): number => Math.round(bytes / MiB);

type Ability = 'everything' | 'keeps' | 'empty' | 'failOver' | 'hang' | 'reshard' | 'deafen';

/** An engine to drill. */
export interface DrilledRow {
  readonly name: string;
  readonly make: () => Promise<DrilledEngine>;
  /** What is drilled on it; `everything` is what holds wherever a process, or a connection, ends. */
  readonly can: readonly Ability[];
}

/** Drills engines, one after the other; skipped where they are not to be had. */
export function drillHubOn(engines: readonly DrilledRow[], isThere: boolean): void {
  describe.skipIf(!isThere).each(engines)(
    'a cluster on $name',
    { timeout: isLong ? 900_000 : 120_000 },
    ({ name, make, can }) => {
      let engine: DrilledEngine;
      let prefix: string;
      let topics: readonly string[];
      let nodes: ServerNode[] = [];
      let clients: Client[] = [];
      const lacks = (ability: Ability): boolean => !can.includes(ability);

      beforeAll(async () => {
        engine = await make();
      }, 120_000);
      afterAll(() => engine.end());
      beforeEach(() => {
        prefix = `drill-${randomUUID()}`;
        topics = ['news'];
      });
      afterEach(async () => {
        for (const client of clients) client.end();
        await Promise.all(nodes.map((node) => node.kill()));
        [nodes, clients] = [[], []];
      });

      async function start(called: string, messages = 200_000): Promise<ServerNode> {
        const node = await startNode({
          engine: engine.options,
          prefix,
          name: called,
          messages,
          topics,
        });
        nodes.push(node);
        return node;
      }

      async function connect(node: ServerNode): Promise<Client> {
        const client = await Client.connect(node, topics);
        clients.push(client);
        return client;
      }

      async function clientOf(node: ServerNode): Promise<Client> {
        const client = await connect(node);
        // When it hears itself everywhere, its node follows the topics.
        const probe = `probe ${randomUUID()}`;
        await client.say(probe, 0, topics.length);
        await client.until(() => client.of(probe).length === topics.length);
        return client;
      }

      interface Two {
        readonly a: ServerNode;
        readonly b: ServerNode;
        readonly atA: Client;
        readonly atB: Client;
      }

      async function two(messages?: number): Promise<Two> {
        const [a, b] = await Promise.all([start('a', messages), start('b', messages)]);
        return { a, b, atA: await clientOf(a), atB: await clientOf(b) };
      }

      const gapsOf = async (): Promise<number> => {
        const living = nodes.filter(({ process: child }) => child.signalCode === null);
        const states = await Promise.all(living.map((node) => node.state()));
        return states.reduce((sum, { gaps }) => sum + gaps, 0);
      };

      /** Whether the last of what was said arrives everywhere, within a second. */
      async function isHeard(all: readonly Client[], end: number, count: number): Promise<boolean> {
        const due = series(count, end - count);
        const has = (client: Client): boolean =>
          ['at a', 'at b'].every((from) => {
            const heard = new Set(client.of(from).slice(-5 * count));
            return due.every((n) => heard.has(n));
          });
        try {
          await until(() => all.every(has), 1_000);
          return true;
        } catch {
          return false;
        }
      }

      /** Two speak until what happens is over, and a while longer. @returns how many each said */
      async function speakDuring(
        { atA, atB }: Two,
        happens: (spoken: () => number) => Promise<void>,
        least = 600,
      ): Promise<number> {
        let said = 0;
        let isOver = false;
        const round = 100;
        const happening = happens(() => said).finally(() => {
          isOver = true;
        });
        // Awaited below: when it fails both must have stopped speaking.
        happening.catch(() => {});
        // Processes may learn of it later: it is over when two rounds in a row have reached everybody.
        let end = Infinity;
        for (let whole = 0; whole < 2;) {
          await Promise.all([atA.say('at a', said, round), atB.say('at b', said, round)]);
          said += round;
          if (!isOver || said < least) continue;
          end = Math.min(end, performance.now() + 30_000);
          whole = (await isHeard([atA, atB], said, round)) ? whole + 1 : 0;
          if (whole === 0 && performance.now() > end) {
            throw new Error(`it is over for 30 s, and not all hear the rounds up to ${said}`);
          }
        }
        await happening;
        return said;
      }

      /** Waits until everybody has the last of what was said in every topic, and keeps account. */
      async function settle(
        pair: Two,
        said: number,
        limit = 30_000,
      ): Promise<{ lost: number; gaps: number }> {
        const last = series(topics.length, said - topics.length);
        const all = [pair.atA, pair.atB];
        const hasAll = (client: Client): boolean =>
          ['at a', 'at b'].every((from) => {
            const end = new Set(client.of(from).slice(-500));
            return last.every((n) => end.has(n));
          });
        await until(() => all.every(hasAll), limit).catch((error: unknown) => {
          const heard = all.map((client) =>
            JSON.stringify(['at a', 'at b'].map((from) => client.of(from).slice(-3))),
          );
          throw new Error(`of ${said} in the end: ${heard.join(' and ')}`, { cause: error });
        });
        const { wrong, lost, gaps } = accountOf(all, { 'at a': said, 'at b': said }, topics);
        expect(wrong).toEqual([]);
        return { lost, gaps };
      }

      it.skipIf(lacks('everything'))(
        '1,000 joined clients hear everything, of each publisher in order',
        async () => {
          const pair = await Promise.all([start('a'), start('b')]);
          const [a, b] = pair;
          const joined = await Promise.all(
            pair.map(async (node) => [
              await clientOf(node),
              ...(await Promise.all(series(isLong ? 499 : 99).map(() => connect(node)))),
            ]),
          );
          const [onA = [], onB = []] = joined;
          const all = [...onA, ...onB];
          const each = isLong ? 500 : 100;
          const began = performance.now();

          await Promise.all([
            onA[0]?.say('one at a', 0, each),
            onA[1]?.say('two at a', 0, each),
            onB[0]?.say('one at b', 0, each),
          ]);
          const from = ['one at a', 'two at a', 'one at b'];
          await Promise.all(
            all.map((client) =>
              client.until(() => from.every((who) => client.of(who).length >= each)),
            ),
          );
          const took = ms(began);

          const heard = new Set(
            all.map((client) => JSON.stringify(from.map((who) => [who, client.of(who)]))),
          );
          expect(heard).toEqual(new Set([JSON.stringify(from.map((who) => [who, series(each)]))]));
          await until(async () => (await a.state()).count === all.length);
          expect((await b.state()).count).toBe(all.length);
          report(`${all.length} clients on ${name}`, {
            deliveries: 3 * all.length * each,
            'ms in all': took,
          });
        },
      );

      it.skipIf(lacks('everything'))(
        'G16: kill -9 of a node: the others miss nothing, and it is counted no more',
        async () => {
          const random = randomOf(`G16 ${name}`);
          const runs = isLong ? 100 : 2;
          const { a, atA, atB } = await two();
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
            // What it got out before it died, it got out to everybody, without holes.
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
            lost: 0,
            'ms until counted no more': ms(died),
          });
        },
      );

      it.skipIf(lacks('everything'))(
        'G17: connections are cut again and again: nothing lost, doubled or out of order',
        async () => {
          const pair = await two();
          const cuts = isLong ? 20 : 6;

          const said = await speakDuring(pair, async (spoken) => {
            for (let n = 0; n < cuts; n++) {
              const due = spoken() + 100;
              await engine.cut();
              await until(() => spoken() >= due);
            }
          });

          const { lost, gaps } = await settle(pair, said);
          expect([lost, gaps, await gapsOf()]).toEqual([0, 0, 0]);
          report(`G17 on ${name}`, { cuts, messages: said * 2, lost, gaps });
        },
      );

      it.skipIf(lacks('everything'))(
        'a node that is frozen comes back to all that it missed, and its memory stays',
        async () => {
          const { b, atA, atB } = await two();
          const count = isLong ? 50_000 : 3_000;
          const before = (await b.state()).rss;

          b.process.kill('SIGSTOP');
          const began = performance.now();
          await atA.say('meanwhile', 0, count, 'x'.repeat(500));
          // Long enough that a beat is overdue: the condition is a clock.
          await until(() => performance.now() - began > 7_000);
          b.process.kill('SIGCONT');
          const back = performance.now();
          await atB.until(() => atB.of('meanwhile').length === count);
          const caughtUp = ms(back);

          expect(atB.of('meanwhile')).toEqual(series(count));
          expect(await gapsOf()).toBe(0);
          const more = (await b.state()).peak - before;
          expect(more).toBeLessThan(64 * MiB);
          report(`frozen node on ${name}`, {
            messages: count,
            lost: 0,
            'ms to catch up': caughtUp,
            'peak MiB more': inMiB(more),
          });
        },
      );

      it.skipIf(lacks('everything'))(
        'G18: the engine is away: local delivery goes on between two gaps',
        async () => {
          const pair = await two();
          const { a, b, atA, atB } = pair;
          await Promise.all([atA.say('at a', 0, 100), atB.say('at b', 0, 100)]);
          const before = [(await a.state()).rss, (await b.state()).rss];

          await engine.kill();
          const gone = performance.now();
          const padding = 'x'.repeat(500);
          let said = 100;
          const away = isLong ? 60_000 : 8_000;
          while (ms(gone) < away && said < 4_600) {
            await Promise.all([
              atA.say('at a', said, 100, padding),
              atB.say('at b', said, 100, padding),
            ]);
            said += 100;
          }
          const states = [await a.state(), await b.state()];
          // Each hears what its own process publishes before the engine is back.
          await Promise.all([
            atA.until(() => atA.of('at a').length >= said, `all ${said} of a, locally`),
            atB.until(() => atB.of('at b').length >= said, `all ${said} of b, locally`),
          ]);
          await until(() => ms(gone) > away, away);
          const local = [atA.of('at a'), atB.of('at b')];
          expect(local).toEqual([series(said), series(said)]);
          await engine.start();
          const back = performance.now();
          await until(() => [atA, atB].every(({ gaps }) => gaps.length > 1), 30_000);
          const recovered = ms(back);
          await Promise.all([atA.say('at a', said, 100), atB.say('at b', said, 100)]);
          said += 100;
          const { lost, gaps } = await settle(pair, said);

          // What was on its way when it was killed may be lost where it keeps nothing.
          const atMost = engine.keeps ? 0 : 1_024;
          expect(lost).toBeLessThanOrEqual(atMost);
          expect(atA.gaps[0]).toBe('away');
          expect(recovered).toBeLessThan(10_000);
          const more = Math.max(...states.map(({ peak }, n) => peak - (before[n] ?? 0)));
          expect(more).toBeLessThan(48 * MiB);
          report(`G18 on ${name}`, {
            's away': away / 1_000,
            'messages meanwhile': (said - 200) * 2,
            lost,
            gaps,
            'ms from its return to the last gap': recovered,
            'peak MiB more': inMiB(more),
          });
        },
      );

      it.skipIf(lacks('everything'))(
        'G19: garbage in the channel and the log: nobody dies, and none of it reaches a client',
        async () => {
          const random = randomOf(`G19 ${name}`);
          const bytes = (): Buffer =>
            Buffer.from(Array.from({ length: Math.floor(random() * 200) }, () => random() * 256));
          const pair = await two();
          const { a, b, atA, atB } = pair;
          const forger = await forgerOf(engine.options, prefix);
          const count = isLong ? 100_000 : 10_000;
          const round = 500;

          const said = await speakDuring(pair, async () => {
            for (let n = 0; n < count; n += round) {
              await Promise.all(
                series(round).map((each) =>
                  each % 2 === 0 ? forger.push(bytes()) : forger.write(bytes()),
                ),
              );
            }
          });
          const states = [await a.state(), await b.state()];

          // What is in a log is a gap where somebody reads it; on NATS it is pushed as well.
          expect(
            [atA, atB].flatMap(({ gaps }) => gaps).filter((gap) => gap !== 'undecodable'),
          ).toEqual([]);
          const { lost, gaps } = await settle(pair, said);
          const speakers = new Set(
            [atA, atB].flatMap(({ events }) => events.map(({ from }) => from)),
          );
          expect([...speakers].filter((from) => !/^(at|gap at) [ab]$|^probe /.test(from))).toEqual(
            [],
          );
          expect(lost).toBe(0);
          expect(Math.max(...states.map(({ errors }) => errors.length))).toBeLessThan(50);
          await forger.end();
          report(`G19 on ${name}`, { payloads: count, messages: said * 2, deaths: 0, lost, gaps });
        },
      );

      it.skipIf(lacks('keeps'))(
        'away, and more is published than may wait: memory is bounded, and what is missing is told',
        async () => {
          const { a, b, atA, atB } = await two();
          await atA.say('at a', 0, 100, 'x'.repeat(1_000));
          const before = (await a.state()).rss;

          await engine.kill();
          const count = isLong ? 100_000 : 20_000;
          await atA.say('at a', 100, count, 'x'.repeat(1_000));
          const { peak } = await a.state();
          await engine.start();
          // Until then it refuses what is published: its queue is not half empty.
          await atB.until(() => atB.gaps.includes('refused'));
          await atA.until(() => atA.gaps.includes('refused'));
          await atA.say('at a', count + 100, 100);
          await atB.until(() => atB.of('at a').at(-1) === count + 199);

          const heard = atB.of('at a');
          expect(heard.slice(0, 10_100)).toEqual(series(10_100));
          expect(heard.length).toBeLessThanOrEqual(10_100 + 100 + 512);
          expect(heard).toEqual([...new Set(heard)].sort((one, other) => one - other));
          expect(heard.slice(-100)).toEqual(series(100, count + 100));
          expect(peak - before).toBeLessThan(48 * MiB);
          report(`more than may wait on ${name}`, {
            published: count,
            'waited and arrived': heard.length - 200,
            'gaps told': (await b.state()).gaps,
            'peak MiB more': inMiB(peak - before),
          });
        },
      );

      it.skipIf(lacks('keeps'))(
        'G34: killed six times while it is spoken through: nothing lost, no gap',
        async () => {
          const pair = await two();

          const said = await speakDuring(pair, async (spoken) => {
            for (let n = 0; n < 6; n++) {
              const due = spoken() + 100;
              await engine.kill();
              await engine.start();
              await until(() => spoken() >= due);
            }
          });

          const { lost, gaps } = await settle(pair, said);
          expect([lost, gaps]).toEqual([0, 0]);
          report(`G34, killed six times, on ${name}`, { messages: said * 2, lost, gaps });
        },
      );

      it.skipIf(lacks('empty'))('G34: emptied: a gap is told to both, and they go on', async () => {
        const pair = await two();

        const said = await speakDuring(pair, async (spoken) => {
          for (let n = 1; n <= 2; n++) {
            const due = spoken() + 100;
            await engine.empty?.(prefix);
            await until(() => spoken() >= due);
            await until(() => [pair.atA, pair.atB].every((client) => client.gaps.length >= n));
          }
        });

        const { lost, gaps } = await settle(pair, said);
        expect(gaps).toBeGreaterThanOrEqual(4);
        report(`G34, emptied twice, on ${name}`, { messages: said * 2, lost, gaps });
      });

      it.skipIf(lacks('empty'))(
        'G34: back and empty after a kill: a gap is told to both, and they go on',
        async () => {
          const pair = await two();

          const said = await speakDuring(pair, async (spoken) => {
            const due = spoken() + 100;
            await engine.kill();
            await engine.start();
            await until(() => spoken() >= due);
          });

          const { lost, gaps } = await settle(pair, said);
          expect(gaps > 0).toBe(!engine.keeps);
          report(`G34, restarted, on ${name}`, { messages: said * 2, lost, gaps });
        },
      );

      it.skipIf(lacks('deafen'))(
        'G34: a reader that is deaf notices it, and misses nothing',
        async () => {
          const pair = await two();
          let deaf = 0;
          let heard = 0;

          const said = await speakDuring(pair, async (spoken) => {
            const due = spoken() + 100;
            await until(() => spoken() >= 100);
            deaf = engine.deafen();
            const began = performance.now();
            await until(() => spoken() >= due + 300, 30_000);
            heard = ms(began);
          });

          const { lost, gaps } = await settle(pair, said);
          // Longer than `patience` without an answer is a gap, and so is the return.
          expect(lost).toBe(0);
          expect(deaf).toBeGreaterThan(0);
          expect(new Set([...pair.atA.gaps, ...pair.atB.gaps])).toEqual(
            new Set(gaps > 0 ? ['away', 'back'] : []),
          );
          report(`G34, deaf, on ${name}`, {
            'deaf connections': deaf,
            messages: said * 2,
            lost,
            gaps,
            'ms until they hear again': heard,
          });
        },
      );

      it.skipIf(lacks('failOver'))(
        'G34: a replica that is behind takes over: what is lost is between gaps',
        async () => {
          if (name === 'Redis Cluster')
            topics = ['news', 'sports', 'weather', 'arts', 'jobs', 'cars'];
          const pair = await two();
          let unreplicated = 0;

          const said = await speakDuring(pair, async (spoken) => {
            await until(() => spoken() >= 200);
            await engine.failOver?.(`${prefix}:t{news}`, async () => {
              const from = spoken();
              await until(() => spoken() >= from + 200);
              unreplicated = spoken() - from;
            });
          });

          const { lost, gaps } = await settle(pair, said);
          expect(gaps).toBeGreaterThan(0);
          report(`G34, failover to a lagging replica, on ${name}`, {
            topics: topics.length,
            messages: said * 2,
            'not replicated': unreplicated * 2,
            lost,
            gaps,
          });
        },
      );

      it.skipIf(lacks('hang'))(
        'G34: a master hangs until another has taken over: what is lost is between gaps',
        async () => {
          if (name === 'Redis Cluster')
            topics = ['news', 'sports', 'weather', 'arts', 'jobs', 'cars'];
          const pair = await two();

          const said = await speakDuring(pair, async (spoken) => {
            await until(() => spoken() >= 200);
            await engine.hang?.(`${prefix}:t{news}`);
          });

          const { lost, gaps } = await settle(pair, said);
          expect(lost === 0 || gaps > 0).toBe(true);
          report(`G34, a master hangs, on ${name}`, {
            topics: topics.length,
            messages: said * 2,
            lost,
            gaps,
          });
        },
      );

      it.skipIf(lacks('reshard'))(
        'G34: slots move while they are spoken in: nothing lost, no gap',
        async () => {
          topics = ['news', 'sports', 'weather', 'arts', 'jobs', 'cars'];
          const pair = await two();
          let moves = 0;

          const said = await speakDuring(pair, async (spoken) => {
            for (let round = 0; round < (isLong ? 5 : 1); round++) {
              for (const topic of topics) {
                const due = spoken() + 50;
                await engine.reshard?.(`${prefix}:t{${topic}}`);
                moves += 1;
                await until(() => spoken() >= due);
              }
            }
          });

          const { lost, gaps } = await settle(pair, said);
          expect([lost, gaps]).toEqual([0, 0]);
          report(`G34, reshard, on ${name}`, { moves, messages: said * 2, lost, gaps });
        },
      );
    },
  );
}
