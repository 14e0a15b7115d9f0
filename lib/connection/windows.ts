/** The windows of all clients of a route. */
import { unwatch, watch } from '../process/shared-interval.ts';
import { type MessageId } from './acknowledgement.ts';
import { ClientWindow, type Holder, type WindowLimits } from './client-window.ts';
import { type Budget } from './kept-messages.ts';
import { type OpenStore } from '../core/window-store.ts';

interface Limits extends WindowLimits {
  readonly totalBytes: number;
}

/** How often windows are looked through, in milliseconds. */
const SWEEP = 5_000;

/** About what an empty window costs, in bytes. */
const EMPTY = 300;

/** Windows by what client and user are called: {@link ownerTag}. */
export class Windows {
  readonly #limits: Limits;
  readonly #budget: Budget;
  /** Those that were left longest ago come first, but for those that have a connection. */
  readonly #windows = new Map<string, ClientWindow>();
  readonly store: OpenStore | undefined;

  constructor(limits: Limits, store: OpenStore | undefined) {
    this.#limits = limits;
    this.#budget = { bytes: 0, limit: limits.totalBytes };
    this.store = store;
  }

  /** How many there are. */
  get size(): number {
    return this.#windows.size;
  }

  /** The window that a client has left behind, if there is one. */
  find(tag: string): ClientWindow | undefined {
    return this.#windows.get(tag);
  }

  /**
   * Makes a new one, and forgets the one that the client has; a connection that has it is notified.
   * @param floor - the largest id that may have been handled elsewhere
   */
  make(tag: string, floor: MessageId): ClientWindow {
    const window = new ClientWindow(this.#limits, this.#budget, floor);
    if (this.#windows.size === 0) watch(this, SWEEP);
    // What it went on to keep in a window that is forgotten would count for ever.
    // guard: a client has one connection, also when it begins anew
    this.#windows.get(tag)?.holder?.replaced();
    this.#forget(tag);
    this.#windows.set(tag, window);
    this.#budget.bytes += EMPTY;
    if (this.#budget.bytes > this.#budget.limit) this.#makeRoom();
    return window;
  }

  /** A connection has the window from now on; the one that had it is notified. */
  hold(window: ClientWindow, holder: Holder): void {
    const before = window.holder;
    window.holder = holder;
    // guard: a client has one connection
    before?.replaced();
  }

  /** The connection of a window has ended. */
  leave(tag: string, window: ClientWindow, holder: Holder): void {
    // guard: a line that was replaced leaves nothing behind
    if (window.holder !== holder) return;
    window.holder = undefined;
    window.leftAt = performance.now();
    if (this.#windows.get(tag) !== window) return;
    // To the end: the others were left before.
    this.#windows.delete(tag);
    this.#windows.set(tag, window);
  }

  // What the shared interval calls.

  beat(): void {
    const now = performance.now();
    for (const [tag, window] of this.#windows) {
      const isOver = window.holder === undefined && now - window.leftAt > this.#limits.milliseconds;
      if (isOver) this.#forget(tag);
      else window.expire(now);
    }
    if (this.#windows.size === 0) unwatch(this, SWEEP);
  }

  /** Forgets what was left behind until half of the room is free. */
  #makeRoom(): void {
    for (const [tag, window] of this.#windows) {
      if (this.#budget.bytes <= this.#budget.limit / 2) return;
      // guard: windows that were left make room
      if (window.holder === undefined) this.#forget(tag);
    }
  }

  #forget(tag: string): void {
    const window = this.#windows.get(tag);
    if (window === undefined || !this.#windows.delete(tag)) return;
    this.#budget.bytes -= EMPTY;
    window.clear();
  }
}
