/** The processes of a drill, each ended with its test. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { type DrillOptions, type DrillReport } from '../drills/report.ts';

/** Whether the long form was asked for. */
export const isLong = process.env['FAULTS'] === 'long';

/** A number of the goal in the long form, a smaller one in the short. */
export function scaled(short: number, long: number): number {
  return isLong ? long : short;
}

/** A server under attack. */
export interface Drilled {
  readonly http: string;
  readonly ws: string;
  /** Rejects when the process has died. */
  readonly report: () => Promise<DrillReport>;
  /** How long the shutdown took, and the code with which the process then ended by itself. */
  readonly close: (timeout: number) => Promise<{ took: number; code: number | null }>;
  /** All that it printed. */
  readonly printed: () => string;
}

/** Starts the server. */
export async function drill(options: DrillOptions = {}): Promise<Drilled> {
  const started = start('server.ts', [JSON.stringify(options)]);
  const { child, printed } = started;
  const { port } = await answer<{ port: number }>(started);
  return {
    http: `http://127.0.0.1:${port}`,
    ws: `ws://127.0.0.1:${port}`,
    printed,
    report: async () => {
      const told = answer<{ report: DrillReport }>(started);
      if (child.connected) child.send('report');
      return (await told).report;
    },
    close: async (timeout) => {
      const ended = once(child, 'exit') as Promise<[number | null]>;
      const told = answer<{ closed: number }>(started);
      child.send({ timeout });
      const { closed } = await told;
      const [code] = await ended;
      return { took: closed, code };
    },
  };
}

/**
 * Starts clients in a process of their own, and waits until they are connected.
 * @param kind - what they flood with: `messages`, `fragments`, `pings`, `pongs`, `undecodable`
 */
export async function client(
  what: 'flood' | 'freeze',
  url: string,
  kind = 'messages',
  count = 1,
): Promise<ChildProcess> {
  const started = start('client.ts', [what, url, kind, String(count)]);
  await answer(started);
  return started.child;
}

interface Started {
  readonly child: ChildProcess;
  readonly printed: () => string;
  /** Rejects when it dies. */
  readonly dead: Promise<never>;
}

function start(file: string, args: string[]): Started {
  const path = fileURLToPath(new URL(`../drills/${file}`, import.meta.url));
  const child = fork(path, args, {
    execArgv: ['--expose-gc', '--import', 'tsx'],
    // What is printed in development would count as printed.
    env: { ...process.env, NODE_ENV: 'production' },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let output = '';
  const collect = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout?.on('data', collect);
  child.stderr?.on('data', collect);
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  const dead = once(child, 'exit').then(([code]): never => {
    throw new Error(`The process has died with ${String(code)}: ${output}`);
  });
  dead.catch(() => {});
  return { child, printed: () => output, dead };
}

/** The next thing that a process says. */
async function answer<Told>({ child, dead }: Started): Promise<Told> {
  const [told] = (await Promise.race([once(child, 'message'), dead])) as [Told];
  return told;
}
