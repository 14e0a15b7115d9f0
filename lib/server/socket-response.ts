/**
 * The response that middlewares get with a socket's request. There is nobody who could read it:
 * what matters is that somebody answered, and with which status.
 */
import { type IncomingMessage, ServerResponse } from 'node:http';
import { type Socket } from 'node:net';
import { Writable } from 'node:stream';

/** Who is told that somebody answered. */
export interface Answered {
  /** @param status - as soon as there is one */
  readonly refuse: (status: number) => void;
}

const answered: unique symbol = Symbol('omnimessage answered');
const nowhere: unique symbol = Symbol('omnimessage nowhere');

/** The response of a socket's request. */
export interface SocketResponse extends ServerResponse {
  /** Until there is an answer. */
  [answered]?: Answered | undefined;
  /** From then on: what stands in for the connection. */
  [nowhere]?: Writable;
}

/**
 * Makes the response of a socket's request.
 *
 * @param Response - the class of the application's responses
 * @param told - whichever way the answer is given: `end`, `write`, `writeHead`, `flushHeaders`,
 * `pipe`, and Express's own methods above them
 */
export function socketResponse(
  Response: typeof ServerResponse,
  request: IncomingMessage,
  told: Answered,
): SocketResponse {
  const response: SocketResponse = new Response(request);
  response[answered] = told;
  // On the instance, because Express gives the response another prototype. Every way to answer
  // comes through here: the other ones call it for the header that is still missing.
  response.writeHead = writeHead;
  return response;
}

/** Tells those who still write, or listen on the request, that the client is gone. */
export function closeResponse(response: SocketResponse): void {
  // The response emits 'close' with it, which stops those who write without end.
  response[nowhere]?.destroy();
  // After an upgrade Node no longer does it.
  response.req.destroy();
}

function writeHead(this: SocketResponse, ...header: unknown[]): SocketResponse {
  ServerResponse.prototype.writeHead.apply(this, header as [number]);
  const told = this[answered];
  if (told !== undefined) {
    this[answered] = undefined;
    // Without a socket a response only collects: a file that is piped into it would stand for
    // ever, and keep its descriptor.
    // It never asks a writer to wait: nobody here would tell the response when to go on.
    const stream = new Writable({ write: discard, highWaterMark: Number.MAX_SAFE_INTEGER });
    this[nowhere] = stream;
    this.assignSocket(stream as Socket);
    told.refuse(this.statusCode);
  }
  return this;
}

function discard(_chunk: unknown, _encoding: BufferEncoding, done: () => void): void {
  done();
}
