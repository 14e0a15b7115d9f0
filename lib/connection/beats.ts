/**
 * How a client that cannot see pings knows that its line lives: after an interval in which nothing
 * was sent it gets a beat. The hello has the interval, so it knows when a line is dead.
 */
import { type Wire } from '../core/codec.ts';
import { type Hello } from '../core/protocol.ts';
import { type Line } from './line.ts';
import { type RateLimit } from './rate-limit.ts';
import { type ResumeSettings } from './resume-options.ts';

interface BeatSettings {
  readonly interval: number;
  readonly isBinary: boolean;
  readonly limit: number;
  readonly rateLimit: RateLimit | undefined;
  readonly resume: ResumeSettings | undefined;
}

/** Without a heartbeat the hello says a day, so that a client waits practically without end. */
const LONGEST_INTERVAL = 86_400_000;

/** The hellos of each route: one for clients that cannot come back, and one for those that can. */
const hellos = new WeakMap<BeatSettings, { plain?: string; window?: string }>();

/** The beats of one connection. */
export class Beats {
  readonly #line: Line;
  readonly #settings: BeatSettings;
  /** How long nothing was sent, in milliseconds, and how much had been sent by then. */
  #quiet = 0;
  #sentBefore = 0;

  constructor(line: Line, settings: BeatSettings) {
    this.#line = line;
    this.#settings = settings;
  }

  /** Sends the hello. */
  greet(): void {
    const { resume } = this.#settings;
    const { introduction, goesOnFrom } = this.#line;
    const text =
      resume && goesOnFrom
        ? this.#hello(introduction && resume.window, resume.ring === 0)
        : this.#knownHello(introduction && resume?.window);
    this.#line.write(this.#encoded(text), '!');
  }

  /** Sends a beat. */
  send(): void {
    this.#line.write(this.#encoded(''), '.');
  }

  /** Time has passed. */
  beat(elapsed: number): void {
    const { bytesSent } = this.#line;
    if (bytesSent !== this.#sentBefore) {
      this.#sentBefore = bytesSent;
      this.#quiet = 0;
      return;
    }
    this.#quiet += elapsed;
    if (this.#quiet < this.#interval || !this.#line.isOpen) return;
    this.send();
  }

  /** Made once for each route: it costs a tenth of what the connection does. */
  #knownHello(window: number | undefined): string {
    let known = hellos.get(this.#settings);
    if (known === undefined) hellos.set(this.#settings, (known = {}));
    if (window === undefined) return (known.plain ??= this.#hello(undefined, undefined));
    return (known.window ??= this.#hello(window, undefined));
  }

  #hello(window: number | undefined, resumed: boolean | undefined): string {
    const { limit, rateLimit } = this.#settings;
    const interval = this.#interval;
    const hello: Hello = {
      version: 1,
      interval,
      limit,
      ...(rateLimit === undefined ? {} : { rate: rateLimit.perSecond }),
      ...(window === undefined ? {} : { window }),
      ...(resumed === undefined ? {} : { resumed }),
    };
    return JSON.stringify(hello);
  }

  get #interval(): number {
    return Math.min(this.#settings.interval, LONGEST_INTERVAL);
  }

  #encoded(text: string): Wire {
    return this.#settings.isBinary ? new TextEncoder().encode(text) : text;
  }
}
