/**
 * The events on `node:diagnostics_channel`. They hold numbers, codes of ours, and the tag that the
 * codec gives; nothing else that was received. Callers look at `hasSubscribers` first, so that an
 * event without a listener is never built.
 */
import { channel, type Channel } from 'node:diagnostics_channel';
import { type IncomingMessage } from 'node:http';
import { type Codec } from '../core/codec.ts';
import { type OmniError } from '../core/errors.ts';
import { type ErrorHandler } from '../core/exchange.ts';
import { noticeFailure, noticeRefusal } from './development-notice.ts';

/** How a message travels. */
export type Transport = 'http' | 'websocket' | 'application' | 'component' | 'sse';

/** The id of a connection. */
export interface OfConnection {
  /**
   * The `id` of the connection: a whole number, unique in this process. Undefined over HTTP, and
   * before there is a connection.
   */
  readonly connection?: number | undefined;
}

/** What all events of a connection, or of a request, have. */
export interface Origin extends OfConnection {
  readonly transport: Transport;
}

/** `omnimessage:open`: a connection is open, its context known. */
export interface OpenEvent extends Origin {
  /** From the socket's arrival at the route to its being open, in milliseconds. */
  readonly duration: number;
}

/** `omnimessage:message`: a message was handled, or could not be. */
export interface MessageEvent extends Origin {
  /**
   * The name of the message: what `tagOf` of the codec gives, at most 64 characters. Of a component:
   * `event`, `attribute`, `property`, or `batch`. Undefined when it could not be decoded, or the
   * codec has no `tagOf`.
   */
  readonly tag: string | undefined;
  /** From the decoding to the writing of the reply, in milliseconds. */
  readonly duration: number;
  /** Size of what was received, in bytes (in UTF-16 units where the socket gives strings). */
  readonly received: number;
  /** Size of the encoded reply, in UTF-16 units or bytes; 0 when there is none, or a problem. */
  readonly sent: number;
}

/** `omnimessage:error`: a failure that `onError` gets. */
export interface ErrorEvent extends OfConnection {
  readonly transport: Transport | 'upgrade' | 'hub';
  /** The `code` of the OmniError. */
  readonly code: string;
}

/** `omnimessage:refused`: a limit, an Origin or a refusal turned a client or a message away. */
export interface RefusedEvent extends OfConnection {
  readonly transport: Transport | 'upgrade' | 'hub';
  /** A problem code of HTTP (`too-large`), or a close reason (`rate-limited`). */
  readonly code: string;
  /** The HTTP status or the close code that went with it. */
  readonly status: number;
}

/** `omnimessage:close`: a connection that was open has ended. */
export interface CloseEvent extends Origin {
  /** The close code. */
  readonly code: number;
  /** How long the connection was open, in milliseconds. */
  readonly duration: number;
}

/** The longest tag, in characters. */
const MAX_TAG = 64;

export const onOpenChannel: Channel = channel('omnimessage:open');
export const onMessageChannel: Channel = channel('omnimessage:message');
export const onErrorChannel: Channel = channel('omnimessage:error');
export const onRefusedChannel: Channel = channel('omnimessage:refused');
export const onCloseChannel: Channel = channel('omnimessage:close');

let connections = 0;

/** The id of the next connection of this process. */
export function nextConnection(): number {
  connections += 1;
  return connections;
}

/** Publishes that a connection is open, when there is a subscriber. */
export function publishOpen(transport: Transport, connection: number, duration: number): void {
  if (!onOpenChannel.hasSubscribers) return;
  onOpenChannel.publish({ transport, connection, duration } satisfies OpenEvent);
}

/** Publishes that a connection has ended, when there is a subscriber. */
export function publishClose(
  transport: Transport,
  connection: number,
  code: number,
  duration: number,
): void {
  if (!onCloseChannel.hasSubscribers) return;
  onCloseChannel.publish({ transport, connection, code, duration } satisfies CloseEvent);
}

/**
 * Publishes an error, when there is a subscriber.
 * @param hasOnError - whether the user gave an `onError`; if not, it is printed on stderr outside production
 */
export function publishError(
  error: OmniError,
  transport: ErrorEvent['transport'],
  hasOnError: boolean,
  connection?: number,
): void {
  if (onErrorChannel.hasSubscribers) {
    onErrorChannel.publish({ transport, connection, code: error.code } satisfies ErrorEvent);
  }
  if (!hasOnError) noticeFailure(error, transport);
}

/**
 * Publishes a refusal, when there is a subscriber; the remedy is printed on stderr outside production.
 * @param isExpected - whether there is nothing to remedy
 */
export function publishRefused(event: RefusedEvent, isExpected = false): void {
  if (onRefusedChannel.hasSubscribers) onRefusedChannel.publish(event);
  if (!isExpected) noticeRefusal(event.transport, event.code);
}

/** An `onError` that publishes first; also where the user gave none. */
export function reporting<Out, Context, Request extends IncomingMessage>(
  onError: ErrorHandler<Out, Context, Request> | undefined,
  transport: ErrorEvent['transport'],
): ErrorHandler<Out, Context, Request> {
  return (error, exchange) => {
    const { id } = exchange as { readonly id?: number };
    publishError(error, transport, onError !== undefined, id);
    return onError?.(error, exchange);
  };
}

/** A message that is being handled, while the channel has subscribers. */
export class MessageMeasure {
  readonly #origin: Origin;
  readonly #received: number;
  readonly #began: number = performance.now();
  readonly #sentBefore: number;
  #tag: string | undefined;

  /**
   * @param received - the size of the message, in bytes
   * @param sentBefore - how much the connection has sent, in bytes
   */
  constructor(origin: Origin, received: number, sentBefore: number) {
    this.#origin = origin;
    this.#received = received;
    this.#sentBefore = sentBefore;
  }

  /** It could be decoded. */
  decoded<In>(message: In, codec: Pick<Codec<In, never, never>, 'tagOf'>): void {
    try {
      const tag = codec.tagOf?.(message);
      if (tag !== undefined) this.#tag = String(tag).slice(0, MAX_TAG);
    } catch {
      // guard: a tagOf that throws → throw new Error('tagOf');
      // A fault in the name of a message must not fail the message.
    }
  }

  /** It is handled. @param sent - how much the connection has sent now, in bytes */
  handled(sent: number): void {
    onMessageChannel.publish({
      ...this.#origin,
      tag: this.#tag,
      duration: performance.now() - this.#began,
      received: this.#received,
      sent: sent - this.#sentBefore,
    } satisfies MessageEvent);
  }
}
