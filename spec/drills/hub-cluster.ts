/** Server processes that are one hub, and clients of theirs that keep account of what they hear. */
import { type ChildProcess, fork } from 'node:child_process';
import { type EventEmitter, once } from 'node:events';
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
  /** What every client joins: `news` alone, where nothing else is said. */
  readonly topics?: readonly string[] | undefined;
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
  readonly topic: string;
  /** In what a process says to its own clients where a gap is: why. */
  readonly gap?: string | undefined;
}

/** What a client heard. */
export type Heard = Omit<Said, 'padding'>;

export interface ServerNode {
  readonly process: ChildProcess;
  readonly port: number;
  readonly state: () => Promise<NodeState>;
  /** Ends it as a machine ends whose power fails. */
  readonly kill: () => Promise<void>;
}

const program = fileURLToPath(new URL('hub-node.ts', import.meta.url));

/** For how long anything is waited for that others do, in milliseconds. */
const LIMIT = 40_000;

/** Waits for what is emitted next. Rejects when it takes too long, and says what was awaited. */
async function next<Value>(
  emitter: EventEmitter,
  event: string,
  what: string,
  limit = LIMIT,
): Promise<Value> {
  try {
    const [value] = (await once(emitter, event, { signal: AbortSignal.timeout(limit) })) as [Value];
    return value;
  } catch (cause) {
    throw new Error(`${what}: nothing within ${limit} ms`, { cause });
  }
}

/** Starts a process; it hears the others when this resolves. */
export async function startNode(options: NodeOptions): Promise<ServerNode> {
  const child = fork(program, [JSON.stringify(options)], {
    execArgv: ['--expose-gc', '--import', 'tsx'],
  });
  // It compiles itself first, which takes long where much else is done.
  const port = await next<number>(child, 'message', `the port of ${options.name}`, 2 * LIMIT);
  return {
    process: child,
    port,
    state: async () => {
      const answer = next<NodeState>(child, 'message', `the state of ${options.name}`);
      child.send('state?');
      return answer;
    },
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exit = next(child, 'exit', `the end of ${options.name}`);
      child.kill('SIGKILL');
      await exit;
    },
  };
}

/** A client of a process. */
export class Client {
  /** All that it heard, in order. */
  readonly events: Heard[] = [];
  readonly #numbers = new Map<string, number[]>();
  readonly #highest = new Map<string, number>();
  readonly #gaps = new Map<string, number>();
  readonly #topics: readonly string[];
  readonly #socket: WebSocket;
  readonly #looks = new Set<() => void>();

  private constructor(socket: WebSocket, topics: readonly string[]) {
    this.#socket = socket;
    this.#topics = topics;
    socket.on('error', () => {});
    socket.on('close', () => this.#look());
    socket.on('message', (data: Buffer) => {
      const { padding: _padding, ...heard } = JSON.parse(data.toString()) as Said;
      const { from, n, topic, gap } = heard;
      this.events.push(heard);
      const numbers = this.#numbers.get(from);
      if (numbers === undefined) this.#numbers.set(from, [n]);
      else numbers.push(n);
      // Of several topics each has its own order.
      this.#highest.set(from, Math.max(n, this.#highest.get(from) ?? 0));
      if (gap !== undefined) this.#gaps.set(topic, this.gapsIn(topic) + 1);
      this.#look();
    });
  }

  /** @param topics - what its messages are dealt out to, in turn; it hears them all */
  static async connect(
    { port }: ServerNode,
    topics: readonly string[] = ['news'],
  ): Promise<Client> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/news`);
    const client = new Client(socket, topics);
    await next(socket, 'open', 'a client that connects');
    // The first pong comes after onOpen, which joins.
    socket.ping();
    await next(socket, 'pong', 'a client that joins');
    return client;
  }

  /** What it heard of a publisher, in order. */
  of(from: string): readonly number[] {
    return this.#numbers.get(from) ?? [];
  }

  /** Why there were gaps, in order. */
  get gaps(): readonly string[] {
    return this.events.flatMap(({ gap }) => (gap === undefined ? [] : [gap]));
  }

  gapsIn(topic: string): number {
    return this.#gaps.get(topic) ?? 0;
  }

  /**
   * Waits until the condition holds, or the connection is gone. Rejects when that takes too long.
   * @param what - what is awaited, for the error
   */
  async until(holds: () => boolean, what = String(holds), limit = LIMIT): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      const end = (): void => {
        this.#looks.delete(look);
        clearTimeout(late);
      };
      const late = setTimeout(() => {
        end();
        reject(new Error(`${what}: not within ${limit} ms. It heard ${this.#summary()}`));
      }, limit);
      const look = (): void => {
        if (!holds() && this.#socket.readyState === WebSocket.OPEN) return;
        end();
        resolve();
      };
      this.#looks.add(look);
      look();
    });
  }

  /**
   * Says the messages from `first` on, as fast as it hears them itself, up to so many ahead. One
   * after which there was a gap may be lost, and is not waited for.
   */
  async say(from: string, first: number, count: number, padding = '', ahead = 50): Promise<void> {
    const gaps: number[] = [];
    const topicOf = (n: number): string => this.#topics[n % this.#topics.length] ?? 'news';
    const end = first + count;
    const isDone = (n: number): boolean =>
      (this.#highest.get(from) ?? -1) >= n || this.gapsIn(topicOf(n)) > (gaps[n - first] ?? 0);
    for (let n = first; n < end; n++) {
      if (this.#socket.readyState !== WebSocket.OPEN) return;
      const topic = topicOf(n);
      gaps.push(this.gapsIn(topic));
      this.#socket.send(JSON.stringify({ from, n, padding, topic } satisfies Said));
      if (n - first >= ahead)
        await this.until(() => isDone(n - ahead), `to hear ${from} ${n - ahead}`);
    }
    await this.until(() => isDone(end - 1), `to hear ${from} ${end - 1}`);
  }

  end(): void {
    this.#socket.terminate();
  }

  /** The last that it heard of each publisher, and how many gaps in each topic. */
  #summary(): string {
    const last = [...this.#numbers].map(([from, numbers]) => `${from} ${numbers.slice(-3).join()}`);
    return JSON.stringify({ last, gaps: Object.fromEntries(this.#gaps) });
  }

  #look(): void {
    for (const look of this.#looks) look();
  }
}
