/**
 * The writes to one control. An event carries the number of the last write that its page had
 * received; comparing the event with the value of that write shows what the user has changed.
 *
 * Only a few values are kept. When more writes are under way, each further one also carries its
 * value, which the page keeps and sends back with its events. So nothing typed is lost, however far
 * behind a page is.
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

/** How many values are kept for pages that do not keep them themselves. */
const MAX_WRITES = 8;

export class Writes {
  #list: Write[];
  #remembered = 0;
  /** The length at which the list is pruned. */
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

  /** The number of writes kept. */
  get size(): number {
    return this.#list.length;
  }

  /** The value of the write with this number; undefined when it is not kept. */
  valueOf(version: number): Known | undefined {
    return this.#list.find((write) => write.version === version)?.value;
  }

  /** What a page showed at first that was mounted after the write with this number. */
  valueUntil(version: number): Known | undefined {
    return this.#list.findLast((write) => write.version <= version)?.value;
  }

  /** @param bases - for each page the number of the latest write that it is known to have received */
  push(write: Write, bases: () => Iterable<number>): void {
    this.#list.push(write);
    if (!write.isKept) this.#remembered += 1;
    if (this.#list.length > this.#limit) this.forget(bases());
  }

  /** Drops the writes to which no event of these pages can refer any more. */
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

  /** A copy for one page alone. */
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
