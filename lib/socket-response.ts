/**
 * The response that middlewares get with a socket's request. There is nobody who could read it:
 * what matters is that somebody answered, and with which status.
 */
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { type Socket } from 'node:net';
import { Writable } from 'node:stream';

/** A response, and how to tell its writers that the client is gone. */
export interface SocketResponse {
  readonly response: ServerResponse;
  readonly close: () => void;
}

/**
 * Makes the response of a socket's request.
 *
 * @param Response - the class of the application's responses
 * @param answered - told the status as soon as there is one, whichever way the answer is given:
 * `end`, `write`, `writeHead`, `flushHeaders`, `pipe`, and Express's own methods above them
 */
export function socketResponse(
  Response: typeof ServerResponse,
  request: IncomingMessage,
  answered: (status: number) => void,
): SocketResponse {
  const response = new Response(request);
  let nowhere: Writable | undefined;
  // On the instance, because Express gives the response another prototype. Every way to answer
  // comes through here: the other ones call it for the header that is still missing.
  response.writeHead = (...header: unknown[]) => {
    Response.prototype.writeHead.apply(response, header as [number]);
    if (nowhere === undefined) {
      // Without a socket a response only collects: a file that is piped into it would stand for
      // ever, and keep its descriptor.
      // It never asks a writer to wait: nobody here would tell the response when to go on.
      nowhere = new Writable({ write: discard, highWaterMark: Number.MAX_SAFE_INTEGER });
      response.assignSocket(nowhere as Socket);
      answered(response.statusCode);
    }
    return response;
  };
  return {
    response,
    close: () => {
      // The response emits 'close' with it, which stops those who write without end.
      nowhere?.destroy();
      // Likewise for who listens on the request; after an upgrade Node no longer does it.
      request.destroy();
    },
  };
}

function discard(_chunk: unknown, _encoding: BufferEncoding, done: () => void): void {
  done();
}
