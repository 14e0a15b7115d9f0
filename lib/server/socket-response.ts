/**
 * The response that middlewares get with a socket's request. No client reads it: what counts is that a
 * middleware answered, and with which status.
 */
import { type IncomingMessage, ServerResponse } from 'node:http';
import { type Socket } from 'node:net';
import { Writable } from 'node:stream';

/** Called with an answer. */
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
 * @param listener - called whichever way the answer is given: `end`, `write`, `writeHead`,
 * `flushHeaders`, `pipe`, and Express's own methods above them
 */
export function socketResponse(
  Response: typeof ServerResponse,
  request: IncomingMessage,
  listener: Answered,
): SocketResponse {
  const response: SocketResponse = new Response(request);
  response[answered] = listener;
  // On the instance, because Express gives the response another prototype. Every way to answer
  // comes through here: the other ones call it for the header that is still missing.
  response.writeHead = writeHead;
  followRoutes(request);
  return response;
}

/** Ends whatever still writes, or listens on the request: the client is gone. */
export function closeResponse(response: SocketResponse): void {
  // The response emits 'close' with it, which stops what writes without end.
  response[nowhere]?.destroy();
  // After an upgrade Node no longer does it.
  response.req.destroy();
}

function writeHead(this: SocketResponse, ...header: unknown[]): SocketResponse {
  ServerResponse.prototype.writeHead.apply(this, header as [number]);
  const listener = this[answered];
  if (listener !== undefined) {
    this[answered] = undefined;
    // Without a socket a response only buffers: a file that is piped into it would wait for ever, and
    // keep its descriptor. The stream never asks a writer to wait, because nothing here would emit the
    // response's `drain`.
    const stream = new Nowhere();
    this[nowhere] = stream;
    this.assignSocket(stream as unknown as Socket);
    // guard: a page at the path of a socket is passed by → const next = undefined;
    const next = this.statusCode < 300 ? nextAfterPage(this.req) : undefined;
    if (next === undefined) listener.refuse(this.statusCode);
    else setImmediate(next);
  }
  return this;
}

/** Stands in for a connection: it discards what is written, and has the methods that a response calls. */
class Nowhere extends Writable {
  constructor() {
    super({ highWaterMark: Number.MAX_SAFE_INTEGER });
  }

  override _write(_chunk: unknown, _encoding: BufferEncoding, done: () => void): void {
    done();
  }

  // guard: a response that leads nowhere has a time limit
  setTimeout(): this {
    return this;
  }

  setNoDelay(): this {
    return this;
  }

  setKeepAlive(): this {
    return this;
  }
}

/** The properties that Express sets on a request while it routes. */
interface Routed {
  params?: unknown;
  route?: { readonly methods?: Readonly<Record<string, unknown>> } | undefined;
  next?: (() => void) | undefined;
}

const params: unique symbol = Symbol('omnimessage params');
interface Followed extends Routed {
  [params]?: unknown;
}

/**
 * Keeps `route` up to date: Express leaves it set when the request has moved on to another layer. It sets
 * `params` for every layer, and then `route` when the layer is a route.
 */
function followRoutes(request: IncomingMessage): void {
  const { params: known } = request as Routed;
  Object.defineProperty(request, 'params', followed);
  (request as Followed)[params] = known;
}

const followed: PropertyDescriptor & ThisType<Followed> = {
  configurable: true,
  enumerable: true,
  get() {
    return this[params];
  },
  set(value: unknown) {
    this[params] = value;
    this.route = undefined;
  },
};

/**
 * A page that `app.get` serves at the path of a socket is no refusal: it answers every GET, and the
 * socket's route may come after it. An answer is a refusal when it has another status, or when its route
 * serves more than GET and HEAD (`app.use`, `app.all`).
 *
 * @returns continues the routing after the page; undefined when the answer is a refusal
 */
function nextAfterPage(request: IncomingMessage): (() => void) | undefined {
  const { route, next } = request as Routed;
  const methods = Object.keys(route?.methods ?? {});
  const isPage = methods.length > 0 && methods.every((name) => name === 'get' || name === 'head');
  if (!isPage || typeof next !== 'function') return undefined;
  return () => {
    next();
  };
}
