/** What a store of windows writes and nobody waits for: answers, and claims that are given back. */
import { type Connection } from './connection.ts';
import { type Argument } from './entry.ts';

/** How many bytes wait while Redis does not take them; more are not kept. */
const WAITING_LIMIT = 16_777_216;

/** About what one takes beside its arguments, in bytes. */
const OVERHEAD = 300;

/** After how long what was refused is written again, in milliseconds. */
const RETRY = 1_000;

/** What {@link StoreWrites} needs. */
export interface StoreWritesOptions {
  /** The connection to the node that has a key; undefined while there is none. */
  readonly connectionOf: (key: string) => Connection | undefined;
  /** Redis refused one, which is written again. */
  readonly refused: (used: Connection, cause: unknown) => void;
}

interface Write {
  readonly key: string;
  readonly command: Argument[];
  readonly size: number;
  /** When nobody asks for it any more. */
  readonly until: number;
}

/** Each is written until Redis has it: when it is there again, and takes it. */
export class StoreWrites {
  readonly #options: StoreWritesOptions;
  #waiting: Write[] = [];
  /** How many bytes Redis does not have yet, with those on their way; Infinity at the end. */
  #bytes = 0;
  #count = 0;
  #timer: NodeJS.Timeout | undefined;
  #emptied: (() => void) | undefined;

  constructor(options: StoreWritesOptions) {
    this.#options = options;
  }

  /** @param life - for how long it is of use, in milliseconds */
  add(key: string, command: Argument[], life: number): void {
    const size = command.reduce((sum, { length }) => sum + length, OVERHEAD);
    // guard: what waits for a store is bounded
    if (this.#bytes + size > WAITING_LIMIT) return;
    this.#bytes += size;
    this.#count += 1;
    this.#write({ key, command, size, until: performance.now() + life });
  }

  /** Writes all that waits. */
  again(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const late = this.#waiting;
    this.#waiting = [];
    const now = performance.now();
    for (const write of late) {
      if (write.until < now) this.#done(write);
      else this.#write(write);
    }
  }

  /**
   * Waits until Redis has all, and takes nothing more.
   * @param limit - for how long, in milliseconds
   * @returns false when it has not
   */
  async end(limit: number): Promise<boolean> {
    if (this.#count > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, limit);
        this.#emptied = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    clearTimeout(this.#timer);
    this.#waiting = [];
    this.#bytes = Infinity;
    return this.#count === 0;
  }

  #write(write: Write): void {
    const { key, command } = write;
    const used = this.#options.connectionOf(key);
    if (used === undefined) {
      this.#wait(write);
      return;
    }
    used.send(command).then(
      () => this.#done(write),
      (cause: unknown) => {
        this.#wait(write);
        if (!used.isBroken) this.#options.refused(used, cause);
      },
    );
  }

  #wait(write: Write): void {
    if (this.#bytes === Infinity) return;
    this.#waiting.push(write);
    this.#timer ??= setTimeout(() => this.again(), RETRY).unref();
  }

  #done({ size }: Write): void {
    this.#bytes -= size;
    this.#count -= 1;
    if (this.#count === 0) this.#emptied?.();
  }
}
