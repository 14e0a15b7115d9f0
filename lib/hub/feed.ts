/**
 * One topic as this process follows it: what is pushed is put into the order of the log, what is
 * missing is read, what comes twice is dropped, and what cannot be had is reported as a gap.
 *
 * Places are never compared by size: after a failover an engine may give out lower ones. An entry
 * follows on the last one when it names it. Any other entry makes us read on after the last one: if
 * the entry is among what we read, something before it had not been pushed; if it is not, it is an
 * old one that we have already, because the read began after the entry had come.
 */
import { type GapReason, type LogEntry, type LogPage, type Place } from './backplane.ts';

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
  /** A read is under way; what is pushed waits. */
  | 'reading'
  /** Nothing is pushed. */
  | 'interrupted';

export class Feed {
  readonly #options: FeedOptions;
  #state: State = 'starting';
  #last: Place = '';
  #waiting: LogEntry[] = [];
  /** What waited was too much, and was dropped: it has to be read. */
  #hasDropped = false;
  /** Counts the beginnings: a read that belongs to an earlier one is over. */
  #generation = 0;
  /** The last entry at the last check. */
  #checked: Place | undefined;
  /** Broken while there was no place to go on from. */
  #isBroken = false;

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
    this.#hasDropped ||= isBehind;
    // What waits and came before this place is not ours to deliver.
    const known = this.#waiting.findIndex((entry) => entry.place === place);
    if (known >= 0) this.#waiting.splice(0, known + 1);
    if (this.#isBroken) this.#state = 'interrupted';
    else if (this.#hasDropped) this.#catchUp();
    else this.#takeWaiting(NONE);
  }

  /** Begins anew, after a gap: there is no place to go on from until `start`. */
  restart(): void {
    this.#generation += 1;
    this.#state = 'starting';
    this.#waiting = [];
    this.#hasDropped = false;
  }

  /** Takes an entry that was pushed. */
  pushed(entry: LogEntry): void {
    // guard: what is pushed after the subscription broke is read instead
    if (this.#state === 'interrupted') return;
    if (this.#state !== 'live') {
      this.#wait(entry);
      return;
    }
    if (entry.previous === this.#last) {
      this.#accept(entry);
      return;
    }
    // guard: an entry that comes twice in a row costs no read
    if (entry.place === this.#last) return;
    this.#wait(entry);
    this.#catchUp();
  }

  /** Nothing is pushed from now on. */
  interrupted(): void {
    this.#generation += 1;
    this.#waiting = [];
    this.#isBroken = true;
    // The place that is on its way may be from before: from there on it has to be read.
    this.#hasDropped = this.#state === 'starting';
    if (this.#state !== 'starting') this.#state = 'interrupted';
  }

  /** Everything is pushed again from now on; what came before that is read. */
  resumed(): void {
    this.#isBroken = false;
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

  #wait(entry: LogEntry): void {
    if (this.#waiting.length >= WAITING_LIMIT) {
      this.#waiting = [];
      this.#hasDropped = true;
    }
    this.#waiting.push(entry);
  }

  #accept(entry: LogEntry): void {
    this.#last = entry.place;
    this.#options.deliver(entry);
  }

  /** Reads all that the log has after the last entry, then takes what was pushed meanwhile. */
  #catchUp(): void {
    this.#state = 'reading';
    this.#generation += 1;
    void this.#read(this.#generation);
  }

  async #read(generation: number): Promise<void> {
    const { read, gap } = this.#options;
    // What waits now came before the read: it is among what will be read, or we have it already.
    this.#waiting = [];
    this.#hasDropped = false;
    const places = new Set<Place>();
    for (let hasMore = true; hasMore;) {
      let page: LogPage;
      try {
        page = await read(this.#last, PAGE);
      } catch {
        // The engine is away. What has been pushed since is read when it is back.
        if (generation === this.#generation) this.interrupted();
        return;
      }
      // guard: a read that an interruption has overtaken
      if (generation !== this.#generation) return;
      // guard: a log that no longer reaches back
      if (!page.isComplete) gap('log');
      if (generation !== this.#generation) return;
      if (!page.isComplete && page.entries.length === 0) this.#last = page.end;
      for (const entry of page.entries) {
        places.add(entry.place);
        this.#accept(entry);
        if (generation !== this.#generation) return;
      }
      hasMore = page.hasMore && page.entries.length > 0;
    }
    if (this.#hasDropped) this.#catchUp();
    else this.#takeWaiting(places);
  }

  /** @param known - the places that were just read */
  #takeWaiting(known: ReadonlySet<Place>): void {
    const waiting = this.#waiting;
    const generation = this.#generation;
    this.#waiting = [];
    for (const [index, entry] of waiting.entries()) {
      if (entry.previous === this.#last) {
        this.#accept(entry);
        if (generation !== this.#generation) return;
        continue;
      }
      if (entry.place === this.#last || known.has(entry.place)) continue;
      this.#waiting = waiting.slice(index);
      this.#catchUp();
      return;
    }
    this.#state = 'live';
    this.#options.live();
  }
}

const NONE: ReadonlySet<Place> = new Set();
