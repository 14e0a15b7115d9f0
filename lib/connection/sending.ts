/**
 * How a connection sends: whatever is sent passes here, is counted against what a slow client may
 * leave waiting, and on a marked line gets its mark.
 */
import { CloseCode } from '../core/close-codes.ts';
import { type Answer } from '../core/answer.ts';
import { type Wire } from '../core/codec.ts';
import { Prepared } from '../core/prepared.ts';
import { type MessageId } from './acknowledgement.ts';
import { Backpressure, type Held } from './backpressure.ts';
import { Beats } from './beats.ts';
import { type Line, PLACED } from './line.ts';
import { type ConnectionSettings } from './options.ts';
import { type Answered } from '../core/window-store.ts';

/** The connection that sends. */
export interface SenderHost {
  /** Closing, or closed: nothing is sent any more. */
  readonly isEnding: boolean;
  /** Closes the connection for what the client did. */
  readonly refuse: (code: CloseCode) => void;
}

/** What keeps what was sent, for a client that comes back. */
export interface SentKeeper {
  /** A message was answered. */
  readonly settle: (id: MessageId, header: string, encoded: Wire) => void;
  /** Something is sent outside of topics. Gives the header that it gets. */
  readonly push: (encoded: Wire) => string;
}

/** What may wait to be sent, and how often a quiet line says that it lives. */
export type SenderSettings = Pick<
  ConnectionSettings<never, never, never, never>,
  | 'highWaterMark'
  | 'maxBuffered'
  | 'interval'
  | 'timeout'
  | 'isBinary'
  | 'limit'
  | 'rateLimit'
  | 'resume'
>;

/** A message that is answered elsewhere, later. */
interface Taken {
  isAnswered: boolean;
  /** Its handler is through, and had no reply of its own. */
  isHandled: boolean;
}

const NO_BYTES = new Uint8Array(0);

/** The sending half of a connection. */
export class MessageSender {
  readonly #host: SenderHost;
  readonly #line: Line;
  readonly #settings: SenderSettings;
  /** What takes no messages while the client has to catch up. */
  readonly #held: Held;
  /** On a marked line alone. */
  readonly #beats: Beats | undefined;
  /** Where the client can come back. */
  keeper: SentKeeper | undefined;
  #backpressure: Backpressure | undefined;
  /** How much had been sent with the last of the messages that may take long. */
  #longUntil = 0;
  /** The message that was answered for taking too long. */
  #givenUp: MessageId | undefined;
  /** The message that is being handled, until it is answered. */
  #open: MessageId | undefined;
  /** Messages that are answered elsewhere, until the answer and their handling are over. */
  #taken: Map<MessageId, Taken> | undefined;
  /** Called when all of these are answered. */
  #onAnswered: (() => void) | undefined;

  constructor(host: SenderHost, line: Line, settings: SenderSettings, held: Held) {
    this.#host = host;
    this.#line = line;
    this.#settings = settings;
    this.#held = held;
    this.#beats = line.isMarked ? new Beats(line, settings) : undefined;
  }

  /**
   * Sends a message that answers none.
   * @returns false when the connection is ending or too slow
   */
  push(encoded: Wire | Prepared): boolean {
    const { keeper } = this;
    if (keeper === undefined || this.#host.isEnding || !this.#line.isOpen) {
      return this.#write(encoded, '');
    }
    if (encoded instanceof Prepared && encoded.isPlaced) return this.#write(encoded, PLACED);
    const own = encoded instanceof Prepared ? encoded.encoded : encoded;
    return this.#write(own, keeper.push(own));
  }

  /** Sends a message that may be so large that it takes long: what waits of it is not counted. */
  pushLong(encoded: Wire | Prepared): boolean {
    const isSent = this.push(encoded);
    this.#longUntil = this.#line.bytesSent;
    return isSent;
  }

