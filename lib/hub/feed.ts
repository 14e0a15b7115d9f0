/**
 * One topic as this process follows it: what is pushed is put into the order of the log, what is
 * missing is read, what comes twice is dropped, and what cannot be had is reported as a gap.
 *
 * Places are never compared by size: after a failover an engine may give out lower ones. An entry
 * follows on the last one when it names it, and then nothing is missing before it. Any other entry
 * waits, and makes us read on after the last one, unless what is missing is pushed meanwhile: if the
 * entry is among what we read, something before it had not been pushed; if it is not, it is an old
 * one that we have already, because the read began after the entry had come.
 */
import { type GapReason, type LogEntry, type LogPage, type Place, START } from './backplane.ts';

/** How many entries are read at once. */
const PAGE = 128;

/** How many entries wait for a read; when there are more they are dropped, and read from the log. */
const WAITING_LIMIT = 8_192;

/** What a {@link Feed} needs of those around it. None of these throws. */
export interface FeedOptions {
  readonly topic: string;
  /** Rejects when the engine is away; `resumed` is called after that. */
  readonly read: (after: Place, limit: number) => Promise<LogPage>;
  /** Takes the next entry in the order of the log. */
  readonly deliver: (entry: LogEntry) => void;
  /** Something may be missing between what was delivered before and what comes next. */
  readonly gap: (reason: GapReason) => void;
  /** All that was missed has been delivered. Called whenever the feed has become live. */
  readonly live: () => void;
}

type State =
  /** There is no place yet to go on from. */
  | 'starting'
  /** Each entry follows on the one before. */
  | 'live'
  /** A read is under way; what is pushed and does not follow on waits. */
  | 'reading'
  /** Nothing is pushed. */
  | 'interrupted';

interface Waiting {
  readonly entry: LogEntry;
  /** How many reads had begun when it came. */
  readonly reads: number;
}

export class Feed {
  readonly #options: FeedOptions;
  #state: State = 'starting';
  #last: Place = START;
  /** What waits, by the entry before it. */
  #waiting = new Map<Place, Waiting>();
  /** What waited was too much, and was dropped: it has to be read. */
  #mustRead = false;
  /** Counts the beginnings: a read that belongs to an earlier one is over. */
  #generation = 0;
  #reads = 0;
  /** Broken while there was no place to go on from. */
  #isBroken = false;
  /** The last entry at the last check. */
  #checked: Place | undefined;
  /** The last place is of an engine that is not the same any more. */
  #isElsewhere = false;

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  get isLive(): boolean {
    return this.#state === 'live';
  }

  /** The place of the last entry that was delivered; undefined until there is one to go on from. */
  get place(): Place | undefined {
    return this.#state === 'starting' ? undefined : this.#last;
  }

