/** Server components over WebSocket. */
import { type IncomingMessage } from 'node:http';
import { type WebSocket } from 'ws';
import { expectNoPromise } from '../core/attempt.ts';
import { type Codec } from '../core/codec.ts';
import { type ClientConnection, type ConnectionSession } from '../connection/connection.ts';
import {
  connectionOptionNames,
  type ConnectionOptions,
  connectionSettings,
} from '../connection/options.ts';
import { UndecodableCount } from '../connection/undecodable.ts';
import { type ApplicationError } from '../application/errors.ts';
import { CloseCode } from '../core/close-codes.ts';
import { DecodeError } from '../core/errors.ts';
import { isPromise } from '../core/exchange.ts';
import { expectFunction, expectNumber, expectOptions, type OptionNames } from '../core/options.ts';
import { type Prepared } from '../core/prepared.ts';
import { connectSocket } from '../websocket/line.ts';
import { type ClientFrame, readFrame } from './client-message.ts';
import { type Csrf, isGenuine } from './csrf.ts';
import { type RuntimeHost } from './runtime-host.ts';
import { expectSource, open, type Opened, type Source, sourceOptionNames } from './source.ts';
import { UNCHANGED } from './vdom/wire.ts';
import { type Viewer } from './viewing.ts';

/** Options of {@link omniServerComponent}: `component` and `start`, or `shared`, and these. */
export interface ServerComponentOptions<
  Context = undefined,
  Request extends IncomingMessage = IncomingMessage,
> extends ConnectionOptions<never, Context, Request> {
  /**
   * Whether the CSRF token that the browser puts into the URL is valid; it may be asynchronous. The
   * token is that of the attribute `csrf-token` of the element, or else of
   * `<meta name="csrf-token">`; undefined when there is none. Anything but true closes with 1000.
   * @defaultValue the token is not checked
   */
  readonly csrf?: Csrf<Context, Request> | undefined;
  /**
   * How long a connection that fails within 10 s of its opening is kept before it is closed with
   * 1011, in milliseconds, plus or minus half of it; 0 for not at all. Lustre's runtime reconnects
   * half a second after every close: without the delay every page would start a failing component
   * twice a second.
   * @defaultValue 5_000
   */
  readonly failureDelay?: number | undefined;
  /**
   * Whether this page has shown a component before, on the same element, and reconnects after it lost
   * its connection. Only for components that observe properties: a browser that gets their names a
   * second time shows nothing. Only the `route` of the element can identify a page:
   * `route="/counter?page=<a random id>"`.
   * @defaultValue no page has
   */
  readonly isRemount?: ((request: Request, context: Context) => boolean) | undefined;
}

const OPTION_NAMES: OptionNames<ServerComponentOptions> = {
  ...connectionOptionNames,
  ...sourceOptionNames,
  csrf: true,
  failureDelay: true,
  isRemount: true,
};

/**
 * Makes a WebSocket route that shows a server component, for `<lustre-server-component route="…">` of
 * Lustre 5.3.2 to 5.7.0. With `component` and `start` each connection runs its own component, from
 * `init` to the end of the connection; with `shared` all of them see one that
 * {@link startServerComponent} has started.
 *
 * No message of a client ends the process or another connection: an invalid frame, or one without a
 * handler, is answered like any other, and does nothing. An `update` or `view` that throws is reported
 * to `onError` and closes with 1011; a handler's decoder that throws closes nothing.
 *
 * Wire shape: Lustre's own, JSON in text frames. The server sends first, and answers each frame.
 * Lustre's runtime reconnects after every close but 1000: so a client that is refused for good
 * (CloseCode Undecodable, Unauthorized, Forbidden) is closed with 1000 and the reason of that code.
 * Close codes are otherwise those of `omniWs`. A page for which more than `maxBuffered` waits is sent
 * nothing more until it has caught up, and then the whole view; a first view may be larger.
 *
 * @returns a listener for `app.ws(path, …)` of express-ws and for the `connection` event of a `ws`
 * server; it works with ws 7 and ws 8
 * @throws TypeError when an option is invalid or unknown
 *
 * @example
 * ```ts
 * const onError = (error: OmniError) => console.error(error.message);
 * app.ws('/counter', omniServerComponent({ component: counter, start: () => 0, onError }));
 * ```
 */
export function omniServerComponent<
  Args,
  Model,
  Message,
  Context = undefined,
  Request extends IncomingMessage = IncomingMessage,
>(
  options: ServerComponentOptions<Context, Request> &
    Source<Args, Model, Message, Context, Request>,
): (socket: WebSocket, request: Request) => void {
  expectOptions('omniServerComponent', options, OPTION_NAMES);
  expectSource(options);
  expectFunction('csrf', options.csrf, true);
  expectFunction('isRemount', options.isRemount, true);
  const { failureDelay = FAILURE_DELAY } = options;
  expectNumber('failureDelay', failureDelay, { from: 0 });
  const settings = {
    ...connectionSettings<Said, never, Context, Request, string>(
      { ...options, limit: options.limit ?? LIMIT },
      codec,
      'component',
    ),
    wireCode,
    failureDelay,
  };
  const begin = (
    connection: ClientConnection<Said, never, Context, Request>,
  ): ConnectionSession<Said, never, Context, Request> => new ComponentSession(options, connection);
  return (socket, request) => {
    connectSocket(socket, request, settings, begin);
    keepPage(socket);
  };
}

/** A frame, or the error in the place of one: the browser waits for an answer to that too. */
type Said = ClientFrame | DecodeError;

