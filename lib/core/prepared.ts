import { type Wire } from './codec.ts';

/** How one transport writes an encoded message: a WebSocket frame, a server-sent event. */
export type Framing<Framed> = (encoded: Wire, prepared: Prepared) => Framed;

/**
 * An encoded message that goes to many connections. It is encoded once, and framed once for each
 * kind of transport that asks, however many connections there are.
 */
export class Prepared {
  /** What was encoded: a string makes a text frame, bytes a binary one. */
  readonly encoded: Wire;
  // Nearly always one kind of transport asks, so the first has a place of its own.
  #framing: Framing<unknown> | undefined;
  #framed: unknown;
  #others: Map<Framing<unknown>, unknown> | undefined;

  constructor(encoded: Wire) {
    this.encoded = encoded;
  }

  /** Whether it stands in the log of a topic: then `place` says where. */
  get isPlaced(): boolean {
    return false;
  }

  /** The topic's hash, a comma, and the place in its log. Empty where there is none. */
  get place(): string {
    return '';
  }

  /**
   * The message as one transport writes it.
   * @param framing - always the same function for the same kind of transport
   */
  framedBy<Framed>(framing: Framing<Framed>): Framed {
    if (this.#framing === framing) return this.#framed as Framed;
    if (this.#framing === undefined) {
      const framed = framing(this.encoded, this);
      this.#framing = framing;
      this.#framed = framed;
      return framed;
    }
    const others = (this.#others ??= new Map<Framing<unknown>, unknown>());
    const known = others.get(framing);
    if (known !== undefined) return known as Framed;
    const framed = framing(this.encoded, this);
    others.set(framing, framed);
    return framed;
  }
}
