/** The end of a connection: its code, what follows it, and how long a failed one is kept. */
import { type Follower } from '../core/follower.ts';

/** A connection that fails within so many milliseconds would fail again at once. */
const YOUNG = 10_000;

/** What is known of the end of one connection. */
export class ConnectionEnd implements Follower {
  #cause: number | undefined;
  /** Mostly there is none, or one: the membership in a topic. */
  #followers: Follower | Set<Follower> | undefined;

  /** Records why the connection ends. The first cause counts: what follows is its consequence. */
  recordCause(code: number): void {
    this.#cause ??= code;
  }

  /** The code that counts: of the recorded cause, or else that of the line's own end. */
  codeOf(code: number): number {
    return (this.#cause ??= code);
  }

  /** Calls a follower at the end. */
  follow(follower: Follower): void {
    const followers = this.#followers;
    if (followers === undefined) this.#followers = follower;
    else if (followers instanceof Set) followers.add(follower);
    else this.#followers = new Set([followers, follower]);
  }

  /** Does not call it after all. */
  unfollow(follower: Follower): void {
    if (this.#followers === follower) this.#followers = undefined;
    else if (this.#followers instanceof Set) this.#followers.delete(follower);
  }

  /** The connection has ended: calls the followers, once. */
  ended(): void {
    const followers = this.#followers;
    this.#followers = undefined;
    if (followers instanceof Set) for (const follower of followers) follower.ended();
    else followers?.ended();
  }
}

/**
 * How long the close of a connection that failed is delayed, in milliseconds: so that clients that
 * come back at once do not do so all the time, and those that failed together not together.
 *
 * @param delay - about how long it shall be, for a connection that fails at once
 * @param age - how old the connection is, in milliseconds
 */
export function delayOfFailure(delay: number | undefined, age: number): number {
  return delay === undefined || age > YOUNG ? 0 : delay * (0.5 + Math.random());
}
