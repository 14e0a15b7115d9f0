/**
 * Goal G22: clients of all kinds, behind nginx and HAProxy and in front of the server itself, while a
 * second server behind the proxies is ended and killed again and again. For 20 s; in the long form
 * for an hour, or for as many seconds as SOAK_SECONDS says.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { soak, type Tally } from '../drills/soak.ts';
import { type SoakReport } from '../drills/report.ts';
import { startHaproxy, startNginx } from '../support/proxies.ts';
import { until } from '../support/until.ts';
import { isLong, scaled } from './drilled.ts';
import { randomOf } from './random.ts';

const random = randomOf('soak');
const SECONDS = Number(process.env['SOAK_SECONDS'] ?? scaled(20, 3_600));

interface Soaked {
  readonly child: ChildProcess;
  readonly port: number;
}

async function startServer(port = 0): Promise<Soaked> {
  const path = fileURLToPath(new URL('../drills/soak-server.ts', import.meta.url));
  const child = fork(path, [String(port)], {
    execArgv: ['--expose-gc', '--import', 'tsx'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: { ...process.env, NODE_ENV: 'production' },
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const [told] = (await once(child, 'message')) as [{ port: number }];
  return { child, port: told.port };
}

async function reportOf({ child }: Soaked): Promise<SoakReport> {
  const told = once(child, 'message') as Promise<[SoakReport]>;
  child.send('report');
  const [report] = await told;
  return report;
}

/** By least squares, in MB for each hour. */
function slopeOf(samples: readonly { at: number; rss: number }[]): number {
  const mean = (of: (sample: { at: number; rss: number }) => number): number =>
    samples.reduce((sum, sample) => sum + of(sample), 0) / samples.length;
  const [at, rss] = [mean((one) => one.at), mean((one) => one.rss)];
  const covered = samples.reduce((sum, one) => sum + (one.at - at) * (one.rss - rss), 0);
  const spread = samples.reduce((sum, one) => sum + (one.at - at) ** 2, 0);
  return ((covered / spread) * 3_600) / 1e6;
}

describe('G22: soak', () => {
  it(
    `G22 clients of all kinds for ${SECONDS} s: nothing dies, nothing is left`,
    async () => {
      const measured = await startServer();
      let other = await startServer();
      const died: string[] = [];
      measured.child.once('exit', (code, signal) => died.push(`${String(code)} ${String(signal)}`));
      const ports = [measured.port, other.port] as const;
      const proxies = [await startNginx(ports), await startHaproxy(ports)];
      onTestFinished(() => Promise.all(proxies.map((proxy) => proxy.stop())).then(() => {}));
      const urls = [...proxies.map(({ url }) => url), `http://127.0.0.1:${measured.port}`];
      // Once, so that what is made on first use is there.
      await soak(urls, 5, 10, random);
      await until(async () => (await reportOf(measured)).sockets === 0, 60_000);
      const before = await reportOf(measured);

      const began = performance.now();
      const samples: { at: number; rss: number; heap: number; files: number }[] = [];
      const work = { isOver: false };
      const every = async (
        seconds: number,
        act: (round: number) => Promise<void>,
      ): Promise<void> => {
        for (let round = 1; !work.isOver; round += 1) {
          const next = began + round * seconds * 1_000;
          await until(() => work.isOver || performance.now() >= next, 4_000_000);
          if (!work.isOver) await act(round);
        }
      };
      const sampling = every(scaled(2, 30), async () => {
        const { rss, heap, files } = await reportOf(measured);
        const sample = { at: Math.round((performance.now() - began) / 1_000), rss, heap, files };
        samples.push(sample);
        if (isLong) process.stdout.write(`G22 ${JSON.stringify(sample)}\n`);
      });
      // A redeploy of the other server: in order, or killed.
      const redeploying = every(scaled(7, 300), async (round) => {
        const ended = once(other.child, 'exit');
        if (round % 2 === 0) other.child.kill('SIGKILL');
        else other.child.send('close');
        await ended;
        other = await startServer(ports[1]);
      });
      const tally: Tally = await soak(urls, SECONDS, scaled(15, 6), random);
      work.isOver = true;
      await Promise.all([sampling, redeploying]);
      // Connections that proxies keep are not left; they end when the proxies do.
      await Promise.all(proxies.map((proxy) => proxy.stop()));
      await until(async () => (await reportOf(measured)).connections === 0, 90_000);
      const after = await reportOf(measured);
      const late = samples.filter(({ at }) => at > Math.min(600, SECONDS / 2));
      const slope = slopeOf(late);
      const count = (of: 'done' | 'failed'): number =>
        Object.values(tally).reduce((sum, entry) => sum + entry[of], 0);
      process.stdout.write(
        `G22 ${JSON.stringify({ seconds: SECONDS, done: count('done'), failed: count('failed'), slope, before, after, rssMin: Math.min(...late.map(({ rss }) => rss)), rssMax: Math.max(...late.map(({ rss }) => rss)), tally })}\n`,
      );

      expect(died).toEqual([]);
      expect(after.sockets).toBe(0);
      expect(after.files).toBeLessThanOrEqual(before.files);
      expect(after.listeners).toBe(before.listeners);
      expect(after.resources).toBeLessThanOrEqual(before.resources);
      // What fails, fails because the other server was killed: in front of the server nothing does.
      const ours = Object.values(tally).map(({ firstFault }) => firstFault ?? 'none');
      expect(ours.filter((fault) => fault.startsWith('server'))).toEqual([]);
      // In the short form the other server is away for much of the time.
      expect(count('failed')).toBeLessThan(scaled(0.2, 0.03) * count('done'));
      expect(after.heap - before.heap).toBeLessThan(8_000_000);
      // In the short form there is no slope to speak of.
      expect(isLong ? slope : 0).toBeLessThan(1);
    },
    (SECONDS + 300) * 1_000,
  );
});
