/**
 * One connection of a client that can come back: what of its earlier lines is known, what is kept of
 * this one, and how far it has got in topics.
 */
import { randomBytes } from 'node:crypto';
import { type Wire } from '../core/codec.ts';
import { FORGOTTEN, type ResumedFrame } from '../core/protocol.ts';
import { type TopicPlaces } from '../core/topic-places.ts';
import { startTimer } from '../process/timers.ts';
import { type MessageId } from './acknowledgement.ts';
import { type ClientWindow, type Holder } from './client-window.ts';
import { ownerOf, type Resume } from './introduction.ts';
import { type ResumeSettings } from './resume-options.ts';
import { type Answered, type Known, type OpenStore } from '../core/window-store.ts';

/** What a resumption needs of its connection. */
export interface ResumptionHost extends Holder {
  /** No message is handled any more. */
  readonly isOver: boolean;
  /** Sends a frame of the protocol's own. */
  readonly sendControl: (header: string, text: string) => void;
  /** Sends an answer as it was sent before. */
  readonly repeat: (answered: Answered) => void;
}

/** What is known of a client when its connection opens. */
export interface Returning {
  /** What client and user are called together; undefined where nothing is kept. */
  readonly tag: string | undefined;
  /** What it goes on from; undefined on its first line. */
  readonly resume: Resume | undefined;
  /** For how long a topic that is joined counts as joined again, in milliseconds. */
  readonly patience: number;
  /** False where each connection has a program of its own, which ends with it. */
  readonly isContinued: boolean;
  /** False where the client hears from the hello whether it is resumed. */
  readonly isAnswered: boolean;
}

/** How often a store is queried for the outcome of a message that another process handles, in milliseconds. */
const FIRST_LOOK = 50;
const LONGEST_LOOK = 1_000;

/** The largest id that a message may have. */
const LAST: MessageId = 999_999_999_999_999;

/** What connections are called in a store of windows begins so in this process. */
const PROCESS = randomBytes(9).toString('base64url');
let claimers = 0;

export class Resumption implements TopicPlaces {
  readonly #host: ResumptionHost;
  readonly #settings: ResumeSettings;
  readonly #tag: string | undefined;
  readonly #window: ClientWindow | undefined;
  /**
   * Messages up to this one may have been handled where the store does not say so: for another user, or by a
   * process without it.
   */
  readonly #foreign: MessageId;
  /** The number of this connection among those that claim, once it has claimed. */
  #claimer = 0;
  /** The places that the client sent, or which hub has taken each; undefined where it does not resume. */
  #places: Map<string, string | object> | undefined;
  #until = 0;

