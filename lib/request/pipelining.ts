/**
 * Pipelined requests: those that a client sends before it has the answers to earlier ones. Answers are
 * sent in order, so handling them early gains nothing; but one read of a socket brings hundreds of
 * them, and each early answer waits in memory for a client that may never read. So each is begun when
 * its answer can be sent: one at a time on a connection.
 */
import { AsyncResource } from 'node:async_hooks';
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { isGone } from './client-gone.ts';
import { type Refusal } from './problem.ts';

/** How many requests of one connection may wait for the ones before them. */
const MAX_WAITING = 64;
/** So many beyond that, which were on their way when the last one was refused, and it is cut. */
const MAX_IGNORED = 1_024;

/** More requests ahead of their answers than a connection may have. */
export const tooManyPipelined: Refusal = {
  status: 503,
  code: 'pipelined',
  title: 'Too many requests on one connection before their answers',
};

/** The requests that wait on a connection. */
interface Ahead {
  waiting: number;
  refused: number;
}

const connections = new WeakMap<object, Ahead>();

/** The outcome for a request. */
export interface Turn {
  /** Its answer can be sent. Called at once when the request is the only one. */
  readonly start: () => void;
  /** Too many wait: it is to be answered with {@link tooManyPipelined}, and the connection ended. */
  readonly refuse: () => void;
}

/**
 * Begins a request when its answer can be sent, in the asynchronous context of the caller; never,
 * when the connection ends before.
 */
export function inTurn(
  { socket }: IncomingMessage,
  response: ServerResponse,
  { start, refuse }: Turn,
): void {
  // Node gives a response its socket when the responses before it have been sent.
  // guard: one request of a connection at a time → if (response.req !== undefined) { start(); return; }
  if (response.socket !== null) {
    start();
    return;
  }
  let ahead = connections.get(socket);
  if (ahead === undefined) {
    ahead = { waiting: 0, refused: 0 };
    connections.set(socket, ahead);
  }
  const own = ahead;
  // guard: few requests ahead of their answers
  if (own.refused > 0 || own.waiting >= MAX_WAITING) {
    own.refused += 1;
    if (own.refused === 1) refuse();
    else if (own.refused > MAX_IGNORED) socket.destroy();
    return;
  }
  own.waiting += 1;
  const resource = new AsyncResource('OmniRequest', { requireManualDestroy: true });
  response.once('socket', () => {
    own.waiting -= 1;
    // When the connection is cut, Node still gives its socket to the next response.
    if (!isGone(response)) resource.runInAsyncScope(start);
  });
}
