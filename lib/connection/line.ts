/**
 * The interface between a connection and its transport, in both directions. A WebSocket
 * is one line, a stream of server-sent events another; neither is known here.
 */
import { type Wire } from '../core/codec.ts';
import { type Prepared } from '../core/prepared.ts';
import { type Introduced, type Resume } from './introduction.ts';

/** A message as it was received: `ws` 7 gives a string for text, `ws` 8 a Buffer. */
export type Received = string | Uint8Array | ArrayBuffer | readonly Uint8Array[];

/** The header of a push that stands in the log of a topic: the line puts its place there. */
export const PLACED = ';place=';

/** The transport of one connection. */
export interface Line {
  /** Whether anything that is written can still be sent: false from the close on. */
  readonly isOpen: boolean;
  /** Whether each message has an id and an answer of its own: the subprotocol `omnimessage.1`. */
  readonly isMarked: boolean;
  /** What the client sent about itself on a marked line; its secret is dropped once it was read. */
  introduction: Introduced | undefined;
  /** What it goes on from, where that is known from the beginning. */
  readonly goesOnFrom: Resume | undefined;
  /** Whether the client sends nothing: then its silence proves nothing. */
  readonly isOneWay: boolean;
  /** The largest message that it takes, in bytes; a route may allow less. */
  readonly limit: number;
  /** What was written and not yet taken by the kernel: its bytes, plus 256 for each frame that waits. */
  readonly buffered: number;
  /** How much was ever written, in bytes. */
  readonly bytesSent: number;
  /**
   * Takes a message, to be sent when this callback of the event loop has ended.
   * @param header - on a marked line what stands before the message, or {@link PLACED}; otherwise it
   * is not looked at
   * @returns by how much more is `buffered` now
   */
  readonly write: (encoded: Wire | Prepared, header: string) => number;
  /** Sends what waits at once, unless the kernel has not taken what came before. */
  readonly flush: () => void;
  /** Calls back once what is written now was taken; never, if the line closes first. */
  readonly whenDrained: (callback: () => void) => void;
  /** Reads nothing until `resume`: what the client sends waits in the kernel. */
  readonly pause: () => void;
  readonly resume: () => void;
  /** Sends a ping; the answer calls `heard`. */
  readonly ping: () => void;
  /** Closes after what was written; the line is gone within 5 s, whatever the client does. */
  readonly close: (code: number, reason: string | undefined) => void;
  /** Ends it at once. */
  readonly terminate: () => void;
  /** Forgets what waits to be sent: the line is gone. */
  readonly discard: () => void;
}

/** The events of a line, for the connection that it carries. */
export interface LineListener {
  /** A message. */
  readonly receive: (data: Received, isBinary: boolean) => void;
  /** A sign of life that is no message: a ping or a pong. */
  readonly heard: () => void;
  /** The client broke the protocol; the line has answered it with this close code. */
  readonly malformed: (closeCode: number) => void;
  /**
   * The client has sent its last message: calls back when those that wait for their turn are handled.
   * @returns false when none waits; then it does not call back
   */
  readonly finish: (finished: () => void) => boolean;
  /** The end, once. */
  readonly closed: (code: number) => void;
}
