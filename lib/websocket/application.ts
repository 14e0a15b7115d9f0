import { type IncomingMessage } from 'node:http';
import { type WebSocket } from 'ws';
import { type Application, expectProgram } from '../application/application.ts';
import { type Wire } from '../core/codec.ts';
import { type Literal, type Messages } from '../core/literals.ts';
import { type ClientConnection, type ConnectionSession } from '../connection/connection.ts';
import {
  connectionOptionNames,
  type ConnectionOptions,
  connectionSettings,
} from '../connection/options.ts';
import { ApplicationError } from '../application/errors.ts';
import { CloseCode } from '../core/close-codes.ts';
import { type OmniError } from '../core/errors.ts';
import { isPromise } from '../core/exchange.ts';
import { expectFunction, expectOptions, type OptionNames } from '../core/options.ts';
import { encodeOrSkip } from '../core/pipe.ts';
import { Loop } from '../application/program.ts';
import { type LoopHost } from '../application/loop-host.ts';
import { type MessageId } from '../connection/acknowledgement.ts';
import { connectSocket } from './line.ts';

/** Options of {@link omniWsApplication}. */
export interface OmniWsApplicationOptions<
  Args,
  Model,
  Message,
  Context = undefined,
  Request extends IncomingMessage = IncomingMessage,
  Encoded extends Wire = string,
> extends ConnectionOptions<NoInfer<Message>, Context, Request> {
  /** The program. Each connection runs its own. */
  readonly application: Application<Args, Model, Message, Encoded>;
  /**
   * Returns the argument of `init`, once the context is known. It may be asynchronous: frames wait, as
   * they wait for a handler, within `handlerTimeout`. When the client disconnects before it has
   * settled, `init` is not called: so acquire resources in an effect, which has a cleanup.
   */
  readonly start: (
    request: Request,
    context: Context,
  ) => NoInfer<Args> | PromiseLike<NoInfer<Args>>;
  /**
   * Called once at the end of every program whose `init` returned: after its cleanups, with its last
   * model. The code is that of the side which closed, or 1006 when the connection broke.
   */
  readonly onClose?: ((model: Model, code: number) => void | PromiseLike<void>) | undefined;
}

const OPTION_NAMES: OptionNames<OmniWsApplicationOptions<never, never, never>> = {
  ...connectionOptionNames,
  application: true,
  start: true,
  onClose: true,
};

/**
 * Makes a WebSocket route that runs a program for each connection. Each frame is decoded and given
 * to update. Every message that goes through update, from the client, an effect or a timer, is first
 * offered to the codec's `encode`: an encoded message is sent to the client, a skipped one stays
 * private. So the server can send first, and at any time.
 *
 * When the connection ends, so does its program: `signal` aborts, timers stop, cleanups are called.
 * A `start`, `init` or `update` that fails is reported to `onError`, whose answer is sent, and closes
 * its own connection with 1011. An effect or an `encode` that fails is reported to `onError` and
 * closes nothing. Undecodable frames are treated as by `omniWs`.
 *
 * A program that sends faster than its client reads is not slowed down, but ended: past
 * `maxBuffered` the connection is closed with 1013.
 *
 * Wire shape: as that of `omniWs`: every frame is an encoded message.
 *
 * @returns a listener for `app.ws(path, …)` of express-ws and for the `connection` event of a `ws`
 * server; it works with ws 7 and ws 8
 * @throws TypeError when an option is invalid or unknown
 *
 * Source: `mist_websocket_application` of omnimessage_server, which does not end its programs.
 *
 * @example
 * ```ts
 * const onError = (error: OmniError) => console.error(error.message);
 * app.ws('/counter', omniWsApplication({ application: counter, start: () => 0, onError }));
 * ```
 */
export function omniWsApplication<
  Args,
  Model,
  Message extends Messages<Kept>,
  Context = undefined,
  Request extends IncomingMessage = IncomingMessage,
  Encoded extends Wire = string,
  Kept extends Literal = Literal,
