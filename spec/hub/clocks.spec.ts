/** Machines whose clocks differ: what is counted does not depend on them. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { createHub } from 'express-omnimessage';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type NodeState } from '../drills/hub-cluster.ts';
import { backplaneOf, engines, randomPrefix } from '../support/engines.ts';
import { connect } from '../support/socket-client.ts';
import { until } from '../support/until.ts';

const program = fileURLToPath(new URL('../drills/hub-node.ts', import.meta.url));
const HOUR = 3_600_000;

/** A module that moves the clock of its process, and sends what it is then. */
const movedBy = (ms: number): string =>
  `data:text/javascript,${encodeURIComponent(`
    const Real = Date;
    globalThis.Date = class extends Real {
      constructor(...given) { given.length === 0 ? super(Real.now() + ${ms}) : super(...given); }
      static now() { return Real.now() + ${ms}; }
    };
    process.send(Date.now());`)}`;

const codec = {
  decode: (encoded: string): string => encoded,
  encode: (message: string): string => message,
};

describe.each(engines)('on $name', ({ start }) => {
  it.each([
    ['fast', HOUR],
    ['slow', -HOUR],
  ])(
    'a process whose clock is an hour %s counts, and is counted',
    async (_, ms) => {
      const engine = await start();
      onTestFinished(() => engine.stop());
      const prefix = randomPrefix();
      const hub = createHub<string>({
        codec,
        backplane: backplaneOf(engine.options, { prefix }),
        onError: () => {},
        onGap: () => {},
      });
      onTestFinished(async () => {
        await hub.close();
        await engine.clear(prefix);
      });
      hub.subscribe('news', () => {});
      await hub.ready();
      const other = fork(
        program,
        [JSON.stringify({ engine: engine.options, prefix, name: 'moved' })],
        { execArgv: ['--import', movedBy(ms), '--import', 'tsx'] },
      );
      onTestFinished(() => void other.kill('SIGKILL'));
      const [clock] = (await once(other, 'message')) as [number];
      const difference = clock - Date.now();
      const [port] = (await once(other, 'message')) as [number];
      await connect(`http://127.0.0.1:${port}/news`);

      await until(async () => (await hub.count('news')) === 2);
      await until(async () => {
        const answer = once(other, 'message') as Promise<[NodeState]>;
        other.send('state');
        return (await answer)[0].count === 2;
      });

      expect(Math.abs(difference - ms)).toBeLessThan(HOUR / 2);
      expect(await hub.count('news')).toBe(2);
    },
    60_000,
  );
});
