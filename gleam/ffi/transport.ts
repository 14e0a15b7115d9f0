/**
 * The transports of omnimessage_lustre on the client of express-omnimessage: what
 * gleam/src/express_omnimessage/transport.gleam calls. `npm run build:gleam` makes its JavaScript.
 */
import { type Codec, type Wire } from '../../lib/core/codec.ts';
import { type ConnectOptions, type DropReason, type Snapshot } from '../../lib/client/options.ts';
import { anyWebSocket } from '../../lib/client/any-web-socket.ts';
import { http } from '../../lib/client/http.ts';
import { openLink, type OpenLink } from '../../lib/client/link.ts';
import { resume } from '../../lib/client/resume.ts';
import { type Resume } from '../../lib/client/resumption.ts';
import { type Transport } from '../../lib/client/transport.ts';

/** The handlers of one application or component, as functions of Gleam's. */
export interface Handlers {
  readonly onUp: () => void;
  readonly onDown: (code: number, reason: string) => void;
  readonly onMessage: (encoded: string) => void;
  /** The link has ended for good. */
  readonly onEnd: (reason: string) => void;
  /** A message was not handled, or nobody knows. */
  readonly onUnsent: (code: string) => void;
}

/** The same, from functions in this order: the records of Gleam have no names that JavaScript may rely on. */
export function newHandlers(
  onUp: Handlers['onUp'],
  onDown: Handlers['onDown'],
  onMessage: Handlers['onMessage'],
  onEnd: Handlers['onEnd'],
  onUnsent: Handlers['onUnsent'],
): Handlers {
  return { onUp, onDown, onMessage, onEnd, onUnsent };
}

/** A message on its way, with those to whom its outcome belongs. */
interface Outgoing {
  readonly encoded: string;
  readonly sender: Handlers;
  /** True once its sender knows that it failed. */
  isFailed: boolean;
}

/** One link, opened for the first who listens or sends, and all who listen to it. */
export interface Shared {
  readonly options: Pick<ConnectOptions<string, Outgoing>, 'url' | 'transport'>;
  readonly keep: (encoded: string) => boolean;
  /** True where a reply is for its sender alone, as over HTTP; over WebSocket all get each message. */
  readonly isReplyToSender: boolean;
  readonly listeners: Listener[];
  open: OpenLink<string, Outgoing> | undefined;
}

/** Messages are strings on both sides: the application has encoded them. */
const codec: Codec<string, Outgoing> = {
  decode: (encoded) => {
    // A binary frame: this codec has no use for it, as omnimessage_lustre's own transport has none.
    if (typeof encoded !== 'string') throw new TypeError('not text');
    return encoded;
  },
  encode: ({ encoded }) => encoded,
};

const shared = (
  url: string,
  transport: Transport,
  keep: Shared['keep'],
  isReplyToSender: boolean,
): Shared => ({
  options: { url, transport },
  keep,
  isReplyToSender,
  listeners: [],
  open: undefined,
});

/**
 * A link over WebSocket. It is opened by the first who listens.
 * @param url - relative to the page, or absolute; http becomes ws
 * @param keep - false for a message that is sent now or never
 */
export function websocket(url: string, keep: Shared['keep']): Shared {
  return shared(url, anyWebSocket(), keep, false);
}

/** A link over HTTP: a POST each, in order. Once one has found the server away, the others wait. */
export function httpPost(url: string): Shared {
  return shared(url, http(), () => true, true);
}

/** Adds a listener, for good: it gets every message and every state, and the present state at once. */
export function listen(to: Shared, handlers: Handlers): void {
  const { listeners } = to;
  const link = opened(to);
  const listener: Listener = { handlers, known: '' };
  listeners.push(listener);
  inform(listener, link.getSnapshot());
}

/** Sends a message, now or when there is a line. What becomes of it, if it fails, its sender gets. */
export function send(to: Shared, encoded: string, sender: Handlers): void {
  const outgoing: Outgoing = { encoded, sender, isFailed: false };
  const options = { queue: to.keep(encoded) };
  const { post } = opened(to);
  const [result] = to.isReplyToSender
    ? post(outgoing, options, (code, reply) => {
        // Both, where the server says of a failure what its page should know.
        if (reply !== undefined) {
          each([reply], sender.onMessage);
        }
        if (code !== undefined) fail(outgoing, code);
      })
    : post(outgoing, options);
  // Nothing else says so of a message that may not wait.
  if (result === 'dropped') fail(outgoing, 'not-connected');
}

function fail(outgoing: Outgoing, code: string): void {
  if (outgoing.isFailed) return;
  outgoing.isFailed = true;
  // `expires` is not used here: what expired is what might not wait.
  each([code === 'expired' ? 'not-connected' : code], outgoing.sender.onUnsent);
}

/** A listener, with the state that it knows. */
interface Listener {
  readonly handlers: Handlers;
  known: string;
}

/** Says how the link is, unless the listener knows: once for each change, not once for each attempt. */
function inform(listener: Listener, { state, code = 0, reason }: Snapshot): void {
  const { handlers, known } = listener;
  // Another code for the same reason, such as that of an attempt that failed, is no news.
  const news = state === 'open' ? state : `${state} ${reason}`;
  if (state === 'connecting' || news === known) return;
  listener.known = news;
  if (state === 'open') handlers.onUp();
  else if (state === 'waiting' || known === 'open') handlers.onDown(code, reason);
  if (state === 'closed') handlers.onEnd(reason);
}

/** Calls for each of them; what one throws, as a panic of its `update`, does not keep it from the others. */
function each<Item>(items: readonly Item[], act: (item: Item) => void): void {
  // Those that come meanwhile are not among them.
  for (const item of items.slice()) {
    try {
      act(item);
    } catch (error) {
      setTimeout(() => {
        throw error;
      });
    }
  }
}

/**
 * Resumes messages, and no topics: `TransportUp` cannot say that nothing was missed, so a page fetches at
 * each. What a topic had meanwhile would come a second time, and with a log elsewhere after that.
 */
const resumeMessages: Resume = (link) => {
  const resumption = resume()(link);
  return {
    ...resumption,
    heard: (header, payload) => {
      resumption.heard(header.replace(/;place=[^;]*/, ''), payload);
    },
  };
};

function opened(to: Shared): OpenLink<string, Outgoing> {
  if (to.open !== undefined) return to.open;
  const { listeners } = to;
  const options: ConnectOptions<string, Outgoing> = {
    ...to.options,
    codec,
    resume: resumeMessages,
    onOpen: () => {
      each(listeners, (listener) => {
        // Of a new connection everybody hears.
        listener.known = '';
        inform(listener, link.getSnapshot());
      });
    },
    onMessage: (encoded) => {
      each(listeners, ({ handlers }) => {
        handlers.onMessage(encoded);
      });
    },
    onUnconfirmed: (messages) => {
      for (const message of messages) fail(message, 'unconfirmed');
    },
    onDropped: (messages, reason: DropReason) => {
      for (const message of messages) fail(message, reason);
    },
    onFailed: fail,
  };
  to.open = openLink<string, Outgoing>(
    options as unknown as ConnectOptions<string, Outgoing, Wire>,
  );
  const link = to.open;
  link.subscribe(() => {
    const snapshot = link.getSnapshot();
    if (snapshot.state === 'open') return;
    each(listeners, (listener) => {
      inform(listener, snapshot);
    });
  });
  return to.open;
}
