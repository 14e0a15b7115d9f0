/**
 * The writes to one control. An event says the number of the last write that its page had seen; what
 * the user has changed is found by comparing the event with the value of that write.
 *
 * Few are remembered. Once there are so many that pages may not have seen, a page is given the value
 * of each further write along with its number, and says both with its events: then nothing typed is
 * lost, however far behind the page is.
 */
import { type Page } from './agreement.ts';
import { type Known } from './vdom/control.ts';

/** A write to a control. */
export interface Write {
  readonly version: number;
  readonly value: Known;
  /** The page whose event it answers. */
  readonly by: Page | undefined;
  /** Whether that event was about the control itself. */
  readonly isOwn: boolean;
  /** Whether the page keeps the value itself. */
  readonly isKept: boolean;
}

/** So many are remembered for the pages that do not keep the value themselves. */
const MAX_WRITES = 8;

export class Writes {
  #list: Write[];
  #remembered = 0;
  /** How long the list may become before it is looked through. */
  #limit = 2 * MAX_WRITES;

  constructor(list: readonly Write[] = []) {
    this.#list = [...list];
    this.#count();
  }

  get last(): Write | undefined {
    return this.#list.at(-1);
  }

  /** Whether pages must keep the value of the next write themselves. */
  get isFull(): boolean {
    return this.#remembered >= MAX_WRITES;
  }

  /** How many there are. */
  get size(): number {
    return this.#list.length;
  }

  /** The value of the write with this number; undefined when it is not remembered. */
  valueOf(version: number): Known | undefined {
    return this.#list.find((write) => write.version === version)?.value;
  }

  /** What a page showed that was mounted after the write with this number. */
  valueUntil(version: number): Known | undefined {
    return this.#list.findLast((write) => write.version <= version)?.value;
  }

  /** @param bases - for each page the number of the latest write that it is known to have seen */
  push(write: Write, bases: () => Iterable<number>): void {
    this.#list.push(write);
    if (!write.isKept) this.#remembered += 1;
    if (this.#list.length > this.#limit) this.forget(bases());
  }

  /** Keeps what these pages may still be about, and no more. */
  forget(bases: Iterable<number>): void {
    const list = this.#list;
    const needed = new Set<number>([list.length - 1]);
    let oldest = Infinity;
    for (const base of new Set(bases)) {
      oldest = Math.min(oldest, base);
      needed.add(list.findLastIndex(({ version }) => version <= base));
    }
    this.#list = list.filter(
      ({ version, isKept }, at) => needed.has(at) || (!isKept && version > oldest),
    );
    this.#count();
    this.#limit = Math.max(2 * MAX_WRITES, 2 * this.#list.length);
  }

  /** The same, for one page alone. */
  copyFor(base: number): Writes {
    const copy = new Writes(this.#list);
    copy.forget([base]);
    return copy;
  }

  #count(): void {
    this.#remembered = 0;
    for (const { isKept } of this.#list) if (!isKept) this.#remembered += 1;
  }
}