  /**
   * Whether so much waits that one message more would close the connection.
   * @param caughtUp - is called once, when the client has caught up; only after true
   */
  isTooFarBehind(caughtUp: () => void): boolean {
    if (!this.#isTooMuch(this.#line.buffered)) return false;
    this.#slowDown();
    return this.#backpressure?.whenCaughtUp(caughtUp) === true;
  }

  /** Answers a message on a marked line: with its reply, or that there is none. */
  reply(encoded: Wire | undefined, id: MessageId): boolean {
    // guard: a message is answered once
    if (id === this.#givenUp) return false;
    const taken = this.#taken?.get(id);
    if (taken !== undefined) {
      if (encoded === undefined && !taken.isAnswered) {
        taken.isHandled = true;
        return true;
      }
      this.#taken?.delete(id);
      if (taken.isAnswered) return encoded === undefined || this.push(encoded);
    }
    return encoded === undefined
      ? this.#answer(id, `+${id}`, this.#nothing)
      : this.#answer(id, `=${id}`, encoded);
  }

  /**
   * Answers a message that failed, on a marked line.
   * @param encoded - what `onError` answered
   */
  fail(id: MessageId, code: string, encoded: Wire = this.#nothing): boolean {
    if (id === this.#givenUp) return false;
    const taken = this.#taken?.get(id);
    this.#taken?.delete(id);
    if (taken?.isAnswered === true) return encoded.length > 0 && this.push(encoded);
    return this.#answer(id, `-${id};${code}`, encoded);
  }

  /** A message is handled from now on. */
  begin(id: MessageId | undefined): void {
    this.#open = id;
  }

  /**
   * Leaves the answer to the message that is being handled to the caller.
   * @returns undefined where there is none, or it is answered
   */
  takeAnswer(): Answer | undefined {
    if (!this.#line.isMarked) {
      const send: Answer['send'] = (encoded) => this.push(encoded);
      return { id: undefined, isOpen: () => true, send, release: () => {} };
    }
    const id = this.#open;
    if (id === undefined) return undefined;
    this.#open = undefined;
    const taken: Taken = { isAnswered: false, isHandled: false };
    const all = (this.#taken ??= new Map()).set(id, taken);
    const give = (encoded: Wire | Prepared | undefined): boolean => {
      taken.isAnswered = true;
      if (taken.isHandled) all.delete(id);
      if (all.size === 0) queueMicrotask(() => this.#onAnswered?.());
      if (encoded === undefined) return this.#answer(id, `+${id}`, this.#nothing);
      if (!(encoded instanceof Prepared)) return this.#answer(id, `=${id}`, encoded);
      const { place } = encoded;
      const isPlaced = place !== '' && this.keeper !== undefined;
      return this.#answer(id, `=${id}`, encoded.encoded, isPlaced ? PLACED + place : '');
    };
    /** Not if the handler has answered all the same. */
    const isMine = (): boolean => all.get(id) === taken && !taken.isAnswered;
    return {
      id,
      isOpen: isMine,
      send: (encoded) => (isMine() ? give(encoded) : this.push(encoded)),
      release: () => {
        if (isMine()) give(undefined);
      },
    };
  }

  /** Once nothing is handled any more: resolves when all that is answered elsewhere is answered. */
  async answered(): Promise<void> {
    if (this.#taken === undefined || this.#taken.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#onAnswered = resolve;
    });
  }

  /** Sends an answer, or a push, as it was sent before. */
  repeat({ header, encoded }: Answered): boolean {
    return this.#write(encoded.length === 0 ? this.#nothing : encoded, header);
  }

  /** Sends a frame of the protocol's own. */
  sendControl(header: string, text: string): void {
    this.#write(this.#settings.isBinary ? new TextEncoder().encode(text) : text, header);
  }

  /** What still comes for this message comes too late. */
  giveUp(id: MessageId | undefined): void {
    this.#givenUp = id;
  }

  /** Sends the hello of a marked line. */
  greet(): void {
    this.#beats?.greet();
  }

  /** Answers a probe. */
  sendBeat(): void {
    if (!this.#host.isEnding && this.#line.isOpen) this.#beats?.send();
  }

  /**
   * Time has passed.
   * @returns true when the client has taken nothing for too long
   */
  beat(elapsed: number): boolean {
    this.#beats?.beat(elapsed);
    return this.#backpressure?.beat(elapsed) === true;
  }

  /** @param place - where a topic stands with it, on this line alone: a repeat may overtake the topic */
  #answer(id: MessageId, header: string, encoded: Wire, place = ''): boolean {
    if (id === this.#open) this.#open = undefined;
    // Also when the client is gone: it may come back and ask.
    this.keeper?.settle(id, header, encoded);
    return this.#write(encoded, header + place);
  }

  get #nothing(): Wire {
    return this.#settings.isBinary ? NO_BYTES : '';
  }

  #write(encoded: Wire | Prepared, header: string): boolean {
    // The client has begun to close, or broke the protocol: the last frame is sent.
    if (this.#host.isEnding || !this.#line.isOpen) return false;
    const { highWaterMark } = this.#settings;
    const { buffered } = this.#line;
    if (buffered === 0) this.#longUntil = 0;
    // guard: maxBuffered → if (this.#line.buffered === -1) { this.#host.refuse(CloseCode.TooSlow); return false; }
    if (this.#isTooMuch(buffered)) {
      this.#host.refuse(CloseCode.TooSlow);
      return false;
    }
    if (buffered + this.#line.write(encoded, header) > highWaterMark) this.#slowDown();
    return true;
  }

  #isTooMuch(buffered: number): boolean {
    const { maxBuffered } = this.#settings;
    if (buffered <= maxBuffered) return false;
    // Frames that wait count for more than their bytes, so this may be less than nothing.
    const taken = Math.max(0, this.#line.bytesSent - buffered);
    return buffered - Math.max(0, this.#longUntil - taken) > maxBuffered;
  }

  #slowDown(): void {
    this.#backpressure ??= new Backpressure(this.#line, this.#held, this.#settings);
    this.#backpressure.begin();
  }
}
