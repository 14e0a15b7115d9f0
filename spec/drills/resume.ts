/** The drill of G35: clients that are cut, servers that are killed, and an account of all that was said. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import { ask, connect, type Link, resume } from '../../lib/client.ts';
import { createHub } from '../../lib/index.ts';
import { bounded } from '../support/bounded.ts';
import { backplaneOf, type EngineOptions } from '../support/engines.ts';
import { until } from '../support/until.ts';

export interface ResumeNodeOptions {
  /** Undefined: there is one process, with its logs in memory, and all is published there. */
  readonly engine: EngineOptions | undefined;
  readonly prefix: string;
  /** True where the windows are in Redis too; otherwise each process has its own. */
  readonly hasStore: boolean;
}

export interface ResumeDrill extends ResumeNodeOptions {
  readonly clients: number;
  readonly topics: number;
  readonly pushes: number;
  readonly asks: number;
  /** How many lines are cut, and how many processes killed by kill -9. */
  readonly cuts: number;
  readonly kills: number;
  /** In how many steps all that is done. */
  readonly steps: number;
  readonly random: () => number;
}

export interface ResumeReport {
  readonly delivered: number;
  /** Messages of topics that a client missed without a gap, or got twice. */
  readonly lost: number;
  readonly doubled: number;
  readonly gaps: number;
  readonly resumed: number;
  readonly begunAnew: number;
  readonly answered: number;
  /** Asks that failed, by their codes. */
  readonly failed: Record<string, number>;
  readonly handledTwice: number;
  /** Answered, and not handled. */
  readonly invented: number;
}

interface Node {
  readonly child: ChildProcess;
  readonly port: number;
}

const path = fileURLToPath(new URL('resume-node.ts', import.meta.url));
const codec = { decode: (encoded: string) => encoded, encode: (message: string) => message };

/**
 * A message that does not follow on the one before. A gap is told for it from the one before on, or soon
 * after: what a hub tells of itself is not in order with what a client hears when it comes back.
 */
interface Jump {
  /** When the one before came, and this one, in milliseconds. */
  readonly since: number;
  readonly at: number;
  readonly from: number;
  readonly to: number;
}

/** How much sooner or later than that a gap may be told, in milliseconds. */
const NEAR = 5_000;

class Client {
  readonly link: Link<string, string>;
  readonly topic: string;
  #socket: WebSocket | undefined;
  #last: number | undefined;
  #heardAt = 0;
  readonly jumps: Jump[] = [];
  readonly told: number[] = [];
  delivered = 0;
  gaps = 0;
  resumed = 0;
  begunAnew = 0;

  constructor(topic: string, url: () => string) {
    this.topic = topic;
    const took = (socket: WebSocket): void => {
      this.#socket = socket;
    };
    this.link = connect<string, string>({
      url,
      codec,
      minDelay: 20,
      maxDelay: 500,
      resume: resume(),
      WebSocket: noting(took),
      onMessage: (message) => {
        if (message === 'gap') this.told.push(performance.now());
        else this.#heard(Number(message));
      },
      onOpen: ({ isFirst, isResumed }) => {
        if (isFirst) return;
        if (isResumed) this.resumed += 1;
        else {
          this.begunAnew += 1;
          this.told.push(performance.now());
        }
      },
      onGap: () => {
        this.gaps += 1;
        this.told.push(performance.now());
      },
    });
  }

  cut(): void {
    this.#socket?.terminate();
  }

  get last(): number {
    return this.#last ?? 0;
  }

  /** The jumps of which nobody told. */
  untold(): Jump[] {
    return this.jumps.filter(
      ({ since, at }) => !this.told.some((told) => told > since - NEAR && told < at + NEAR),
    );
  }

