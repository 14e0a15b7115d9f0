/** A connection in memory, of which a test can stop, slow and cut what travels. */
import { Duplex } from 'node:stream';

/** The end of a {@link Wire}: what Node's http and ws need of a socket. */
export class WireEnd extends Duplex {
  /** Asked of a socket by servers that log or limit by address. */
  readonly remoteAddress = '127.0.0.1';
  readonly remotePort = 0;
  other: WireEnd | undefined;
  readonly #wire: Wire;

  constructor(wire: Wire) {
    super({ allowHalfOpen: false });
    this.#wire = wire;
  }

  setNoDelay(): this {
    return this;
  }
  setKeepAlive(): this {
    return this;
  }
  setTimeout(): this {
    return this;
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }

  override _read(): void {
    // What comes is pushed when it comes.
  }

  override _write(chunk: Buffer, _encoding: string, written: (error?: Error | null) => void): void {
    this.#wire.carry(() => {
      this.other?.push(chunk);
    }, written);
  }

  override _final(ended: (error?: Error | null) => void): void {
    this.#wire.carry(() => {
      this.other?.push(null);
    }, ended);
  }

  override _destroy(error: Error | null, destroyed: (error?: Error | null) => void): void {
    const { other } = this;
    destroyed(error);
    // As a network does it: the other side notices, but not within this call.
    process.nextTick(() => other?.destroy());
  }
}

/** A client's end and a server's end, and what is between them. */
export class Wire {
  readonly client: WireEnd = new WireEnd(this);
  readonly server: WireEnd = new WireEnd(this);
  #isFrozen = false;
  #delay = 0;
  /** What is held back, in order. */
  #held: (() => void)[] = [];

  constructor() {
    this.client.other = this.server;
    this.server.other = this.client;
    for (const end of [this.client, this.server]) end.on('error', () => {});
  }

  /**
   * @param deliver - lets it arrive
   * @param taken - says to the sender that there is room for more: at once, save on a line that is
   * frozen, whose buffers fill up
   */
  carry(deliver: () => void, taken: () => void): void {
    if (this.#isFrozen) {
      this.#held.push(() => {
        deliver();
        taken();
      });
      return;
    }
    if (this.#delay === 0) process.nextTick(deliver);
    else {
      setTimeout(() => {
        if (this.#isFrozen) this.#held.push(deliver);
        else deliver();
      }, this.#delay);
    }
    process.nextTick(taken);
  }

  /** Nothing arrives any more, in either direction, and no end is signalled. */
  freeze(): void {
    this.#isFrozen = true;
  }

  /** What was held back arrives, and what comes after it. */
  thaw(): void {
    this.#isFrozen = false;
    const held = this.#held;
    this.#held = [];
    for (const deliver of held) deliver();
  }

  /** From now on everything takes so long to arrive, in ms, by the clock of `setTimeout`. */
  delay(ms: number): void {
    this.#delay = ms;
  }

  /** Breaks the connection, without a close frame. */
  cut(): void {
    this.#held = [];
    this.client.destroy();
    this.server.destroy();
  }
}
