/** Messages over WebSocket, with `omnimessage.1` where the server speaks it. */
import { joinFrame, PROTOCOL, splitFrame } from '../core/protocol.ts';
import { type Socket, type SocketConstructor } from './platform.ts';
import { jsonOf } from './encoded.ts';
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

/** The values of `readyState`. */
const OPEN = 1;
const CLOSED = 3;

/**
 * Messages as frames of one WebSocket.
 *
 * Against this package's server each message is confirmed; against any other one the line is bare:
 * frames are the encoded messages alone, and nothing is confirmed.
 */
export function webSocket({ url, protocol, protocols }: WebSocketOptions = {}): Transport {
  return {
    name: 'websocket',
    url,
    // A token that travels as a subprotocol cannot be shown to the question.
    ask: protocols === undefined ? askRoute : undefined,
    start: ({ url: address, isBinary, isOffered, returning, WebSocket }, events) => {
      address.protocol = address.protocol.replace('http', 'ws');
      const offered = [...(protocols ?? [])];
      if (isOffered && protocol === undefined) offered.push(PROTOCOL);
      if (offered.includes(PROTOCOL) && returning !== undefined) offered.push(returning.token);
      // Where there is none, that throws like any constructor that does not work.
      const socket = new (WebSocket as SocketConstructor)(address, offered) as Socket;
      socket.binaryType = 'arraybuffer';
      /** Undefined until it is known: the hello alone proves the protocol. */
      let isFramed: boolean | undefined;
      /** The hello, while the server says whether the client is resumed. */
      let hello: ReturnType<typeof jsonOf>;
      let isDeaf = false;

      const close = (code?: number): void => {
        isDeaf = true;
        socket.close(code);
      };
      const end = (code: number, reason?: string): void => {
        if (isDeaf) return;
        close();
        events.end(code, reason);
      };
      socket.addEventListener('open', () => {
        if (isDeaf || socket.protocol === PROTOCOL) return;
        isFramed = false;
        events.open({ confirms: false });
      });
      socket.addEventListener('message', ({ data }) => {
        if (isDeaf) return;
        const frame = typeof data === 'string' ? data : new Uint8Array(data as ArrayBuffer);
        if (isFramed === false) {
          events.receive('', frame);
          return;
        }
        const { header, payload } = splitFrame(frame) ?? { header: '.', payload: '' };
        if (isFramed === true) {
          events.receive(header, payload);
          return;
        }
        if (hello === undefined) {
          hello = header === '!' ? jsonOf(payload) : undefined;
          if (hello === undefined) {
            end(0);
            return;
          }
          const resume = hello.window === undefined ? undefined : returning?.frame();
          if (resume !== undefined) {
            socket.send(joinFrame('@', isBinary ? new TextEncoder().encode(resume) : resume));
            return;
          }
        } else if (header !== '@') return;
        isFramed = true;
        events.open({ ...hello, ...(header === '@' && jsonOf(payload)), confirms: true });
      });
      // There is always a listener: in Node an error without one ends the process. Where a policy
      // blocks, `close` does not follow.
      socket.addEventListener('error', () => {
        if (socket.readyState === CLOSED) end(0);
      });
      socket.addEventListener('close', ({ code, reason }) => {
        end(code, reason);
      });
      return {
        isReady: () => socket.readyState === OPEN,
        buffered: () => socket.bufferedAmount,
        send: (id, encoded, isRepeat) => {
          socket.send(
            isFramed === true ? joinFrame(`${id}${isRepeat ? ';again' : ''}`, encoded) : encoded,
          );
        },
        probe: () => {
          socket.send(joinFrame('?', isBinary ? new Uint8Array() : ''));
        },
        close,
      };
    },
  };
}
