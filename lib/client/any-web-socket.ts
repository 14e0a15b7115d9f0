/** Messages over WebSocket to servers that may not speak `omnimessage.1`. */
import { PROTOCOL } from '../core/protocol.ts';
import { meaningOf } from './ends.ts';
import { now, platform } from './platform.ts';
import { askRoute } from './question.ts';
import { type Attempt, type Line, type LineEvents, type Transport } from './transport.ts';
import { openSocket, type SocketLine, startFramed, type WebSocketOptions } from './websocket.ts';

/** Options of {@link anyWebSocket}. */
export interface AnyWebSocketOptions extends WebSocketOptions {
  /**
   * `bare`: never offer `omnimessage.1`. Nothing is confirmed then.
   * @defaultValue it is offered, and left out where that does not work
   */
  readonly protocol?: 'bare' | undefined;
}

/** How fast the queue is sent on a bare line, in messages a second: its server does not say. */
const RATE = 100;
/** A bare line cannot be asked whether it lives: it is replaced after so long out of sight, in ms. */
const ASLEEP = 60_000;

/**
 * True for a close code by which a server that has chosen `omnimessage.1` shows that it is one of this
 * package. 4408 is not: by it others close too, which wait for the first word of a page that waits for
 * the hello.
 */
const isOwn = (code: number): boolean =>
  code > 4000 && code !== 4408 && meaningOf(code)[0] !== 'app';

/**
 * Messages as frames of one WebSocket, to any server. One that speaks `omnimessage.1`, as this
 * package's does, confirms them. To any other the line is bare: frames are the encoded messages
 * alone, and nothing is confirmed. Which it is, is found out by trying, and remembered: make one for
 * each server.
 */
export function anyWebSocket({ url, protocol, protocols }: AnyWebSocketOptions = {}): Transport {
  /** True when the attempt offers `omnimessage.1`. */
  let isOffered = false;
  /** True once the server has proved that it speaks it: it is offered from then on. */
  let isProved = false;
  /** True once a question was answered since the last line, but for a refusal by the route: the server is there. */
  let isAnswered = false;
  /** True when the question about the last attempt was answered by a route of this package. */
  let isOurs = false;
  /** True once a route of this package said since the last line that it would accept. */
  let isKnown = false;
  /** True until the attempt has opened, or a server of this package has closed it. */
  let isUnopened = false;
  /** True when a server that is there has refused it: a bare line is all there is. */
  let isRefused = false;

  const ask: NonNullable<Transport['ask']> = async (address, fetch) => {
    const answer = await askRoute(address, fetch);
    isAnswered ||= !answer?.code;
    isOurs = !!answer;
    isKnown ||= answer?.code === 0;
    return answer;
  };

  const start: Transport['start'] = (attempt, events) => {
    if (isUnopened) {
      isOffered = isProved || isOurs || !isOffered;
      isRefused = !isOffered && isAnswered;
    } else isOffered = isProved || !isRefused;
    isUnopened = true;
    isOurs = false;
    let line: SocketLine | undefined;
    let isClosed = false;
    const begin = (): void => {
      if (isClosed) return;
      line = (isOffered ? startFramed : startBare)(
        attempt,
        {
          ...events,
          open: (options) => {
            isUnopened = isAnswered = isKnown = false;
            isProved ||= isOffered;
            events.open(options);
          },
          end: (code, ...given) => {
            if (line?.socket.protocol === PROTOCOL && isOwn(code)) isUnopened = false;
            events.end(code, ...given);
          },
        },
        protocols,
      );
    };
    // A route that would accept, and was offered it since, does not speak it all the same.
    if (isOffered || isKnown) begin();
    else {
      // Perhaps no server was there to refuse `omnimessage.1`, or a captive portal has: to one that
      // is there now, it is offered first.
      void ask(attempt.url, attempt.fetch)
        .catch(() => {})
        .then(() => {
          isOffered = isOurs || (!isRefused && isAnswered);
          begin();
        });
    }
    return {
      get isBare() {
        return !isOffered;
      },
      isReady: () => line?.isReady() ?? false,
      buffered: () => line?.buffered() ?? 0,
      send: (header, encoded) => line?.send(header, encoded),
      probe: () => line?.probe?.(),
      close: (code) => {
        isClosed = true;
        line?.close(code);
      },
    };
  };

  return {
    name: 'websocket',
    url,
    // A token that travels as a subprotocol cannot be shown to the question.
    ask: protocols ? undefined : ask,
    start: protocol ? (attempt, events) => startBare(attempt, events, protocols) : start,
  };
}

/** Begins a line on which frames are the messages alone. */
function startBare(
  attempt: Attempt,
  events: LineEvents,
  protocols: readonly string[] = [],
): SocketLine {
  const watching = new AbortController();
  const { signal } = watching;
  let hiddenAt = Infinity;
  const look = ({ type }: { readonly type: string }): void => {
    const isHidden = type === 'freeze' || platform.document?.visibilityState === 'hidden';
    if (now() - hiddenAt > ASLEEP && !isHidden) end(0);
    hiddenAt = isHidden ? Math.min(hiddenAt, now()) : Infinity;
  };
  const [socket, end, line] = openSocket(attempt, [...protocols], events, (frame) => {
    events.receive('', frame);
  });
  const close: Line['close'] = (code) => {
    watching.abort();
    line.close(code);
  };
  socket.addEventListener('open', () => {
    if (signal.aborted) return;
    for (const type of ['visibilitychange', 'freeze', 'resume', 'pageshow']) {
      platform.addEventListener?.(type, look, { capture: true, signal });
    }
    events.open({ rate: RATE });
  });
  return {
    ...line,
    isBare: true,
    close,
    send: (_header, encoded) => {
      socket.send(encoded);
    },
  };
}
