/** Messages over WebSocket, with `omnimessage.1` where the server speaks it. */
import { type Hello, joinFrame, PROTOCOL, splitFrame } from '../core/protocol.ts';
import { type Wire } from '../core/codec.ts';
import { type Socket } from './platform.ts';
import { askRoute } from './question.ts';
import { type AddressSource, type Transport } from './transport.ts';

/** Options of {@link webSocket}. */
export interface WebSocketOptions {
  /** Where the route is. @defaultValue the `url` of `connect` */
  readonly url?: AddressSource | undefined;
  /**
   * `bare`: never offer `omnimessage.1`. Nothing is confirmed then.
   * @defaultValue it is offered, and left out where that does not work
   */
  readonly protocol?: 'bare' | undefined;
  /** Further subprotocols to offer, such as one that carries a token. */
  readonly protocols?: readonly string[] | undefined;
}

/** How long the handshake may take, and the hello after it, in ms. */
const PATIENCE = 10_000;
/** How long after an error the browser may take to say `close`, in ms; where a policy blocks, it never does. */
const CLOSE_AFTER_ERROR = 1_000;
/** The `readyState` of a socket that is closed. */
const CLOSED = 3;

/**
 * Messages as frames of one WebSocket.
 *
 * Against this package's server each message is confirmed; against any other one the line is bare:
 * frames are the encoded messages alone, and nothing is confirmed.
 */
export function webSocket({ url, protocol, protocols = [] }: WebSocketOptions = {}): Transport {
  return {
    name: 'websocket',
    url,
    // A token that travels as a subprotocol cannot be shown to the question.
    ask: protocols.length === 0 ? askRoute : undefined,
    start: ({ url: address, isBinary, offersProtocol, WebSocket }, events) => {
      if (WebSocket === undefined) throw new TypeError('there is no WebSocket: give one as option');
      address.protocol = address.protocol.replace('http', 'ws');
      const isOffered = offersProtocol && protocol !== 'bare';
      const socket = new WebSocket(
        address,
        isOffered ? [...protocols, PROTOCOL] : [...protocols],
      ) as Socket;
      socket.binaryType = 'arraybuffer';
      /** Undefined until it is known: the hello alone proves the protocol. */
      let isFramed: boolean | undefined;
      let isDeaf = false;
      let timer: ReturnType<typeof setTimeout> | undefined;

      const end = (code: number, reason?: string): void => {
        if (isDeaf) return;
        close();
        events.end(code, reason);
      };
      const close = (code?: number): void => {
        isDeaf = true;
        clearTimeout(timer);
        socket.close(code);
      };
      const wait = (ms: number): void => {
        clearTimeout(timer);
        timer = setTimeout(end, ms, 0);
      };
      wait(PATIENCE);

      socket.addEventListener('open', () => {
        if (isDeaf) return;
        if (socket.protocol === PROTOCOL) {
          wait(PATIENCE);
          return;
        }
        clearTimeout(timer);
        isFramed = false;
        events.open({ confirms: false });
      });
      socket.addEventListener('message', ({ data }) => {
        if (isDeaf) return;
        const frame = typeof data === 'string' ? data : new Uint8Array(data as ArrayBuffer);
        if (isFramed === false) {
          events.receive('', 0, frame);
          return;
        }
        const split = splitFrame(frame);
        if (isFramed === true) {
          if (split === undefined) return;
          const [field = '', code] = split.header.split(';');
          events.receive(field.slice(0, 1), Number(field.slice(1)), split.payload, code);
          return;
        }
        const hello = split?.header === '!' ? helloOf(split.payload) : undefined;
        if (hello === undefined) {
          end(0);
          return;
        }
        clearTimeout(timer);
        isFramed = true;
        events.open({ confirms: true, ...hello });
      });
      // There is always a listener: in Node an error without one ends the process.
      socket.addEventListener('error', () => {
        if (socket.readyState === CLOSED && !isDeaf) wait(CLOSE_AFTER_ERROR);
      });
      socket.addEventListener('close', ({ code, reason }) => {
        end(code, reason);
      });
      return {
        isReady: () => socket.readyState === 1,
        buffered: () => socket.bufferedAmount,
        send: (id, encoded) => {
          socket.send(isFramed === true ? joinFrame(String(id), encoded) : encoded);
        },
        get probe() {
          if (isFramed !== true) return undefined;
          return () => {
            socket.send(joinFrame('?', isBinary ? new Uint8Array() : ''));
          };
        },
        close,
      };
    },
  };
}

/** The hello; undefined when it is none, or of another version. */
function helloOf(payload: Wire): Hello | undefined {
  try {
    const hello = JSON.parse(
      typeof payload === 'string' ? payload : new TextDecoder().decode(payload),
    ) as Hello;
    return hello.interval > 0 ? hello : undefined;
  } catch {
    return undefined;
  }
}
