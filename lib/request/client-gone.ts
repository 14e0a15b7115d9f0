/**
 * Whether a client has disconnected, and whether its server shuts down: for all code that works for a
 * client for longer than one turn.
 *
 * A response alone does not show it. Node emits `close` on a response only once that response has
 * its socket: of pipelined requests all but the first wait without one, and when the connection
 * breaks they get no event. So a listener of a response listens to its socket too, by one listener
 * for each socket, for any number of responses that wait on it.
 */
import { type ServerResponse } from 'node:http';
import { type Duplex } from 'node:stream';

/** Called when a client has disconnected. Must not throw. */
export type Gone = (response: ServerResponse) => void;

/** A response that is followed. */
interface Followed {
  readonly response: ServerResponse;
  readonly end: () => void;
}

/** What waits for the end of each socket. */
const waiting = new WeakMap<object, Set<Followed>>();

/** A response of HTTP/2 has a stream of its own, and no way to wait behind another one. */
interface MaybeHttp2 {
  readonly stream?: Duplex | undefined;
}

/**
 * Whether a response is over: it has been sent to its end, or its connection is closed. Check it
 * before anything is started for a client: the middlewares before may have taken longer than the
 * client waited.
 */
export function isGone(response: ServerResponse): boolean {
  const { stream } = response as MaybeHttp2;
  if (stream !== undefined) return stream.destroyed;
  // guard: a client that left before its response had a socket
  if (response.req.socket.destroyed) return true;
  return response.closed || response.destroyed;
}

/** Whether a response must not be written to: it has been ended, or the client has disconnected. */
export function isOver(response: ServerResponse): boolean {
  return response.writableEnded || isGone(response);
}

/**
 * Calls back once, when a response has been sent to its end or its connection is closed, whichever
 * is first; at once when that is so already. In constant time, also where thousands of responses
 * wait on one connection.
 */
export function whenGone(response: ServerResponse, gone: Gone): void {
  if (isGone(response)) {
    gone(response);
    return;
  }
  const others =
    (response as MaybeHttp2).stream === undefined
      ? waitingOn(response.req.socket)
      : new Set<Followed>();
  const end = (): void => {
    if (others.delete(followed)) gone(response);
  };
  const followed = { response, end };
  others.add(followed);
  response.once('close', end);
}

/** Whether a request of a connection that is followed has no complete answer yet. */
export function isAnswering(socket: Duplex): boolean {
  for (const { response } of waiting.get(socket) ?? []) if (!response.writableEnded) return true;
  return false;
}

function waitingOn(socket: Duplex): Set<Followed> {
  let ends = waiting.get(socket);
  if (ends === undefined) {
    ends = new Set();
    waiting.set(socket, ends);
    socket.once('close', endAll);
  }
  return ends;
}

function endAll(this: Duplex): void {
  const ends = waiting.get(this);
  if (ends === undefined) return;
  // guard: whatever follows a response follows its socket
  for (const { end } of ends) end();
}

/**
 * Cuts the client of a response off at once, also where the response waits behind others: then
 * `response.destroy()` would wait with it.
 */
export function cutOff(response: ServerResponse): void {
  const { stream } = response as MaybeHttp2;
  if (stream === undefined) response.req.socket.destroy();
  else stream.destroy();
}

const endings = new WeakMap<ServerResponse, () => void>();

/**
 * Registers how a response without an end is ended when its server shuts down.
 * @param end - called once, at the start of the shutdown. Must not throw
 */
export function endAtShutdown(response: ServerResponse, end: () => void): void {
  endings.set(response, end);
}

/** The server of a response shuts down: ends the response, if it has no end of its own. */
export function endForShutdown(response: ServerResponse): void {
  const end = endings.get(response);
  if (end === undefined) return;
  endings.delete(response);
  end();
}
