/** Machines whose clocks differ: what is counted does not depend on them. */
import { fork } from 'node:child_process';
import { on } from 'node:events';
import { createHub } from 'express-omnimessage';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type NodeState } from '../drills/hub-cluster.ts';
import { bundle } from '../support/bundled.ts';
import { backplaneOf, engines, randomPrefix } from '../support/engines.ts';
import { connect } from '../support/socket-client.ts';
import { until } from '../support/until.ts';

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

/** A process whose clock has been moved. */
interface Moved {
  /** How far, as it says itself. */
  readonly difference: number;
  /** How many it counts. */
  readonly count: () => Promise<number>;
}

let program: Awaited<ReturnType<typeof bundle>>;
beforeAll(async () => {
  program = await bundle('spec/drills/hub-node.ts');
});
afterAll(() => program.remove());

describe.each(engines)('on $name', ({ start }) => {
  it('processes whose clocks are an hour fast and slow count, and are counted', async () => {
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
    /** Starts a process with a client that hears the topic. */
    const moved = async (ms: number): Promise<Moved> => {
      const options = { engine: engine.options, prefix, name: `moved-by-${ms}` };
      const other = fork(program.path, [JSON.stringify(options)], {
        execArgv: ['--import', movedBy(ms)],
      });
      onTestFinished(() => void other.kill('SIGKILL'));
      const messages = on(other, 'message') as AsyncIterableIterator<[unknown]>;
      const next = async <Message>(): Promise<Message> => {
        const { value } = (await messages.next()) as { value: [Message] };
        return value[0];
      };
      const difference = (await next<number>()) - Date.now();
      await connect(`http://127.0.0.1:${await next<number>()}/news`);
      const count = async (): Promise<number> => {
        other.send('state');
        return (await next<NodeState>()).count;
      };
      return { difference, count };
    };

    const [fast, slow] = await Promise.all([moved(HOUR), moved(-HOUR)]);

    await until(async () => (await hub.count('news')) === 3);
    for (const other of [fast, slow]) await until(async () => (await other.count()) === 3);

    expect(Math.abs(fast.difference - HOUR)).toBeLessThan(HOUR / 2);
    expect(Math.abs(slow.difference + HOUR)).toBeLessThan(HOUR / 2);
    expect(await hub.count('news')).toBe(3);
  }, 60_000);
});
