/** Messages over WebSocket, with `omnimessage.1`. */
import { type Wire } from '../core/codec.ts';
import { PROTOCOL } from '../core/protocol.ts';
import { type Socket, type SocketConstructor, platform } from './platform.ts';
import { bytesOf, joined, jsonOf, split } from './encoded.ts';
import { askRoute } from './question.ts';
import {
  type AddressSource,
  type Attempt,
  type Greet,
  type Line,
  type LineEvents,
  type Transport,
} from './transport.ts';
import { CLOSED, OPEN } from './limits.ts';

/** Options of {@link webSocket}. */
export interface WebSocketOptions {
  /** Where the route is. @defaultValue the `url` of `connect` */
  readonly url?: AddressSource | undefined;
  /** Further subprotocols to offer, such as one that carries a token. */
  readonly protocols?: readonly string[] | undefined;
}

/**
 * Messages as frames of one WebSocket, each of which is confirmed by the server. It must speak
 * `omnimessage.1`, as this package's does; `anyWebSocket` is for others.
 */
export function webSocket({ url, protocols }: WebSocketOptions = {}): Transport {
  return {
    name: 'websocket',
    url,
    // A token that travels as a subprotocol cannot be shown to the question.
    ask: protocols ? undefined : askRoute,
    start: (attempt, events) => startFramed(attempt, events, protocols),
  };
}

/** The line of a socket. */
export interface SocketLine extends Line {
  readonly socket: Socket;
}

/**
 * Begins a socket.
 * @param heard - called with each frame, until it ends
 * @returns the socket, what ends it, and the part of its line that does not depend on what is in frames
 * @throws what the constructor throws
 */
export function openSocket(
  { url, WebSocket = platform.WebSocket }: Attempt,
  protocols: string[],
  events: LineEvents,
  heard: (frame: Wire) => void,
): readonly [Socket, end: LineEvents['end'], line: Omit<SocketLine, 'send'>] {
  url.protocol = url.protocol.replace('http', 'ws');
  // Where there is none, that throws like any constructor that does not work.
  const socket = new (WebSocket as SocketConstructor)(url, protocols) as Socket;
  socket.binaryType = 'arraybuffer';
  let isDeaf = false;
  const close = (code?: number): void => {
    isDeaf = true;
    socket.close(code);
  };
  const end: LineEvents['end'] = (code, reason) => {
    if (isDeaf) return;
    close();
    events.end(code, reason);
  };
  socket.addEventListener('message', ({ data }) => {
    if (!isDeaf) heard(typeof data === 'string' ? data : new Uint8Array(data as ArrayBuffer));
  });
  // There is always a listener: in Node an error without one ends the process. Where a policy
  // blocks, `close` does not follow.
  socket.addEventListener('error', () => {
    if (socket.readyState === CLOSED) end(0);
  });
  socket.addEventListener('close', ({ code, reason }) => {
    end(code, reason);
  });
  return [
    socket,
    end,
    {
      socket,
      isReady: () => socket.readyState === OPEN,
      buffered: () => socket.bufferedAmount,
      close,
    },
  ];
}

/** The hello alone proves the protocol: nothing is sent before. */
const greeted: Greet = (header, payload) => (header[0] === '!' && jsonOf(payload)) || false;

/** Begins a line of `omnimessage.1`. */
export const startFramed = (
  attempt: Attempt,
  events: LineEvents,
  protocols: readonly string[] = [],
): SocketLine => {
  const { token, greet = greeted } = events.returning?.() ?? {};
  const offered = [...protocols, PROTOCOL];
  if (token) offered.push(token);
  let isOpen = false;
  const send = (header: string, payload: Wire): void => {
    socket.send(joined(header, payload));
  };
  /** What the protocol itself says, as the codec has it. */
  const say = (header: string, text = ''): void => {
    send(header, attempt.codec.binary ? bytesOf(text) : text);
  };
  const [socket, end, line] = openSocket(attempt, offered, events, (frame) => {
    const [header, payload] = split(frame);
    if (isOpen) {
      events.receive(header, payload);
      return;
    }
    const hello = greet(header, payload, say);
    isOpen = !!hello;
    if (hello) events.open(hello);
    else if (hello === false) end(0);
  });
  return {
    ...line,
    send,
    probe: () => {
      say('?');
    },
  };
};
