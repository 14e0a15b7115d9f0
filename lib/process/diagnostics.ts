/**
 * What can be watched, on `node:diagnostics_channel`. Nothing that was received is in an event:
 * numbers, and codes of ours. Callers look at `hasSubscribers` first, so that an event that nobody
 * listens to is never built.
 */
import { channel, type Channel } from 'node:diagnostics_channel';
import { type IncomingMessage } from 'node:http';
import { type OmniError } from '../core/errors.ts';
import { type ErrorHandler } from '../core/exchange.ts';
import { noticeFailure, noticeRefusal } from './development-notice.ts';

/** How a message travels. */
export type Transport = 'http' | 'websocket' | 'application' | 'component' | 'sse';

/** `omnimessage:open`: a connection is open, its context known. */
export interface OpenEvent {
  readonly transport: Transport;
  /** From the socket's arrival at the route to its being open, in milliseconds. */
  readonly duration: number;
}

/** `omnimessage:message`: a message was handled. */
export interface MessageEvent {
  readonly transport: Transport;
  /** From the decoding to the reply's being handed over, in milliseconds. */
  readonly duration: number;
  /** Size of what was received, in bytes (in UTF-16 units where the socket gives strings). */
  readonly received: number;
  /** Size of the encoded reply, in UTF-16 units or bytes; 0 when there is none. */
  readonly sent: number;
}

/** `omnimessage:error`: what `onError` is told of. */
export interface ErrorEvent {
  readonly transport: Transport | 'upgrade' | 'hub';
  /** The `code` of the OmniError. */
  readonly code: string;
}

/** `omnimessage:refused`: what a limit, an Origin or a refusal turned away. */
export interface RefusedEvent {
  readonly transport: Transport | 'upgrade' | 'hub';
  /** A problem code of HTTP (`too-large`), or a close reason (`rate-limited`). */
  readonly code: string;
  /** The HTTP status or the close code that went with it. */
  readonly status: number;
}

/** `omnimessage:close`: a connection that was open has ended. */
export interface CloseEvent {
  readonly transport: Transport;
  /** The close code. */
  readonly code: number;
  /** How long the connection was open, in milliseconds. */
  readonly duration: number;
}

export const onOpenChannel: Channel = channel('omnimessage:open');
export const onMessageChannel: Channel = channel('omnimessage:message');
export const onErrorChannel: Channel = channel('omnimessage:error');
export const onRefusedChannel: Channel = channel('omnimessage:refused');
export const onCloseChannel: Channel = channel('omnimessage:close');

/** Publishes that a connection is open, when anybody subscribed. */
export function publishOpen(transport: Transport, duration: number): void {
  if (onOpenChannel.hasSubscribers) onOpenChannel.publish({ transport, duration });
}

/** Publishes that a connection has ended, when anybody subscribed. */
export function publishClose(transport: Transport, code: number, duration: number): void {
  if (onCloseChannel.hasSubscribers) onCloseChannel.publish({ transport, code, duration });
}

/**
 * Publishes an error, when anybody subscribed.
 * @param hasOnError - whether the user gave an `onError`; if not, a developer reads it on stderr
 */
export function publishError(
  error: OmniError,
  transport: ErrorEvent['transport'],
  hasOnError: boolean,
): void {
  if (onErrorChannel.hasSubscribers) onErrorChannel.publish({ transport, code: error.code });
  if (!hasOnError) noticeFailure(error, transport);
}

/** Publishes a refusal, when anybody subscribed; a developer reads on stderr what to do about it. */
export function publishRefused(event: RefusedEvent): void {
  if (onRefusedChannel.hasSubscribers) onRefusedChannel.publish(event);
  noticeRefusal(event.transport, event.code);
}

/** An `onError` that publishes first; it is there also when the user gave none. */
export function reporting<Out, Context, Request extends IncomingMessage>(
  onError: ErrorHandler<Out, Context, Request> | undefined,
  transport: ErrorEvent['transport'],
): ErrorHandler<Out, Context, Request> {
  return (error, exchange) => {
    publishError(error, transport, onError !== undefined);
    return onError?.(error, exchange);
  };
}

/**
 * Measures a message that begins to be handled.
 * @param received - its size, in bytes
 * @param line - counts what is sent until the message is handled
 * @returns a function that publishes the event, to be called when the message is handled
 */
export function beginMessage(
  transport: Transport,
  received: number,
  line: { readonly bytesSent: number },
): () => void {
  const began = performance.now();
  const sentBefore = line.bytesSent;
  return () => {
    onMessageChannel.publish({
      transport,
      duration: performance.now() - began,
      received,
      sent: line.bytesSent - sentBefore,
    });
  };
}
