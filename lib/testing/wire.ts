/** A connection in memory, of which a test can stop, slow and cut what travels. */
import { Duplex } from 'node:stream';

/** What is on its way. */
interface Packet {
  readonly deliver: () => void;
  /** True when it has been on its way for long enough. */
  isDue: boolean;
}

/** The end of a {@link Wire}: what Node's http and ws need of a socket. */
export class WireEnd extends Duplex {
  /** Asked of a socket by servers that log or limit by address. */
  readonly remoteAddress = '127.0.0.1';
  readonly remotePort = 0;
  other: WireEnd | undefined;
  /** What it has sent and the other end has not got, in order. */
  packets: Packet[] = [];
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
    this.#wire.carry(
      this,
      () => {
        this.other?.push(chunk);
      },
      written,
    );
  }

  override _final(ended: (error?: Error | null) => void): void {
    this.#wire.carry(
      this,
      () => {
        this.other?.push(null);
      },
      ended,
    );
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

  constructor() {
    this.client.other = this.server;
    this.server.other = this.client;
    for (const end of [this.client, this.server]) end.on('error', () => {});
  }

  /**
   * @param deliver - lets it arrive: never before what the same end has sent earlier
   * @param taken - says to the sender that there is room for more: at once, save on a line that is
   * frozen, whose buffers fill up
   */
  carry(from: WireEnd, deliver: () => void, taken: () => void): void {
    const isHeld = this.#isFrozen;
    const packet: Packet = {
      deliver: () => {
        deliver();
        if (isHeld) taken();
      },
      isDue: false,
    };
    from.packets.push(packet);
    const arrive = (): void => {
      packet.isDue = true;
      this.#flush(from);
    };
    if (this.#delay === 0) process.nextTick(arrive);
    else setTimeout(arrive, this.#delay);
    if (!isHeld) process.nextTick(taken);
  }

  #flush(from: WireEnd): void {
    while (!this.#isFrozen && from.packets[0]?.isDue) from.packets.shift()?.deliver();
  }

  /** Nothing arrives any more, in either direction, and no end is signalled. */
  freeze(): void {
    this.#isFrozen = true;
  }

  /** What was held back arrives, and what comes after it. */
  thaw(): void {
    this.#isFrozen = false;
    this.#flush(this.client);
    this.#flush(this.server);
  }

  /**
   * From now on everything takes so long to arrive, in ms, by the clock of `setTimeout`: longer where
   * something that takes longer is before it.
   */
  delay(ms: number): void {
    this.#delay = ms;
  }

  /** Breaks the connection, without a close frame. */
  cut(): void {
    for (const end of [this.client, this.server]) {
      end.packets = [];
      end.destroy();
    }
  }
}
