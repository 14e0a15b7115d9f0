/** The processes of a benchmark: a server for each contender, and the generator. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import {
  type LoadOrder,
  type LoadReport,
  type Order,
  type Ports,
  type Target,
  type ServerReport,
  type Turn,
} from './protocol.ts';

/** Where the bundles are; beside them stand the peers. */
const built = fileURLToPath(new URL('.build/', import.meta.url));

/** Whether each process can be held to a core of its own. */
export const isPinned =
  process.platform === 'linux' && spawnSync('taskset', ['-c', '0,1', 'true']).status === 0;

/** Runs a bundle, on a core of its own where that can be. */
export function start(core: number, bundle: string, ...args: string[]): ChildProcess {
  const command = [process.execPath, '--expose-gc', `${built}${bundle}`, ...args];
  const whole = isPinned ? ['taskset', '-c', String(core), ...command] : command;
  return spawn(whole[0] as string, whole.slice(1), {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
}

/** What a process says next. */
export function answerOf<Said>(child: ChildProcess): Promise<Said> {
  return new Promise((resolve, reject) => {
    const gone = (): void => {
      reject(new Error(`A process has ended: ${child.spawnargs.join(' ')}`));
    };
    child.once('exit', gone);
    child.once('message', (said) => {
      child.off('exit', gone);
      resolve(said as Said);
    });
  });
}

/** What a server has used so far: CPU in microseconds, RSS and heap in bytes. */
export interface Usage {
  readonly cpu: number;
  readonly rss: number;
  readonly heap: number;
}

/** The server of one contender. */
export class ServerProcess {
  readonly ports: Ports;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, ports: Ports) {
    this.#child = child;
    this.ports = ports;
  }

  static async start(name: string): Promise<ServerProcess> {
    const child = start(0, 'server.mjs', name);
    return new ServerProcess(child, await answerOf<Ports>(child));
  }

  async usage(collects = false): Promise<Usage> {
    const order: Order = { kind: 'usage', collects };
    this.#child.send(order);
    return answerOf<Extract<ServerReport, { kind: 'usage' }>>(this.#child);
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }
}

/** What came of a turn. Latencies as `bucketOf` counts them. */
export interface Outcome {
  readonly messages: number;
  readonly latencies: readonly (readonly [bucket: number, count: number])[];
}

/** The generator. */
export class Load {
  readonly #child: ChildProcess = start(1, 'load.mjs');

  async connect(name: string, target: Target): Promise<void> {
    await this.#order({ kind: 'connect', name, target });
  }

  async disconnect(name: string): Promise<void> {
    await this.#order({ kind: 'disconnect', name });
  }

  async turn(turn: Turn): Promise<Outcome> {
    return (await this.#order({ kind: 'turn', turn })) as Extract<LoadReport, { kind: 'done' }>;
  }

  stop(): void {
    this.#child.kill('SIGKILL');
  }

  #order(order: LoadOrder): Promise<LoadReport> {
    this.#child.send(order);
    return answerOf<LoadReport>(this.#child);
  }
}
