/** An example as a person starts it: in a process of its own, which ends by a signal. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

export interface RunningExample {
  readonly url: string;
  readonly port: string;
  /** Ends it in order, and gives its exit code. Stopping twice does nothing. */
  readonly stop: () => Promise<number | null>;
  /** Ends it by kill -9. */
  readonly kill: () => Promise<void>;
}

/**
 * Starts an example and waits for the line in which it says where it listens.
 * @param command - what is typed in the root of the repository; `server.ts` of an example, or `npm start`
 * @param env - beside that of this process; PORT=0 unless told
 */
export async function startExample(
  command: string,
  env: Readonly<Record<string, string>> = {},
): Promise<RunningExample> {
  const [program = '', ...args] = command.endsWith('.ts')
    ? [process.execPath, '--import', 'tsx', command]
    : command.split(' ');
  const child = spawn(program, args, {
    cwd: root,
    env: { ...process.env, PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
    // A group of its own, which is signalled as a terminal does it: npm would keep the signal from
    // what it has started.
    detached: true,
  });
  const exited = once(child, 'exit') as Promise<[code: number | null]>;
  const url = await addressOf(child);
  return {
    url,
    port: new URL(url).port,
    stop: async () => {
      const isRunning = child.exitCode === null && child.signalCode === null;
      if (isRunning && child.pid !== undefined) process.kill(-child.pid, 'SIGTERM');
      const [code] = await exited;
      return code;
    },
    kill: async () => {
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      await exited;
    },
  };
}

/** The first line that is an address: npm prints lines of its own before. */
function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = '';
    // It is read to the end, or a full pipe would hold the example up.
    child.stdout?.on('data', (chunk: Buffer) => {
      printed += chunk.toString();
      const address = /^http:\/\/\S+$/m.exec(printed)?.[0];
      if (address !== undefined) resolve(address);
    });
    child.once('exit', () => {
      reject(new Error(`the example ended before it said where it listens:\n${printed}`));
    });
  });
}
