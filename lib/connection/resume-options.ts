/** The option `resume`: what is kept for clients whose connection breaks, and come back. */
import { type IncomingMessage } from 'node:http';
import { expectFunction, expectNumber, expectOptions, type OptionNames } from '../core/options.ts';
import { type WindowStore } from '../core/window-store.ts';
import { Windows } from './windows.ts';

/**
 * What a route keeps for each client of `omnimessage.1` that says who it is: the messages that it
 * has handled, with their replies, and what was sent by `connection.send`. A message that is sent
 * again after the connection broke gets the same reply, and the handler does not run again.
 */
export interface ResumeOptions<
  Context = undefined,
  Request extends IncomingMessage = IncomingMessage,
> {
  /**
   * For how many seconds after it was sent a message may be repeated. What is kept is kept for twice
   * as long, and so is what a client has left behind.
   * @defaultValue 60
   */
  readonly seconds?: number | undefined;
  /**
   * How many messages of each client, with their replies: those that it has not confirmed yet. The
   * client of this package confirms the replies to eight messages at once.
   * @defaultValue 256
   */
  readonly messages?: number | undefined;
  /**
   * How many bytes for each client, of replies and of what `connection.send` sent: those of each, and 64.
   * @defaultValue 65_536
   */
  readonly bytes?: number | undefined;
  /**
   * How many bytes of memory for all clients together, with all that is held for them: some 300 for a
   * client of whom nothing is kept, 2 kB with a few small replies, and 4 kB for a busy one.
   * @defaultValue 67_108_864 (64 MiB)
   */
  readonly totalBytes?: number | undefined;
  /**
   * How many messages of `connection.send` are kept for each client. They are kept in this process
   * alone: who comes back to another one is not resumed. `false` for a route that sends nothing but
   * replies and what its hubs publish: nothing is kept then, and clients are resumed by any process.
   * @defaultValue 64
   */
  readonly ring?: number | false | undefined;
  /**
   * Names the user of a connection. Who comes back as another user finds nothing of the first one.
   * Undefined: nothing is kept for this client.
   * @defaultValue the context, or what `authorize` returned, if that is a string or a number; for
   * an object nothing is kept, so give this function
   */
  readonly owner?: ((context: Context, request: Request) => string | undefined) | undefined;
  /**
   * Keeps what was handled for the other processes too: `redisWindows` of
   * `express-omnimessage/redis`. Each message is noted there before it is handled.
   * @defaultValue none: a message is not repeated to another process, but reported as unconfirmed
   */
  readonly store?: WindowStore | undefined;
}

const OPTION_NAMES: OptionNames<ResumeOptions> = {
  seconds: true,
  messages: true,
  bytes: true,
  totalBytes: true,
  ring: true,
  owner: true,
  store: true,
};

/** The option, checked and complete. */
export interface ResumeSettings {
  /** For how long a message may be repeated, in milliseconds. */
  readonly window: number;
  readonly ring: number;
  readonly owner: ((context: never, request: never) => string | undefined) | undefined;
  readonly windows: Windows;
}

/** @throws TypeError when it is not what it must be */
export function resumeSettings<Context, Request extends IncomingMessage>(
  given: ResumeOptions<Context, Request> | boolean | undefined,
): ResumeSettings | undefined {
  if (given === undefined || given === false) return undefined;
  const options: ResumeOptions<Context, Request> = given === true ? {} : given;
  expectOptions('resume', options, OPTION_NAMES);
  const { seconds = 60, messages = 256, bytes = 65_536, totalBytes = 67_108_864, store } = options;
  const ring = options.ring === false ? 0 : (options.ring ?? 64);
  expectNumber('resume.seconds', seconds, { above: 0 });
  expectNumber('resume.messages', messages, { from: 1, isInteger: true });
  expectNumber('resume.bytes', bytes, { from: 1, isInteger: true });
  expectNumber('resume.totalBytes', totalBytes, { from: 1, isInteger: true });
  expectNumber('resume.ring', ring, { from: 1 - Number(options.ring === false), isInteger: true });
  expectFunction('resume.owner', options.owner, true);
  if (store !== undefined && typeof store.open !== 'function') {
    throw new TypeError(
      `Expected \`resume.store\` to be what redisWindows returns, got ${typeof store}`,
    );
  }
  const window = seconds * 1_000;
  const limits = { messages, bytes, totalBytes, ring, milliseconds: 2 * window };
  return {
    window,
    ring,
    owner: options.owner as ResumeSettings['owner'],
    windows: new Windows(limits, store?.open({ messages, bytes, milliseconds: 2 * window })),
  };
}