  constructor(host: ResumptionHost, settings: ResumeSettings, returning: Returning) {
    this.#host = host;
    this.#settings = settings;
    const { tag, resume, patience, isContinued, isAnswered } = returning;
    this.#tag = tag;
    // guard: who has no name is nobody again → const isNamed = resume !== undefined && resume.tag === tag;
    const isNamed = tag !== undefined && resume?.tag === tag;
    // guard: who comes back is the same user → const isSame = resume !== undefined;
    const isSame = resume !== undefined && (isNamed || !isAnswered);
    const found = isSame && tag !== undefined ? settings.windows.find(tag) : undefined;
    const sent = resume?.sent ?? 0;
    // It is told to the client, because the next line may be another process's.
    // guard: what was another user's stays so → this.#foreign = isNamed ? 0 : sent;
    this.#foreign = isNamed ? Math.min(resume.foreign, sent) : sent;
    this.#window = found ?? (tag === undefined ? undefined : settings.windows.make(tag, sent));
    // The client had another window since: its messages were handled there, or not.
    // guard: a window that another one came after is of the past → const isCurrent = found !== undefined;
    const isCurrent = found !== undefined && resume?.window === found.name;
    if (found !== undefined && !isCurrent) found.floor = Math.max(found.floor, sent);
    if (this.#window !== undefined) settings.windows.hold(this.#window, host);
    const missed =
      settings.ring === 0 ? [] : resume && isCurrent ? found.pushesAfter(resume.pushes) : undefined;
    // guard: a program never goes on → const isResumed = isSame && missed !== undefined;
    const isResumed = isSame && isContinued && missed !== undefined;
    if (isResumed) {
      this.#places = resume.places;
      this.#until = performance.now() + patience;
    }
    if (!isAnswered) return;
    const pushes = isResumed ? resume.pushes : (this.#window?.pushes ?? 0);
    // guard: what a process without a store handles is in no store → const foreign = this.#foreign;
    const foreign = settings.windows.store === undefined ? LAST : this.#foreign;
    const owner =
      tag === undefined || this.#window === undefined
        ? ''
        : ownerOf(tag, this.#window.name, foreign);
    const answer: ResumedFrame = { owner, resumed: isResumed, pushes };
    host.sendControl('@', JSON.stringify(answer));
    for (const { number, encoded } of isResumed ? missed : []) {
      host.repeat({ header: `;push=${number}`, encoded });
    }
  }

  /**
   * A message has come.
   * @returns whether it is to be handled, or a promise of that: where not, it is answered here
   */
  claim(id: MessageId, isRepeat: boolean): boolean | Promise<boolean> {
    const window = this.#window;
    const { store } = this.#settings.windows;
    if (isRepeat) {
      const known = window?.look(id) ?? 'unknown';
      if (known instanceof Promise)
        return known.then((answered) =>
          answered === undefined ? this.claim(id, isRepeat) : this.#repeat(answered),
        );
      if (typeof known !== 'string') return this.#repeat(known);
      // guard: the store of one user is not asked for what another sent → const isKept = store !== undefined && window !== undefined;
      const isKept = store !== undefined && window !== undefined && id > this.#foreign;
      // guard: what may have been handled is not handled again
      if (known === 'unknown' && !isKept) return this.#repeat(forgotten(id));
    }
    window?.begin(id);
    return store === undefined || window === undefined
      ? true
      : this.#claimIn(store, window, id, isRepeat);
  }

  /** The client has the answers to all messages up to this one. */
  confirmed(id: MessageId): void {
    this.#window?.confirmed(id);
  }

  /** A message was answered. */
  settle(id: MessageId, header: string, encoded: Wire): void {
    if (this.#window?.settle(id, header, encoded) !== true || this.#tag === undefined) return;
    this.#settings.windows.store?.settle(this.#tag, id, { header, encoded }, this.#name);
  }

  /** Keeps what is sent outside of topics. @returns the header that it gets */
  push(encoded: Wire): string {
    const isKept = this.#settings.ring > 0 && this.#window !== undefined;
    return isKept ? `;push=${this.#window.push(encoded)}` : '';
  }

  /** What was begun here will not be answered: its program has ended. */
  abandon(): void {
    this.#window?.abandon(this.#host);
  }

  /** The connection has ended. */
  ended(): void {
    if (this.#window === undefined || this.#tag === undefined) return;
    this.#settings.windows.leave(this.#tag, this.#window, this.#host);
  }

  // What hubs call.

  get client(): object | undefined {
    return this.#window;
  }

  isAnswered(id: MessageId): boolean | undefined {
    return this.#window === undefined || this.#window.isAnswered(id, this.#settings.window);
  }

  take(topic: string, hub: object): string | null | undefined {
    const place = this.#places?.get(topic);
    if (this.#places === undefined || place === hub) return undefined;
    // guard: a topic without a place is a gap → if (typeof place !== 'string') return undefined;
    if (typeof place !== 'string') return performance.now() < this.#until ? null : undefined;
    // guard: a place is good for one join
    this.#places.set(topic, hub);
    return place;
  }

  tell(place: string): void {
    this.#host.sendControl(`.;place=${place}`, '');
  }

  gap(topic: string): void {
    this.#host.sendControl(`.;gap=${topic}`, '');
  }

  /** What this connection is called in the store. */
  get #name(): string {
    if (this.#claimer === 0) this.#claimer = ++claimers;
    return `${PROCESS}${this.#claimer.toString(36)}`;
  }

  #repeat(answered: Answered): false {
    this.#host.repeat(answered);
    return false;
  }

  async #claimIn(
    store: OpenStore,
    window: ClientWindow,
    id: MessageId,
    isRepeat: boolean,
  ): Promise<boolean> {
    const tag = this.#tag as string;
    for (let delay = FIRST_LOOK; !this.#host.isOver; delay = Math.min(2 * delay, LONGEST_LOOK)) {
      let known: Known;
      try {
        known = await store.claim(tag, id, this.#name);
      } catch {
        if (this.#host.isOver) break;
        // It is not handled, because it could not be recorded that it was. A repeat may have been
        // handled by another process.
        // guard: a repeat that the store does not know is forgotten → const { header, encoded } = { header: `-${id};unavailable`, encoded: '' };
        const { header, encoded } = isRepeat
          ? forgotten(id)
          : { header: `-${id};unavailable`, encoded: '' };
        // The client may not hear of it, and what it sent next may be handled: a repeat must not be, after that. And
        // the store may have noted the claim, to which nobody else would ever give an answer.
        // guard: what was refused stays refused → window.withdraw(id);
        this.settle(id, header, encoded);
        return this.#repeat({ header, encoded });
      }
      if (known === 'new') {
        if (!this.#host.isOver) return true;
        break;
      }
      if (known !== 'begun') {
        const answered = known === 'forgotten' ? forgotten(id) : known;
        window.settle(id, answered.header, answered.encoded);
        return this.#repeat(answered);
      }
      // guard: a new message never gets the answer of another
      if (!isRepeat) {
        // The client has come back elsewhere, and repeats it there. It may be here again, on another line.
        // guard: what another process handles is not waited for here
        window.withdraw(id);
        return this.#repeat(forgotten(id));
      }
      // Another process handles it, or has died over it.
      await new Promise<void>((resolve) => {
        startTimer(resolve, delay, undefined);
      });
    }
    // The store may have noted the claim, also where it did not answer.
    // guard: a claim whose line broke is given back
    store.release(tag, id, this.#name);
    window.withdraw(id);
    return false;
  }
}

const forgotten = (id: MessageId): Answered => ({ header: `-${id};${FORGOTTEN}`, encoded: '' });