/** Only the runtime of the component sends anything, already encoded. */
const codec: Codec<Said, never> = {
  decode: (text) => {
    try {
      return readFrame(text);
    } catch (error) {
      return error as DecodeError;
    }
  },
  encode: () => undefined,
  tagOf: (said) => {
    if (said instanceof DecodeError) return undefined;
    return said.messages.length > 1 ? 'batch' : said.messages[0]?.kind;
  },
};

/** After these a page that reconnects would be refused again. */
const FOR_GOOD: ReadonlySet<number> = new Set<number>([
  CloseCode.TooLarge,
  CloseCode.Undecodable,
  CloseCode.Unauthorized,
  CloseCode.Forbidden,
  CloseCode.NotFound,
]);
const wireCode = (code: number): number => (FOR_GOOD.has(code) ? 1000 : code);

/**
 * While it waits for an answer the runtime collects the input events, each with the whole text, and
 * sends them as one frame: 50 keys into a text of 20 kB are a megabyte.
 */
const LIMIT = 1_048_576;

/**
 * Closes with 1000 for a frame past the limit. ws itself closes with 1009, after which the runtime
 * reconnects and mounts again, and the user's input is lost; after 1000 the page keeps it.
 */
function keepPage(socket: WebSocket): void {
  const close = socket.close.bind(socket);
  socket.close = (code, reason) => {
    // guard: a frame past the limit costs no text
    if (code === CloseCode.TooLarge) close(1000, 'message too big');
    else close(code, reason);
  };
}

const FAILURE_DELAY = 5_000;

/** The component of one connection, or its part in one. */
class ComponentSession<Args, Model, Message, Context, Request extends IncomingMessage>
  implements ConnectionSession<Said, never, Context, Request>, Viewer
{
  readonly #options: ServerComponentOptions<Context, Request> &
    Source<Args, Model, Message, Context, Request>;
  readonly #connection: ClientConnection<Said, never, Context, Request>;
  #opened: Opened | undefined;
  #undecodable: UndecodableCount | undefined;
  /** Frames were left out, because the page is too far behind. */
  #hasMissed = false;

  constructor(
    options: ServerComponentOptions<Context, Request> &
      Source<Args, Model, Message, Context, Request>,
    connection: ClientConnection<Said, never, Context, Request>,
  ) {
    this.#options = options;
    this.#connection = connection;
  }

  // Called by the connection.

  opened(): void | Promise<void> {
    const { request, context } = this.#connection;
    const { csrf } = this.#options;
    const isKnown = csrf === undefined || isGenuine(csrf, request, context);
    if (isPromise(isKnown)) return isKnown.then((verdict) => this.#enter(verdict));
    return this.#enter(isKnown);
  }

  received(said: Said): void | Promise<void> {
    if (said instanceof DecodeError) return this.#refuse(said);
    this.#undecodable?.reset();
    return this.#opened?.shared.receive(this, said);
  }

  closed(_: unknown, code: number): void | PromiseLike<void> {
    const opened = this.#opened;
    opened?.shared.disconnect(this);
    if (code === CloseCode.TooLarge) {
      const { limit } = this.#connection.settings;
      const error = new DecodeError(`expected a frame of at most ${limit} bytes: raise \`limit\``);
      void this.#connection.answer(error);
    }
    return opened?.close(code);
  }

  // Called by the component.

  show(frame: string | Prepared, isMount: boolean): void {
    const connection = this.#connection;
    if (!connection.isOpen) {
      // Closing, for up to 5 s: nobody sees it any more.
      this.#opened?.shared.disconnect(this);
      return;
    }
    // guard: a page that is too far behind is mounted anew
    this.#hasMissed ||= connection.isTooFarBehind(this.#caughtUp);
    if (this.#hasMissed) return;
    if (isMount) connection.sendLong(frame);
    else connection.sendEncoded(frame);
  }

  ended(error?: ApplicationError): void {
    if (error === undefined) this.#connection.end(1000);
    else if (this.#options.shared !== undefined) this.#connection.failSilently();
  }

  readonly #caughtUp = (): void => {
    this.#hasMissed = false;
    if (this.#connection.isOpen) this.#opened?.shared.remount(this);
  };

  #enter(isKnown: boolean): void | Promise<void> {
    const connection = this.#connection;
    if (!isKnown) {
      connection.refuse(CloseCode.Forbidden);
      return undefined;
    }
    const { request, context } = connection;
    const host: RuntimeHost = {
      failed: (error) => void connection.answer(error),
      ended: (error) => {
        if (error !== undefined) connection.fail(error);
      },
    };
    const opening = open(this.#options, request, context, host, () => connection.isOpen);
    if (isPromise(opening)) return opening.then((opened) => this.#lookAt(opened));
    this.#lookAt(opening);
    return undefined;
  }

  #lookAt(opened: Opened | undefined): void {
    if (opened === undefined) return;
    const { request, context } = this.#connection;
    this.#opened = opened;
    const isRemount: unknown = this.#options.isRemount?.(request, context);
    expectNoPromise('isRemount', isRemount);
    opened.shared.connect(this, isRemount !== true);
  }

  /** Answers an invalid frame too: the browser sends nothing before it has an answer. */
  #refuse(error: DecodeError): void | Promise<void> {
    this.#undecodable ??= new UndecodableCount();
    const isLast = !this.#undecodable.take();
    const goOn = (): void => {
      if (isLast) this.#connection.refuse(CloseCode.Undecodable);
      else this.#connection.sendEncoded(UNCHANGED);
    };
    const answering = this.#connection.answer(error);
    if (isPromise(answering)) return answering.then(goOn);
    goOn();
    return undefined;
  }
}