  #heard(n: number): void {
    const at = performance.now();
    this.delivered += 1;
    if (this.#last !== undefined && n !== this.#last + 1) {
      this.jumps.push({ since: this.#heardAt, at, from: this.#last, to: n });
    }
    this.#last = n;
    this.#heardAt = at;
  }
}

/** A class of sockets that shows each of them. */
function noting(took: (socket: WebSocket) => void): typeof WebSocket {
  return class extends WebSocket {
    constructor(address: string | URL, protocols?: string | string[]) {
      super(address, protocols);
      took(this);
    }
  } as typeof WebSocket;
}

/** Where messages of topics are published. */
interface Publisher {
  readonly publish: (topic: string, message: string) => void;
  readonly close: () => Promise<void>;
}

/** A hub of this process, on the engine. */
async function publisherOn(engine: EngineOptions, prefix: string): Promise<Publisher> {
  const hub = createHub({
    codec,
    backplane: backplaneOf(engine, { prefix, messages: 5_000 }),
    onError: () => undefined,
    onGap: () => undefined,
  });
  await bounded('the hub that publishes', hub.ready());
  return {
    publish: (topic, message) => hub.publish(topic, message),
    close: () => bounded('the end of the hub that publishes', hub.close()),
  };
}

class Nodes {
  readonly #options: ResumeNodeOptions;
  readonly #random: () => number;
  readonly #nodes: Node[] = [];
  /** How often each message was handled. */
  readonly handled = new Map<string, number>();

  constructor(options: ResumeNodeOptions, random: () => number) {
    this.#options = options;
    this.#random = random;
  }

  get isEmpty(): boolean {
    return this.#nodes.length === 0;
  }

  any(): Node {
    const node = this.#nodes[Math.floor(this.#random() * this.#nodes.length)];
    if (node === undefined) throw new Error('no process is there');
    return node;
  }

  /** Publishes in one of them. What is published while there is none is nobody's loss. */
  publish(topic: string, message: string): void {
    this.#nodes[0]?.child.send({ topic, message });
  }

