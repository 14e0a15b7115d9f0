/** The three ways for a message to travel, each as one wire that opens once and breaks once. */
import { type ClientMessage, pageCodec, type ServerMessage, Status } from '../messages.ts';
import { type Failure } from './conversation.ts';

export interface Wire {
  readonly send: (message: ClientMessage) => void;
  /** Ends it; nothing is told any more. */
  readonly close: () => void;
}

/** What a wire tells. After `broken` it is of no use. */
export interface WireEvents {
  readonly open: () => void;
  readonly heard: (message: ServerMessage) => void;
  /** The server does not take what was sent last. */
  readonly refused: (failure: Failure) => void;
  readonly broken: (why: Broken) => void;
}

/** `away`: come back later. `failed`: the same, but it may be for what was sent. `shut`: do not come back. */
export type Broken = 'away' | 'failed' | 'shut';

export type Transport = 'http' | 'ws' | 'app';

export const wires: Readonly<Record<Transport, (events: WireEvents) => Wire>> = {
  http: (events) => overHttp(new URL('/omni-http', location.href), events),
  ws: (events) => overWebSocket(new URL('/omni-pipe-ws', location.href), events),
  app: (events) => overWebSocket(new URL('/omni-app-ws', location.href), events),
};

function overHttp(address: URL, events: WireEvents): Wire {
  const closing = new AbortController();
  const told = <Told>(tell: (value: Told) => void, value: Told): void => {
    if (!closing.signal.aborted) tell(value);
  };
  const ask = async (message: ClientMessage): Promise<void> => {
    const body = pageCodec.encode(message);
    if (body === undefined) {
      told(events.refused, Status.ClientError);
      return;
    }
    let answer: Response;
    let text: string;
    try {
      answer = await fetch(address, { method: 'POST', body, signal: closing.signal });
      text = await answer.text();
    } catch {
      told(events.broken, 'away');
      return;
    }
    if (answer.ok) {
      let heard: ServerMessage;
      try {
        heard = pageCodec.decode(text);
      } catch {
        told(events.refused, Status.ServerError);
        return;
      }
      told(events.heard, heard);
    } else if (answer.status === 403 || answer.status === 404) told(events.broken, 'shut');
    else if (PASSING.has(answer.status)) told(events.broken, 'away');
    else told(events.refused, answer.status < 500 ? Status.ClientError : Status.ServerError);
  };
  queueMicrotask(() => {
    if (!closing.signal.aborted) events.open();
  });
  return {
    send: (message) => void ask(message),
    close: () => {
      closing.abort();
    },
  };
}

/** Statuses that say nothing of the message: it was slow, or too much, or the server was not there. */
const PASSING = new Set([408, 425, 429, 502, 503, 504]);

function overWebSocket(address: URL, events: WireEvents): Wire {
  address.protocol = address.protocol.replace('http', 'ws');
  const socket = new WebSocket(address);
  const closing = new AbortController();
  const { signal } = closing;
  socket.addEventListener('open', events.open, { signal });
  socket.addEventListener(
    'message',
    ({ data }: MessageEvent<unknown>) => {
      let heard: ServerMessage;
      try {
        heard = pageCodec.decode(String(data));
      } catch {
        // A newer server says what this page does not know yet.
        return;
      }
      events.heard(heard);
    },
    { signal },
  );
  socket.addEventListener(
    'close',
    ({ code }) => {
      // The close codes of express-omnimessage; see PROTOCOL.md.
      if (code === 1009 || code === 4400) events.refused(Status.ClientError);
      if (code === 4401 || code === 4403 || code === 4404) events.broken('shut');
      else events.broken(code === 1011 ? 'failed' : 'away');
    },
    { signal },
  );
  return {
    send: (message) => {
      const frame = pageCodec.encode(message);
      if (frame === undefined) events.refused(Status.ClientError);
      else socket.send(frame);
    },
    close: () => {
      closing.abort();
      socket.close();
    },
  };
}
