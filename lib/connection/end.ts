/** The end of a connection: with which code, and who wants to know of it. */
import { type WebSocket } from 'ws';
import { safeClose } from '../websocket/close.ts';
import { reasonOf } from '../core/close-codes.ts';
import { type Follower } from '../core/follower.ts';

/** What is known of the end of one connection. */
export class Ending {
  readonly #socket: WebSocket;
  readonly #wireCode: ((code: number) => number) | undefined;
  #code: number | undefined;
  /** Mostly there is none, or one: the membership in a topic. */
  #followers: Follower | Set<Follower> | undefined;

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

  /** Will tell the follower. */
  follow(follower: Follower): void {
    const followers = this.#followers;
    if (followers === undefined) this.#followers = follower;
    else if (followers instanceof Set) followers.add(follower);
    else this.#followers = new Set([followers, follower]);
  }

  /** Will not tell it after all. */
  unfollow(follower: Follower): void {
    if (this.#followers === follower) this.#followers = undefined;
    else if (this.#followers instanceof Set) this.#followers.delete(follower);
  }

  /**
   * Tells the followers.
   * @param code - that of the socket's own end
   * @returns the code that counts
   */
  complete(code: number): number {
    const counted = (this.#code ??= code);
    const followers = this.#followers;
    this.#followers = undefined;
    if (followers instanceof Set) for (const follower of followers) follower.ended();
    else followers?.ended();
    return counted;
  }
}
