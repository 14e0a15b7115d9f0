/** Sends messages, replies, and the answers of `onError`. */
import { type IncomingMessage } from 'node:http';
import { type Answer } from '../core/answer.ts';
import { type Wire } from '../core/codec.ts';
import { type OmniError } from '../core/errors.ts';
import { type Connection, isPromise } from '../core/exchange.ts';
import { encode, type Piped, recover } from '../core/pipe.ts';
import { type Prepared } from '../core/prepared.ts';
import { printAs, type Summary, summaryOf } from '../core/summary.ts';
import { nextConnection, type Origin } from '../process/diagnostics.ts';
import { type MessageId } from './acknowledgement.ts';
import { type ConnectionSettings } from './options.ts';
import { type MessageSender } from './sending.ts';

/** Where a connection is in its life. */
export type State = 'opening' | 'open' | 'failing' | 'closing' | 'closed';

/** The half of a connection that encodes; the other half is its life. */
export abstract class AnsweringConnection<
  In,
  Out,
  Context,
  Request extends IncomingMessage,
> implements Omit<Connection<Out, Context, Request>, 'close' | 'signal'> {
  readonly id: number = nextConnection();
  readonly request: Request;
  /** Undefined until `context` has returned. */
  context: Context = undefined as Context;
  readonly settings: ConnectionSettings<In, Out, Context, Request>;
  protected state: State = 'opening';
  protected abstract readonly sender: MessageSender;
  #send: ((message: Out) => boolean) | undefined;

  constructor(request: Request, settings: ConnectionSettings<In, Out, Context, Request>) {
    this.request = request;
    this.settings = settings;
  }

  /** Closing, or closed: nothing is sent any more. */
  abstract get isEnding(): boolean;
  abstract get signal(): AbortSignal;
  abstract get close(): (code?: number, reason?: string) => void;

  /** Whether its messages are bytes. */
  get binary(): boolean {
    return this.settings.isBinary;
  }

  /** What all its events have. */
  get origin(): Origin {
    return { transport: this.settings.transport, connection: this.id };
  }

  // Made when first asked for, so that it can be taken out of the connection (`({ send }) => …`)
  // and still costs nothing where that is not done.
  get send(): (message: Out) => boolean {
    this.#send ??= (message) => this.sendMessage(message);
    return this.#send;
  }

  /**
   * What `send` does, without a function made for this connection.
   * @param encoder - `encodeOrSkip` for a message of an application
   */
  sendMessage(message: Out, encoder: typeof encode = encode): boolean {
    if (this.isEnding) return false;
    let encoded: Wire | undefined;
    try {
      encoded = encoder(message, this.settings.codec);
    } catch (error) {
      return this.answer(error as OmniError) === true;
    }
    return this.sendEncoded(encoded);
  }

  /**
   * Sends a message as the reply to another.
   * @returns whether that one is answered now: false when the codec skipped this one
   */
  sendReply(message: Out, encoder: typeof encode, id: MessageId): boolean {
    let encoded: Wire | undefined;
    try {
      encoded = encoder(message, this.settings.codec);
    } catch (error) {
      void this.answerFailure(error as OmniError, id);
      return true;
    }
    if (encoded === undefined) return false;
    this.reply(encoded, id);
    return true;
  }

  /**
   * Sends what was encoded, for this connection alone or for many.
   * @returns false when there is nothing, or the connection is ending or too slow
   */
  sendEncoded(encoded: Wire | Prepared | undefined): boolean {
    return encoded !== undefined && this.sender.push(encoded);
  }

  /** Sends a message that may take long: see `pushLong` of the sender. */
  sendLong(encoded: Wire | Prepared): boolean {
    return this.sender.pushLong(encoded);
  }

  /** Whether one message more would close it: then `caughtUp` is called once the client has caught up. */
  isTooFarBehind(caughtUp: () => void): boolean {
    return this.sender.isTooFarBehind(caughtUp);
  }

  /**
   * Answers a message: with its reply, or that there is none.
   * @param id - the id that the client gave the message; undefined where messages have no ids
   */
  reply(encoded: Wire | undefined, id: MessageId | undefined): boolean {
    return id === undefined ? this.sendEncoded(encoded) : this.sender.reply(encoded, id);
  }

  greet(): void {
    this.sender.greet();
  }

  sendBeat(): void {
    this.sender.sendBeat();
  }

  /** Lets a hub answer the message that is being handled, with what was published for it. */
  takeAnswer(): Answer | undefined {
    return this.sender.takeAnswer();
  }

  failMessage(id: MessageId, code: string, encoded?: Wire): boolean {
    return this.sender.fail(id, code, encoded);
  }

  /** Calls `onError` with a failure that does not end the connection, and sends its answer. */
  answer(error: OmniError): boolean | Promise<boolean> {
    return this.answerFailure(error, undefined);
  }

  /** As `answer`, for the failure of a message that the client may have given an id. */
  answerFailure(error: OmniError, id: MessageId | undefined): boolean | Promise<boolean> {
    let answer: Piped<Wire>;
    try {
      answer = recover(error, this.settings, this);
    } catch {
      // No answer. onError has the failure, and nothing else can handle it.
      return id !== undefined && this.failMessage(id, error.code);
    }
    const send = (encoded: Wire | undefined): boolean =>
      id === undefined ? this.sendEncoded(encoded) : this.failMessage(id, error.code, encoded);
    if (!isPromise(answer)) return send(answer);
    return answer.then(send, () => id !== undefined && this.failMessage(id, error.code));
  }

  /** What `console.log` and most loggers print: neither headers nor the context. */
  toJSON(): Summary & { readonly state: State } {
    return { ...summaryOf(this.request), state: this.state };
  }
}

printAs(AnsweringConnection.prototype, (connection) => {
  const { method, path, state } = connection.toJSON();
  return `Connection { ${method} ${path}, ${state} }`;
});
