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
    const { limit, rateLimit, resume } = this.#settings;
    const line = this.#line;
    const interval = this.#interval;
    const hello: Hello = {
      version: 1,
      interval,
      // guard: a stream that takes no messages has no limit → limit
      limit: line.isOneWay ? undefined : Math.min(limit, line.limit),
      rate: rateLimit?.perSecond,
      window: line.introduction && resume?.window,
      resumed: resume && line.goesOnFrom && resume.ring === 0,
    };
    line.write(this.#encoded(JSON.stringify(hello)), '!');
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

  get #interval(): number {
    return Math.min(this.#settings.interval, LONGEST_INTERVAL);
  }

  #encoded(text: string): Wire {
    return this.#settings.isBinary ? new TextEncoder().encode(text) : text;
  }
}