>(
  options: OmniWsApplicationOptions<Args, Model, Message, Context, Request, Encoded>,
): (socket: WebSocket, request: Request) => void {
  expectOptions('omniWsApplication', options, OPTION_NAMES);
  const { application, start, onClose } = options;
  expectProgram(application);
  expectFunction('start', start);
  expectFunction('onClose', onClose, true);
  const settings = connectionSettings(options, application.codec, 'application');
  const begin = (
    connection: ClientConnection<Message, Message, Context, Request>,
  ): ConnectionSession<Message, Message, Context, Request> =>
    new ProgramSession(options, connection);
  return (socket, request) => {
    connectSocket(socket, request, settings, begin);
  };
}

/** The program of one connection. */
class ProgramSession<
  Args,
  Model,
  Message,
  Context,
  Request extends IncomingMessage,
  Encoded extends Wire,
>
  implements ConnectionSession<Message, Message, Context, Request>, LoopHost<Message>
{
  readonly isOfConnection = true;
  readonly #options: OmniWsApplicationOptions<Args, Model, Message, Context, Request, Encoded>;
  readonly #connection: ClientConnection<Message, Message, Context, Request>;
  #loop: Loop<Args, Model, Message> | undefined;
  /** Where messages have ids: those that have their reply, and are being handled still. */
  #replied: Set<MessageId> | undefined;

  constructor(
    options: OmniWsApplicationOptions<Args, Model, Message, Context, Request, Encoded>,
    connection: ClientConnection<Message, Message, Context, Request>,
  ) {
    this.#options = options;
    this.#connection = connection;
  }

  // Called by the connection.

  opened(): void | Promise<void> {
    const { request, context } = this.#connection;
    let args: Args | PromiseLike<Args>;
    try {
      args = this.#options.start(request, context);
    } catch (cause) {
      throw new ApplicationError('start', { cause });
    }
    if (isPromise(args)) return this.#beginWhen(args);
    this.#begin(args);
    return undefined;
  }

  received(message: Message, _: unknown, id: MessageId | undefined): void | Promise<void> {
    this.#loop?.dispatch(message, id);
    // The frames that follow wait while the program is behind: its line stays short.
    return this.#loop?.whenHandled();
  }

  closed(_: unknown, code: number): void | PromiseLike<void> {
    const loop = this.#loop;
    if (loop === undefined) return undefined;
    loop.stop();
    return this.#options.onClose?.(loop.model, code);
  }

  // Called by the program.

  offered(message: Message, origin: MessageId | undefined): void {
    if (!this.#connection.isOpen) {
      // Closing, for up to 5 s: nothing is sent any more.
      this.#loop?.stop();
    } else if (origin === undefined || this.#replied?.has(origin) === true) {
      this.#connection.sendMessage(message, encodeOrSkip);
    } else if (this.#connection.sendReply(message, encodeOrSkip, origin)) {
      (this.#replied ??= new Set()).add(origin);
    }
  }

  settled(origin: MessageId): void {
    if (this.#replied?.delete(origin) !== true) this.#connection.reply(undefined, origin);
  }

  failed(error: OmniError): void {
    void this.#connection.answer(error);
  }

  close(code: number | undefined, reason: string | undefined, origin: MessageId | undefined): void {
    if (origin !== undefined) this.settled(origin);
    this.#connection.close(code, reason);
  }

  ended(error: ApplicationError | undefined, origin: MessageId | undefined): void {
    if (error !== undefined) {
      const isAnswered = origin === undefined || this.#replied?.has(origin) === true;
      this.#connection.fail(error, CloseCode.Failed, isAnswered ? undefined : origin);
    } else if (this.#connection.isOpen) {
      // Stopped by an effect, rather than by the end of its connection.
      if (origin !== undefined) this.settled(origin);
      this.#connection.end(1000);
    }
  }

  async #beginWhen(pending: PromiseLike<Args>): Promise<void> {
    let args: Args;
    try {
      args = await pending;
    } catch (cause) {
      throw new ApplicationError('start', { cause });
    }
    this.#begin(args);
  }

  #begin(args: Args): void {
    // The connection has ended while `start` was pending.
    if (!this.#connection.isOpen) return;
    const loop = new Loop(this.#options.application, args, this);
    this.#loop = loop;
    loop.begin();
  }
}