  async start(): Promise<void> {
    const child = fork(path, [JSON.stringify(this.#options)], { execArgv: ['--import', 'tsx'] });
    const started = new Promise<number>((resolve, reject) => {
      child.on('message', (message: { port?: number; handled?: string }) => {
        if (message.port !== undefined) resolve(message.port);
        if (message.handled === undefined) return;
        this.handled.set(message.handled, (this.handled.get(message.handled) ?? 0) + 1);
      });
      child.once('exit', (code) => reject(new Error(`a process has ended with ${String(code)}`)));
    });
    started.catch(() => {});
    try {
      this.#nodes.push({ child, port: await bounded('the port of a process', started) });
    } catch (error) {
      child.kill('SIGKILL');
      throw error;
    }
  }

  /** Kills one by kill -9, and starts another. */
  async replace(): Promise<void> {
    const [node] = this.#nodes.splice(Math.floor(this.#random() * this.#nodes.length), 1);
    if (node !== undefined) await end(node);
    await this.start();
  }

  async end(): Promise<void> {
    await Promise.all(this.#nodes.map(end));
  }
}

async function end({ child }: Node): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await bounded('the end of a process', exit);
}

export async function runResumeDrill(drill: ResumeDrill): Promise<ResumeReport> {
  const {
    engine,
    prefix,
    hasStore,
    clients: count,
    topics,
    pushes,
    asks,
    cuts,
    kills,
    steps,
    random,
  } = drill;
  const pick = <Item>(items: readonly Item[]): Item =>
    items[Math.floor(random() * items.length)] as Item;
  const nodes = new Nodes({ engine, prefix, hasStore }, random);
  const clients: Client[] = [];
  const report = {
    answered: 0,
    failed: {} as Record<string, number>,
    invented: 0,
  };
  let publisher: Publisher | undefined;
  try {
    await Promise.all([nodes.start(), engine && nodes.start()]);
    publisher = engine && (await publisherOn(engine, prefix));
    const publish = publisher?.publish ?? nodes.publish.bind(nodes);
    // A page does not ask the system for a name when its server is away: the last address will do.
    let last = nodes.any();
    const address = (topic: string): string => {
      last = nodes.isEmpty ? last : nodes.any();
      return `ws://127.0.0.1:${last.port}/room/${topic}`;
    };
    for (let n = 0; n < count; n++) {
      const topic = `t${n % topics}`;
      clients.push(new Client(topic, () => address(topic)));
    }
    const allOpen = (): boolean => clients.every(({ link }) => link.getSnapshot().state === 'open');
    await until(allOpen, 60_000);
    const published = new Map<string, number>();
    const say = (topic: string): void => {
      const number = (published.get(topic) ?? 0) + 1;
      published.set(topic, number);
      publish(topic, String(number));
    };
    const waiting: Promise<void>[] = [];
    const answered: string[] = [];
    const askOne = (name: string): void => {
      const asked = ask(pick(clients).link, name, { timeout: 60_000 }).then(
        (reply) => {
          report.answered += 1;
          if (reply === `did ${name}`) answered.push(name);
          else report.invented += 1;
        },
        (error: { code?: string }) => {
          const { code = 'unknown' } = error;
          report.failed[code] = (report.failed[code] ?? 0) + 1;
        },
      );
      waiting.push(asked);
    };
    const share = (total: number, step: number): number =>
      Math.floor((total * (step + 1)) / steps) - Math.floor((total * step) / steps);
    for (let step = 0; step < steps; step++) {
      for (let n = share(pushes, step); n > 0; n--) say(`t${Math.floor(random() * topics)}`);
      for (let n = share(asks, step); n > 0; n--) askOne(`${step}.${n}`);
      for (let n = share(cuts, step); n > 0; n--) pick(clients).cut();
      if (share(kills, step) > 0) await nodes.replace();
      await pause(10 + random() * 20);
    }
    await bounded('the outcome of every ask', Promise.all(waiting), 90_000);
    // What was missed is read from NATS one message at a time, which keeps the processes busy.
    await until(allOpen, 150_000);
    // One more for each topic shows who has not got the last one.
    for (let n = 0; n < topics; n++) say(`t${n}`);
    const isBehind = ({ topic, last: got }: Client): boolean => got !== published.get(topic);
    await until(() => !clients.some(isBehind), 60_000).catch(() => {});
    const behind = clients.filter(isBehind);
    for (const client of clients) {
      for (const { from, to, since, at } of client.untold()) {
        const when = `${Math.round(since)} to ${Math.round(at)}`;
        const told = client.told.map(Math.round).join(' ');
        process.stderr.write(`untold: ${client.topic} ${from} → ${to}, ${when}; told ${told}\n`);
      }
    }
    for (const { topic, last: got, link } of behind) {
      const { state, reason } = link.getSnapshot();
      process.stderr.write(
        `behind: ${topic} at ${got} of ${published.get(topic)}, ${state} ${reason}\n`,
      );
    }
    const sum = (of: (client: Client) => number): number =>
      clients.reduce((total, client) => total + of(client), 0);
    const { handled } = nodes;
    return {
      ...report,
      // What a process that was killed has sent of itself may not have left it.
      invented: report.invented + answered.filter((name) => !handled.has(name)).length,
      delivered: sum(({ delivered }) => delivered),
      lost:
        behind.length + sum((client) => client.untold().filter(({ from, to }) => to > from).length),
      doubled: sum((client) => client.untold().filter(({ from, to }) => to <= from).length),
      gaps: sum(({ gaps }) => gaps),
      resumed: sum(({ resumed }) => resumed),
      begunAnew: sum(({ begunAnew }) => begunAnew),
      handledTwice: [...handled.values()].filter((times) => times > 1).length,
    };
  } finally {
    for (const { link } of clients) link.close();
    await publisher?.close();
    await nodes.end();
  }
}
