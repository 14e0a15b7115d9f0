/** The interface between the link and the transport that carries its messages. */
import { type Wire } from '../core/codec.ts';
import { type Fetch, type SocketConstructor } from './platform.ts';

/** Where a server is: relative to the page, or absolute. */
export type Address = string | URL;

/** An address, or a function that is asked for it at every attempt, as for one with a fresh token. */
export type AddressSource = Address | (() => Address | Promise<Address>);

/** What a link that goes on from an earlier line says of itself. */
export interface Returning {
  /** The token that is offered beside `omnimessage.1`. */
  readonly token?: string;
  /** Where it has got to in topics, for server-sent events; empty for nowhere. */
  readonly lastEventId?: string;
  readonly greet?: Greet;
}

/**
 * Takes the frames with which a line of `omnimessage.1` begins.
 * @param say - sends a frame of the protocol itself
 * @returns what the line is, once it may be used; undefined before, and false when it is none
 */
export type Greet = (
  header: string,
  payload: Wire,
  say: (header: string, text: string) => void,
) => LineOptions | false | undefined;

/** What one attempt is given, most of it options of the link. */
export interface Attempt {
  readonly codec: { readonly binary?: boolean };
  readonly WebSocket?: SocketConstructor | undefined;
  readonly fetch?: Fetch | undefined;
  readonly url: URL;
  /** True when an earlier line broke: a transport without a connection first checks that the server is back. */
  readonly isReturn: boolean;
}

/** What the server says of a line, and may not be what it should: each is checked where it is used. */
export interface LineOptions {
  /** After so many ms without a frame the server sends a beat. Absent when it does not. */
  readonly interval?: number | undefined;
  /** The largest message that the server reads, in bytes. */
  readonly limit?: number | undefined;
  /** For so many ms after it was sent a message may be repeated. Absent: it may not. */
  readonly window?: number | undefined;
  /** True when the server goes on where the last line ended. */
  readonly resumed?: boolean | undefined;
  /** What the server calls the client and its user, and the number of its last push. */
  readonly owner?: string | undefined;
  readonly pushes?: number | undefined;
  /** How many messages a second the queue may send. */
  readonly rate?: number | undefined;
}

/** What a line calls. After `end`, or once it is closed, it calls nothing. */
export interface LineEvents {
  /** What the server is told of an earlier line. Undefined for a link that does not resume. */
  readonly returning?: (() => Returning) | undefined;
  readonly open: (options: LineOptions) => void;
  /**
   * A message has come, or what became of one.
   * @param header - as in `omnimessage.1`: `=17` a reply, `+17` acknowledged, `-17;code` failed, `@`
   * who the client is, empty for a push, anything else for a sign of life; with extensions
   */
  readonly receive: (header: string, payload: Wire) => void;
  /** The server refused a message before it was handled: it goes back to the head of the queue. */
  readonly refused: (id: number) => void;
  /** Sends what could not be sent at once. */
  readonly flush: () => void;
  /**
   * @param code - a close code, an HTTP status, or 0 for neither
   * @param retryAfter - what the server asked for, in seconds
   */
  readonly end: (code: number, reason?: string, retryAfter?: number) => void;
}

/** One connection, or what stands for one. */
export interface Line {
  /** True when nothing that is sent is confirmed. */
  readonly isBare?: boolean;
  /** True while a message may be sent at once. */
  readonly isReady: () => boolean;
  /** Bytes that wait in the socket. */
  readonly buffered: () => number;
  /** @param header - as in `omnimessage.1`: the id of the message, and whether it is sent again */
  readonly send: (header: string, encoded: Wire) => void;
  /** Asks for a sign of life. Absent where the server cannot be asked. */
  readonly probe?: (() => void) | undefined;
  /**
   * The page is left: what can still be sent without a page is sent. Called before anything else learns
   * of it, for the browser has cancelled what was on its way.
   */
  readonly leave?: (() => void) | undefined;
  /** Ends the line at once; nothing is called any more. */
  readonly close: (code?: number) => void;
}

/** What a route says to the question why a handshake is refused. */
export interface RouteAnswer {
  /** The status with which the handshake would be refused; 0 when it would be accepted. */
  readonly code: number;
  /** In seconds. */
  readonly retryAfter?: number;
}

/** A way for messages to travel, as a value: give `webSocket()`, `http()` or `sse()` to `connect`. */
export interface Transport {
  readonly name: 'websocket' | 'http' | 'sse';
  /** Its own address; without one that of `connect`. */
  readonly url?: AddressSource | undefined;
  /** @throws what the constructor of the socket throws */
  readonly start: (attempt: Attempt, events: LineEvents) => Line;
  /** Asks the route what the browser hides. Undefined when the answer is not the route's. */
  readonly ask?:
    ((url: URL, fetch: Fetch | undefined) => Promise<RouteAnswer | undefined>) | undefined;
}