  /**
   * Goes on from here.
   * @param isBehind - true when not everything after this place is pushed: it is read at first
   */
  start(place: Place, isBehind = false): void {
    this.#generation += 1;
    this.#last = place;
    this.#mustRead ||= isBehind;
    if (this.#isBroken) this.#state = 'interrupted';
    else if (this.#mustRead || this.#waiting.size > 0) this.#catchUp();
    else this.#becomeLive();
  }

  /** Takes an entry that was pushed. */
  pushed(entry: LogEntry): void {
    // What is pushed after the subscription broke is read instead.
    if (this.#state === 'interrupted') return;
    if (this.#state !== 'starting' && entry.previous === this.#last) {
      const generation = this.#generation;
      this.#accept(entry);
      if (generation === this.#generation) this.#takeWaiting();
      return;
    }
    // An entry that comes twice in a row costs no read.
    if (this.#state === 'live' && entry.place === this.#last) return;
    if (this.#waiting.size >= WAITING_LIMIT) {
      this.#waiting.clear();
      this.#mustRead = true;
    }
    this.#waiting.set(entry.previous, { entry, reads: this.#reads });
    if (this.#state === 'live') this.#catchUp();
  }

  /** Nothing is pushed from now on. */
  interrupted(): void {
    this.#forget();
    this.#isBroken = true;
    // The place that is on its way may be from before: from there on it has to be read.
    this.#mustRead = this.#state === 'starting';
    if (this.#state !== 'starting') this.#state = 'interrupted';
  }

  /**
   * Everything is pushed again from now on; what came before that is read.
   * @param isSame - false when the engine may have lost entries that it had taken. We go on with what
   * it has after the last place, or else with its end, and the gap is told then: what is published
   * after that is not skipped
   */
  resumed(isSame = true): void {
    this.#isBroken = false;
    // Where there is no place yet, nothing was delivered that something could be missing after.
    this.#isElsewhere ||= !isSame && this.#state !== 'starting';
    if (this.#state === 'interrupted') this.#catchUp();
  }

  /**
   * Looks whether the log has more than was pushed: unless something has been pushed since the last
   * check, for every entry proves that nothing before it is missing.
   */
  check(): void {
    if (this.#state === 'live' && this.#last === this.#checked) this.#catchUp();
    this.#checked = this.#last;
  }

  #forget(): void {
    this.#generation += 1;
    this.#waiting.clear();
    this.#mustRead = false;
  }

  #accept(entry: LogEntry): void {
    const generation = this.#generation;
    this.#tellElsewhere();
    if (generation !== this.#generation) return;
    this.#last = entry.place;
    this.#options.deliver(entry);
  }

  /** @returns whether we go on in an engine that may have lost entries */
  #tellElsewhere(): boolean {
    if (!this.#isElsewhere) return false;
    this.#isElsewhere = false;
    this.#options.gap('engine');
    return true;
  }

  /**
   * Takes what waits and follows on. When nothing waits any more, nothing is missing.
   * @param hasMore - true when the log has more that was not read yet
   */
  #takeWaiting(hasMore = false): void {
    const generation = this.#generation;
    while (this.#waiting.size > 0) {
      const next = this.#waiting.get(this.#last);
      if (next === undefined) break;
      this.#waiting.delete(this.#last);
      this.#accept(next.entry);
      if (generation !== this.#generation) return;
    }
    // guard: a log is read to its end → if (this.#state === 'reading' && this.#waiting.size === 0) this.#becomeLive();
    if (!hasMore && this.#state === 'reading' && this.#waiting.size === 0) this.#becomeLive();
  }

  #becomeLive(): void {
    // A read that is under way is not needed any more.
    this.#generation += 1;
    this.#mustRead = false;
    this.#state = 'live';
    this.#options.live();
  }

  /** Reads all that the log has after the last entry. */
  #catchUp(): void {
    this.#state = 'reading';
    this.#generation += 1;
    void this.#read(this.#generation);
  }

  async #read(generation: number): Promise<void> {
    const { read, gap } = this.#options;
    this.#mustRead = false;
    this.#reads += 1;
    const began = this.#reads;
    for (let hasMore = true; hasMore;) {
      const after = this.#last;
      let page: LogPage;
      try {
        page = await read(after, PAGE);
      } catch {
        // The engine is away. What has been pushed since is read when it is back.
        if (generation === this.#generation) this.interrupted();
        return;
      }
      // A read that an interruption has overtaken.
      if (generation !== this.#generation) return;
      hasMore = page.hasMore && page.entries.length > 0;
      const known = page.entries.findIndex(({ place }) => place === this.#last);
      // What was pushed meanwhile, and followed on, has gone further than this page.
      if (this.#last !== after && known < 0) continue;
      const isElsewhere = this.#tellElsewhere();
      // guard: a log that no longer reaches back
      if (!page.isComplete && this.#last === after && !isElsewhere) gap('log');
      if (generation !== this.#generation) return;
      // guard: a place that no log has is left
      if ((isElsewhere || !page.isComplete) && page.entries.length === 0) this.#last = page.end;
      for (const entry of page.entries.slice(known + 1)) {
        this.#accept(entry);
        if (generation !== this.#generation) return;
      }
      this.#takeWaiting(hasMore);
      if (generation !== this.#generation) return;
    }
    // What came before the read and is not among what was read is old.
    for (const [previous, { reads }] of this.#waiting) {
      if (reads < began) this.#waiting.delete(previous);
    }
    if (this.#mustRead || this.#waiting.size > 0) this.#catchUp();
    else this.#becomeLive();
  }
}
