/**
 * How many receivers each topic has, across processes: a count asks all live processes. A process
 * sends a beat every 5 s. Each other process takes it for dead when no beat arrived for 20 s by its
 * own clock.
 */
import { type Session } from './session.ts';

const BEAT = 5_000;
const LIFETIME = 20_000;

/** How long the answers may take, in milliseconds. */
const COUNT_LIMIT = 1_000;

/** How many processes are remembered at most, whatever is published. */
const MOST = 10_000;

export class Counts {
  readonly #prefix: string;
  readonly #node: string;
  readonly #counts = new Map<string, number>();
  /** When a beat of each other process last arrived. */
  readonly #others = new Map<string, number>();
  readonly #asking = new Map<string, (node: string, count: number) => void>();
  #questions = 0;

  constructor(prefix: string, node: string) {
    this.#prefix = prefix;
    this.#node = node;
  }

  set(topic: string, receivers: number): void {
    if (receivers > 0) this.#counts.set(topic, receivers);
    else this.#counts.delete(topic);
  }

  /** Answers, and says that this process lives, as long as the session lasts. */
  begin(session: Session): void {
    const prefix = this.#prefix;
    const alive = (): void => session.publish(`${prefix}.n.alive`, this.#node);
    session.subscribe(`${prefix}.n.alive`, (message) => this.#heard(message.string()));
    session.subscribe(`${prefix}.n.hello`, (message) => {
      this.#heard(message.string());
      alive();
    });
    session.subscribe(`${prefix}.n.bye`, (message) => this.#others.delete(message.string()));
    session.subscribe(`${prefix}.n.count`, (message) => {
      const count = this.#counts.get(message.string()) ?? 0;
      if (message.reply !== undefined) session.publish(message.reply, `${this.#node} ${count}`);
    });
    session.subscribe(`${prefix}.a.${this.#node}.*`, (message) => {
      const [node = '', count = ''] = message.string().split(' ');
      if (!/^\d{1,9}$/.test(count)) return;
      this.#asking.get(message.subject.split('.').at(-1) ?? '')?.(node, Number(count));
    });
    session.publish(`${prefix}.n.hello`, this.#node);
    const timer = setInterval(alive, BEAT);
    timer.unref();
    session.signal.addEventListener('abort', () => clearInterval(timer), { once: true });
  }

  /** How many receivers a topic has in the other processes. */
  async of(topic: string, session: Session): Promise<number> {
    const now = performance.now();
    for (const [node, heard] of this.#others) {
      if (now - heard > LIFETIME) this.#others.delete(node);
    }
    const missing = new Set(this.#others.keys());
    if (missing.size === 0) return 0;
    this.#questions += 1;
    const id = String(this.#questions);
    let sum = 0;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, COUNT_LIMIT);
      this.#asking.set(id, (node, count) => {
        if (!missing.delete(node)) return;
        sum += count;
        if (missing.size > 0) return;
        clearTimeout(timer);
        resolve();
      });
      session.publish(`${this.#prefix}.n.count`, topic, `${this.#prefix}.a.${this.#node}.${id}`);
    });
    this.#asking.delete(id);
    return sum;
  }

  /** Takes this process out of every count. */
  withdraw(session: Session): void {
    this.#counts.clear();
    session.publish(`${this.#prefix}.n.bye`, this.#node);
  }

  #heard(node: string): void {
    if (node === this.#node || !/^[\w-]{16}$/.test(node)) return;
    if (this.#others.size < MOST || this.#others.has(node))
      this.#others.set(node, performance.now());
  }
}
