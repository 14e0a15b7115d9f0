/** Server processes that are one hub, and clients of theirs that keep account of what they hear. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import { type EngineOptions } from '../support/engines.ts';

/** How a process is told what to do. */
export interface NodeOptions {
  readonly engine: EngineOptions;
  readonly prefix: string;
  /** Its connections to Redis are called `<prefix>-<name>`. */
  readonly name: string;
  /** How many messages a log keeps. */
  readonly messages?: number | undefined;
}

/** What a process says of itself. */
export interface NodeState {
  readonly count: number;
  readonly errors: readonly string[];
  readonly gaps: number;
  /** In bytes, after a garbage collection. */
  readonly rss: number;
  /** The highest since it was last asked. */
  readonly peak: number;
  /** What its processor did since it began, in microseconds; without that garbage collection. */
  readonly cpu: number;
}

/** The message of the drills: the n-th of its publisher, from 0. */
export interface Said {
  readonly from: string;
  readonly n: number;
  readonly padding: string;
}

export interface ServerNode {
  readonly process: ChildProcess;
  readonly port: number;
  readonly state: () => Promise<NodeState>;
  /** Ends it as a machine ends whose power fails. */
  readonly kill: () => Promise<void>;
}

const program = fileURLToPath(new URL('hub-node.ts', import.meta.url));

/** Starts a process; it hears the others when this resolves. */
export async function startNode(options: NodeOptions): Promise<ServerNode> {
  const child = fork(program, [JSON.stringify(options)], {
    execArgv: ['--expose-gc', '--import', 'tsx'],
  });
  const [port] = (await once(child, 'message')) as [number];
  return {
    process: child,
    port,
    state: async () => {
      const answer = once(child, 'message');
      child.send('state?');
      const [state] = (await answer) as [NodeState];
      return state;
    },
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = once(child, 'exit');
      child.kill('SIGKILL');
      await exit;
    },
  };
}

/** A client of a process. */
export class Client {
  /** What it heard of each publisher, in order. */
  readonly heard = new Map<string, number[]>();
  readonly #socket: WebSocket;
  readonly #looks = new Set<() => void>();

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('error', () => {});
    socket.on('close', () => this.#look());
    socket.on('message', (data: Buffer) => {
      const { from, n } = JSON.parse(data.toString()) as Said;
      const numbers = this.heard.get(from);
      if (numbers === undefined) this.heard.set(from, [n]);
      else numbers.push(n);
      this.#look();
    });
  }

  static async connect({ port }: ServerNode): Promise<Client> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/news`);
    const client = new Client(socket);
    await once(socket, 'open');
    // The first pong comes after onOpen, which joins.
    socket.ping();
    await once(socket, 'pong');
    return client;
  }

  of(from: string): readonly number[] {
    return this.heard.get(from) ?? [];
  }

  /** Waits until the condition holds, or the connection is gone. */
  async until(holds: () => boolean): Promise<void> {
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (!holds() && this.#socket.readyState === WebSocket.OPEN) return;
        this.#looks.delete(look);
        resolve();
      };
      this.#looks.add(look);
      look();
    });
  }

  /** Says the messages from `first` on, as fast as it hears them itself, up to so many ahead. */
  async say(from: string, first: number, count: number, padding = '', ahead = 50): Promise<void> {
    for (let n = first; n < first + count; n++) {
      if (this.#socket.readyState !== WebSocket.OPEN) return;
      this.#socket.send(JSON.stringify({ from, n, padding } satisfies Said));
      if (n - first >= ahead) await this.until(() => (this.of(from).at(-1) ?? -1) >= n - ahead);
    }
    await this.until(() => (this.of(from).at(-1) ?? -1) >= first + count - 1);
  }

  end(): void {
    this.#socket.terminate();
  }

  #look(): void {
    for (const look of this.#looks) look();
  }
}
