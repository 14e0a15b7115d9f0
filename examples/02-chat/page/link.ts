/**
 * Keeps one wire to the server, and makes another when it breaks: later each time, and spread out,
 * so that a server that comes back is not run over. It says one thing at a time and waits for the
 * answer; what was unanswered when a wire broke is said again on the next one.
 */
import { type ClientMessage, type ServerMessage, Status } from '../messages.ts';
import { type Failure, isHeard } from './conversation.ts';
import { type Broken, type Transport, type Wire, wires } from './wires.ts';

export type LinkState = 'connecting' | 'up' | 'away' | 'shut';

export interface LinkEvents {
  /** What to say next; undefined for nothing. */
  readonly next: () => ClientMessage | undefined;
  readonly heard: (message: ServerMessage) => void;
  readonly failed: (message: ClientMessage, failure: Failure) => void;
  readonly changed: (state: LinkState) => void;
}

/** How long a wire or an answer may take, in milliseconds. */
const PATIENCE = 10_000;
/** How long to wait before the first and before any later attempt, at most, in milliseconds. */
const FIRST = 500;
const LONGEST = 15_000;
/** So often is a message said without an answer before it counts as failed. */
const ATTEMPTS = 3;
/**
 * After so much silence it asks for all messages: over HTTP and the plain WebSocket, because nobody
 * tells it else; over the application, because a connection can be dead without anybody knowing.
 */
const SILENCE: Readonly<Record<Transport, number>> = { http: 10_000, ws: 10_000, app: 30_000 };

const FETCH: ClientMessage = [2, null];

export class Link {
  readonly #transport: Transport;
  readonly #events: LinkEvents;
  #state: LinkState = 'connecting';
  #wire: Wire | undefined;
  #isOpen = false;
  /** What was said and not answered. */
  #asked: ClientMessage | undefined;
  readonly #unanswered = new WeakMap<ClientMessage, number>();
  /** How many wires broke since one was of use. */
  #broken = 0;
  /** One thing at a time is waited for: the wire, an answer, the end of a pause or of a silence. */
  #timer: number | undefined;

  constructor(transport: Transport, events: LinkEvents) {
    this.#transport = transport;
    this.#events = events;
    this.#connect();
  }

  get state(): LinkState {
    return this.#state;
  }

  /** There may be something to say. */
  poke(): void {
    if (!this.#isOpen || this.#asked !== undefined) return;
    const message = this.#events.next();
    if (message !== undefined) this.#ask(message);
    else {
      this.#wait(SILENCE[this.#transport], () => {
        this.#ask(FETCH);
      });
    }
  }

  /** Looks at once whether the server is there, and what it has. */
  wake(): void {
    if (this.#wire === undefined) this.#connect();
    else if (this.#isOpen && this.#asked === undefined) this.#ask(FETCH);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#wire?.close();
    this.#wire = undefined;
    this.#isOpen = false;
  }

  #connect(): void {
    if (this.#state !== 'away') this.#become('connecting');
    this.#wait(PATIENCE, () => {
      this.#break('away');
    });
    this.#wire = wires[this.#transport]({
      open: () => {
        this.#isOpen = true;
        // As the original's page does; it is up when there is an answer.
        this.#ask(FETCH);
      },
      heard: (message) => {
        this.#heard(message);
      },
      refused: (failure) => {
        this.#refused(failure);
      },
      broken: (why) => {
        this.#break(why);
      },
    });
  }

  #ask(message: ClientMessage): void {
    this.#asked = message;
    this.#wait(PATIENCE, () => {
      this.#break('failed');
    });
    this.#wire?.send(message);
  }

  #heard(message: ServerMessage): void {
    this.#broken = 0;
    this.#become('up');
    this.#events.heard(message);
    const asked = this.#asked;
    if (asked !== undefined && message[0] === 0) {
      if (isHeard(asked, message[1])) this.#asked = undefined;
      // The application also says what others did; elsewhere this was the answer.
      else if (this.#transport !== 'app') this.#refused(Status.ServerError);
    }
    this.poke();
  }

  #refused(failure: Failure): void {
    const asked = this.#asked;
    this.#asked = undefined;
    if (asked === undefined) return;
    // What can be wrong with asking for everything is not for a person to mend.
    if (asked[0] === 2) this.#break('away');
    else {
      this.#events.failed(asked, failure);
      this.poke();
    }
  }

  #break(why: Broken): void {
    const asked = this.#asked;
    this.#asked = undefined;
    this.close();
    if (why === 'failed' && asked !== undefined && asked[0] !== 2) {
      const times = (this.#unanswered.get(asked) ?? 0) + 1;
      this.#unanswered.set(asked, times);
      if (times % ATTEMPTS === 0) this.#events.failed(asked, Status.ServerError);
    }
    if (why === 'shut') {
      this.#become('shut');
      return;
    }
    this.#become('away');
    const most = Math.min(LONGEST, FIRST * 2 ** this.#broken);
    this.#broken += 1;
    this.#wait(most * (0.5 + Math.random() / 2), () => {
      this.#connect();
    });
  }

  #wait(ms: number, then: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(then, ms);
  }

  #become(state: LinkState): void {
    if (state === this.#state) return;
    this.#state = state;
    this.#events.changed(state);
  }
}
