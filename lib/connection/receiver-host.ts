/** The members of a connection and of its settings that receiving needs. */
import { type CloseCode } from '../core/close-codes.ts';
import { type Codec, type Wire } from '../core/codec.ts';
import { type DecodeError } from '../core/errors.ts';
import { type AsyncContext } from '../process/async-context.ts';
import { type Origin } from '../process/diagnostics.ts';
import { type MessageId } from './acknowledgement.ts';
import { type RateLimit } from './rate-limit.ts';

/** The connection whose messages wait for their turn. */
export interface QueueHost {
  /** That of the connection: its handlers run in it. */
  readonly asyncContext: AsyncContext;
  /** Answers a probe. */
  readonly sendBeat: () => void;
  /** A handler has taken longer than `handlerTimeout`. */
  readonly tookTooLong: () => void;
}

/** The connection whose messages are received. */
export interface ReceiverHost<In> extends QueueHost {
  /** What its events have. */
  readonly origin: Origin;
  /** Gives a message to the session. The next ones wait until the returned promise has settled. */
  readonly deliver: (
    message: In,
    id: MessageId | undefined,
    isRepeat: boolean,
  ) => void | PromiseLike<void>;
  /** True until the resuming client has sent the places that it resumes from. */
  readonly awaitsResume: boolean;
  /**
   * The client says what it goes on from.
   * @param payload - undefined when its first frame was another one
   * @returns the largest id that it has given to a message
   */
  readonly goOn: (payload: string | undefined) => MessageId;
  /** The client has the answers to all messages up to this one. */
  readonly confirmed: (id: MessageId) => void;
  /** Calls `onError` with a message that could not be decoded, and sends its answer. */
  readonly answerFailure: (
    error: DecodeError,
    id: MessageId | undefined,
  ) => boolean | Promise<boolean>;
  /** Answers a message that is refused unread, before the close. */
  readonly failMessage: (id: MessageId, code: string) => void;
  /** Closes the connection because of what its client sent. */
  readonly refuse: (code: CloseCode) => void;
}

/** How messages are received. */
export interface ReceiverSettings<In> {
  readonly codec: Pick<Codec<In, never, Wire>, 'decode' | 'tagOf'>;
  readonly isBinary: boolean;
  readonly limit: number;
  readonly handlerTimeout: number;
  readonly rateLimit: RateLimit | undefined;
}
