/**
 * Which upgrades are ours, and what happens to the others. A server has one event for all of them,
 * and every listener sees each: the first to answer has the socket, and the next to answer ends
 * the process or the page. So ours never reach the other listeners, and theirs never reach us, whichever
 * of us was attached first.
 *
 * | a request that asks for        | and                                            | goes          |
 * | ------------------------------ | ---------------------------------------------- | ------------- |
 * | a WebSocket                    | `owns` says so, or a `.ws` route has its path  | to us         |
 * |                                | neither, and there are other listeners         | to them       |
 * |                                | neither, and there are none                    | to us: 4404   |
 * | `h2c`, or another protocol     | it is `h2c`, or there are no other listeners   | on, as HTTP   |
 * |                                | there are                                      | to them       |
 * | anything that is not declined, before the answer to a request of the same connection | its end  |
 */
import { dropRejection } from '../core/attempt.ts';
import { type IncomingMessage, type Server } from 'node:http';
import { type Socket } from 'node:net';
import { type Duplex } from 'node:stream';
import { startTimer } from '../process/timers.ts';
import { isAnswering } from '../request/client-gone.ts';
import { toOriginForm } from '../request/target.ts';
import { asksForWebSocket, notFound, refuseUpgrade, shuttingDown } from './handshake.ts';
import { declineUpgrades, resumeAsRequest } from './resume-request.ts';

/** The option `owns`: undefined leaves the decision to the routes. */
export type Owns = (request: IncomingMessage) => boolean | undefined;

/** Options of the decision. */
export interface OwnershipOptions {
  readonly owns: Owns | undefined;
  /** Whether a `.ws` route has the path of a request. */
  readonly hasRoute: (request: IncomingMessage) => boolean;
  readonly isEnding: () => boolean;
  /** After how many milliseconds an upgrade that no listener takes is answered with 404. */
  readonly openTimeout: number;
  /** Takes an upgrade that is ours. Must not throw. */
  readonly take: (request: IncomingMessage, stream: Duplex, head: Buffer) => void;
  /** Is given what `owns` threw. */
  readonly report: (cause: unknown, request: IncomingMessage) => void;
}

type Upgrade = [request: IncomingMessage, stream: Duplex, head: Buffer];

const ignoreError = (): void => {};
/** Node asks whether there is a listener before it stops parsing a connection. */
const present = (): void => {};

/** Has a server give each upgrade to whose it is. */
export function shareUpgrades(server: Server, options: OwnershipOptions): void {
  const { owns, hasRoute, isEnding, openTimeout, take, report } = options;
  // A listener could not keep an upgrade from the others, so it is the event that is decided upon.
  const emit = server.emit.bind(server) as (...given: unknown[]) => boolean;
  server.on('upgrade', present);
  declineUpgrades(server, (request) => !asksForWebSocket(request) && isDeclined(request));
  server.emit = (event: unknown, ...given: unknown[]): boolean => {
    if (event !== 'upgrade') return emit(event, ...given);
    share(...(given as Upgrade));
    return true;
  };

  function share(...upgrade: Upgrade): void {
    const [request, stream, head] = upgrade;
    // Whatever follows, and however long it takes: a client that resets ends its own connection only.
    // guard: error listener of the connection
    stream.on('error', ignoreError);
    // Pipelined behind a request: its answer would come between the frames of the new protocol.
    // guard: no upgrade before the answers to what came before
    if (isAnswering(request.socket)) {
      stream.destroy();
      return;
    }
    if (!asksForWebSocket(request)) {
      // guard: another protocol is declined → take(...upgrade);
      if (isDeclined(request)) resumeAsRequest(server, request, stream, head);
      else leave(...upgrade);
      return;
    }
    toOriginForm(request);
    const hasOthers = hasOtherListeners();
    let isOurs: boolean | undefined;
    try {
      isOurs = verdictOf(owns?.(request));
    } catch (cause) {
      report(cause, request);
      refuseUpgrade(stream, { status: 500, code: 'authorize' });
      return;
    }
    // guard: what is not ours is left to others → isOurs = true;
    isOurs ??= !hasOthers || hasRoute(request);
    if (isOurs) take(...upgrade);
    else if (isEnding()) refuseUpgrade(stream, shuttingDown);
    else if (hasOthers) leave(...upgrade);
    else refuseUpgrade(stream, notFound);
  }

  function hasOtherListeners(): boolean {
    return server.listenerCount('upgrade') > 1;
  }

  /** Whether an offer of a protocol other than WebSocket is declined, and its request served as HTTP. */
  function isDeclined({ headers }: IncomingMessage): boolean {
    return headers.upgrade?.toLowerCase() === 'h2c' || !hasOtherListeners();
  }

  /** Leaves an upgrade to the other listeners. None may want it: then it must not stay open. */
  function leave(...upgrade: Upgrade): void {
    const [{ socket }, stream] = upgrade;
    const before = signsOf(socket, stream);
    emit('upgrade', ...upgrade);
    if (stream.destroyed || signsOf(socket, stream) !== before) return;
    // guard: an upgrade that no listener takes is answered → const timer = undefined;
    const timer = startTimer(
      () => {
        if (signsOf(socket, stream) === before) refuseUpgrade(stream, notFound);
      },
      openTimeout,
      undefined,
    );
    stream.once('close', () => {
      clearTimeout(timer);
    });
  }
}

/**
 * What changes when a listener takes a connection: it writes, or it reads.
 * @param stream - the socket, or what stands before it until Node has read the body of the request
 */
function signsOf({ bytesWritten }: Socket, stream: Duplex): string {
  return `${bytesWritten} ${stream.listenerCount('data')} ${stream.listenerCount('readable')}`;
}

/** @throws TypeError when it is no verdict */
function verdictOf(answer: unknown): boolean | undefined {
  if (answer === undefined || typeof answer === 'boolean') return answer;
  dropRejection(answer);
  throw new TypeError(`Expected \`owns\` to return a boolean or undefined, got ${typeof answer}`);
}
