/** The end of a connection: with which code, and who wants to know of it. */
import { type WebSocket } from 'ws';
import { safeClose } from './closing.ts';
import { reasonOf } from './errors.ts';

/** There was no close frame. Source: RFC 6455 section 7.1.5. */
const ABNORMAL = 1006;
const nothing = (): void => {};

/** What is known of the end of one connection. */
export class Ending {
  readonly #socket: WebSocket;
  readonly #wireCode: ((code: number) => number) | undefined;
  #code: number | undefined;
  #callbacks: Set<(code: number) => void> | undefined;

  /** @param wireCode - what the client is told instead of a code, where it knows other ones */
  constructor(socket: WebSocket, wireCode: ((code: number) => number) | undefined) {
    this.#socket = socket;
    this.#wireCode = wireCode;
  }

  /** What the client did first counts, not what came of it. */
  because(code: number): void {
    this.#code ??= code;
  }

  /** Closes the socket, after what was said. */
  begin(code: number, reason: string | undefined): void {
    this.#code = code;
    const wireCode = this.#wireCode;
    if (wireCode === undefined) safeClose(this.#socket, code, reason);
    else safeClose(this.#socket, wireCode(code), reason ?? reasonOf(code));
  }

  /** Calls back at the close, or at once when it `isOver`. Returns what takes that back. */
  tell(callback: (code: number) => void, isOver: boolean): () => void {
    if (isOver) {
      callback(this.#code ?? ABNORMAL);
      return nothing;
    }
    this.#callbacks ??= new Set();
    this.#callbacks.add(callback);
    return () => {
      this.#callbacks?.delete(callback);
    };
  }

  /**
   * Tells all who want to know.
   * @param code - that of the socket's own end
   * @returns the code that counts
   */
  complete(code: number): number {
    this.#code ??= code;
    for (const callback of this.#callbacks ?? []) callback(this.#code);
    this.#callbacks = undefined;
    return this.#code;
  }
}
