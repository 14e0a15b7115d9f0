/** The reading of the stream: from where, in which order, what twice, and what is missing. */
import { BackplaneError } from '../errors.ts';
import { type BackplaneHub } from '../backplane.ts';
import { type Connection } from './connection.ts';
import { HOUR } from './counts.ts';
import { type Argument, type Entry, parseEntry, textOf, topicsOf } from './entry.ts';
import { Publishers } from './publishers.ts';

/** How many entries are read at once. Of the largest ones these are 32 MiB. */
const BATCH = 32;

/** How long Redis waits for the next entry before it says that there is none, in milliseconds. */
const BLOCK = 2_000;

/** How much longer than that its answer may take before we take it for gone, in milliseconds. */
const PATIENCE = 5_000;

/** How long what was read may be handed on before other connections get their turn, in milliseconds. */
const TURN = 8;

/** What {@link Reader} is told. */
export interface ReaderOptions {
  readonly stream: string;
  /** The name of this process in the stream, whose own entries are passed over. */
  readonly publisher: string;
  /** The command that writes an entry without messages. */
  readonly hello: () => Argument[];
  readonly hub: BackplaneHub;
  readonly signal: AbortSignal;
}

/**
 * Reads every entry of the stream, from the hello that this process wrote when it began, and after
 * each break from where it stopped.
 *
 * How it knows that nothing was trimmed before it was read: the stream loses its oldest entries
 * first, so as long as the last entry that we have read is still there, everything after it is. Where
 * it is gone (we stood still for too long, the stream was deleted, Redis came back empty or with an
 * old copy), something may be lost, and the hub is told. The ids are not compared for this: those of
 * a Redis that came back may be lower than what we have seen.
 *
 * Redis is asked for that entry after every read but those that say so themselves: a trimmed stream
 * still has a thousand entries, so one that had fewer to give than were asked for was not trimmed
 * beyond our position. In quiet times, and while we keep up, each entry is sent to us once.
 */
export class Reader {
  readonly #options: ReaderOptions;
  readonly #publishers = new Publishers();
  #position: string | undefined;

  constructor(options: ReaderOptions) {
    this.#options = options;
  }

  /** Reads as long as the connection holds. */
  async read(connection: Connection, healthy: () => void): Promise<never> {
    const { hub, signal } = this.#options;
    let block = false;
    if (this.#position === undefined) {
      this.#position = await this.#hello(connection);
      // Receivers that were there before may have missed what was published before.
      hub.missed();
    }
    for (;;) {
      const position = this.#position;
      const entries = await this.#next(connection, position, block);
      const isSure = block && entries.length > 0 && entries.length < BATCH;
      const isIntact = isSure || (await this.#has(connection, position));
      healthy();
      block = true;
      if (!isIntact) {
        // With nothing behind our position there may be nothing but lower ids: begin at the end.
        if (entries.length === 0) this.#position = await this.#hello(connection);
        this.#publishers.expectGaps();
        hub.missed();
      }
      await this.#handOn(entries);
      signal.throwIfAborted();
    }
  }

  /** Writes an entry that nobody needs to read. Its id is where we begin. */
  async #hello(connection: Connection): Promise<string> {
    const { hello, stream } = this.#options;
    // This may have made the stream, and should we die before the first beat, nobody else ends it.
    const [id] = await connection.commands([hello(), ['PEXPIRE', stream, String(HOUR)]]);
    return String(id);
  }

  async #next(connection: Connection, position: string, block: boolean): Promise<unknown[]> {
    const { stream } = this.#options;
    const wait: Argument[] = block ? ['BLOCK', String(BLOCK)] : [];
    const [streams] = await connection.commands(
      [['XREAD', 'COUNT', String(BATCH), ...wait, 'STREAMS', stream, position]],
      BLOCK + PATIENCE,
    );
    // One stream was asked for: nil, or one pair of its name and its entries.
    const [found] = (streams ?? []) as [unknown, unknown[]][];
    return found?.[1] ?? [];
  }

  /** Whether the stream has the entry still. Asked after a read, for what that read has skipped. */
  async #has(connection: Connection, id: string): Promise<boolean> {
    const found = await connection.command(['XRANGE', this.#options.stream, id, id]);
    return (found as unknown[]).length > 0;
  }

  async #handOn(entries: readonly unknown[]): Promise<void> {
    const { hub, signal } = this.#options;
    let unreadable = 0;
    let began = performance.now();
    for (const [id, fields] of entries as [unknown, unknown][]) {
      const entry = parseEntry(fields);
      for (const step of entry === undefined ? [false] : this.#take(entry)) {
        if (!step) unreadable += 1;
        if (performance.now() - began <= TURN) continue;
        await turn();
        if (signal.aborted) return;
        began = performance.now();
      }
      this.#position = String(id);
    }
    if (unreadable === 0) return;
    hub.failed(
      new BackplaneError(
        `passed over ${unreadable} entries of the stream: not ours, too large, or of another version`,
      ),
    );
  }

  /** Hands on one item after the other. Yields false for one that cannot be read. */
  *#take({ publisher, first, items }: Entry): Generator<boolean> {
    const { hub, publisher: self } = this.#options;
    if (publisher === self) return;
    const { seen, isMissing } = this.#publishers.see(publisher, first, items.length);
    if (isMissing) hub.missed();
    for (const { topic, payload } of items.slice(seen)) {
      if (topic === undefined) {
        hub.missed(topicsOf(payload));
        yield true;
        continue;
      }
      const name = textOf(topic);
      const encoded = hub.binary ? new Uint8Array(payload) : textOf(payload);
      if (name !== undefined && encoded !== undefined) hub.received(name, encoded);
      yield name !== undefined && encoded !== undefined;
    }
  }
}

/** Lets other connections have their turn. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
