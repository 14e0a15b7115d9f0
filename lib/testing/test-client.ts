/** A client for the tests of an application: the real link, over a connection that a test controls. */
import { WebSocket } from 'ws';
import {
  anyWebSocket,
  ask,
  type AskOptions,
  type Codec,
  connect,
  type ConnectOptions,
  http,
  type Link,
  type SendResult,
} from '../client.ts';
import { type Wire as Encoding } from '../core/codec.ts';
import { expectCodec, expectOptions, type OptionNames } from '../core/options.ts';
import { fetchOver, type Target, wayTo } from './target.ts';
import { type Wire } from './wire.ts';

/** Options of {@link testClient}. */
export interface TestClientOptions<In, Out, Encoded = string> {
  /** The page's codec: the mirror image of the server's. */
  readonly codec: Codec<In, Out, Encoded>;
  /**
   * Where the route is, with a query where it needs one. A single route is mounted there.
   * @defaultValue `/omni-ws`, or `/omni-http`
   */
  readonly path?: string | undefined;
  /** How messages travel. @defaultValue `websocket` */
  readonly transport?: 'websocket' | 'http' | undefined;
  /** Headers of the handshake or of each request, such as `cookie`. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Further options of the link. @defaultValue it comes back within 10 ms */
  readonly connect?: Partial<Omit<ConnectOptions<In, Out, Encoded>, 'codec' | 'url' | 'transport'>>;
}

const OPTION_NAMES: OptionNames<TestClientOptions<never, never>> = {
  codec: true,
  path: true,
  transport: true,
  headers: true,
  connect: true,
};

/** A message with this tag: `{ type: 'total' }` or `['total', …]`. */
export type TagOf<In> = In extends { readonly type: infer Tag }
  ? Tag
  : In extends readonly [infer Tag, ...unknown[]]
    ? Tag
    : never;
type Tagged<In, Tag> = Extract<In, { readonly type: Tag } | readonly [Tag, ...unknown[]]>;

/** A client in a test. */
export interface TestClient<In, Out> {
  readonly send: (message: Out) => SendResult;
  readonly ask: (message: Out, options?: AskOptions) => Promise<In | undefined>;
  /**
   * The next message that was not taken yet, as soon as there is one.
   * @throws Error when the link ends for good before, or the client is closed
   */
  readonly next: () => Promise<In>;
  /**
   * The next message with this tag, or for which the function is true. Those before it are skipped.
   * @throws Error when the link ends for good before, or the client is closed, and what the function
   * throws
   */
  readonly until: {
    <Tag extends TagOf<In>>(tag: Tag): Promise<Tagged<In, Tag>>;
    (accepts: (message: In) => boolean): Promise<In>;
  };
  /** Breaks the connection without a word. The link comes back by itself. */
  readonly cut: () => void;
  /** Nothing arrives any more, in either direction: a dead line that neither side has closed. */
  readonly freeze: () => void;
  /** What was held back arrives, and what comes after it. */
  readonly thaw: () => void;
  /** Everything takes so long to arrive, in ms, by the clock of `setTimeout`. */
  readonly delay: (ms: number) => void;
  readonly link: Link<In, Out>;
  /** Ends the client, and the server that was made for a single route. */
  readonly close: () => Promise<void>;
}

/**
 * Connects to an application, a server, a port or a route.
 *
 * Save for a port, nothing listens and nothing travels over the network: a test needs no free port,
 * and runs with the fake clocks of node:test and vitest, as long as these leave `setImmediate` alone:
 * `vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] })`,
 * `mock.timers.enable({ apis: ['setTimeout', 'Date'] })`.
 *
 * @throws TypeError for what cannot be connected to, and when an option is invalid or unknown
 *
 * @example
 * const client = testClient(omniWs({ codec: serverCodec, handler }), { codec: pageCodec });
 * client.send({ type: 'add', amount: 1 });
 * const { value } = await client.until('total');
 * await client.close();
 */
export function testClient<In, Out, Encoded extends Encoding = string>(
  target: Target,
  options: TestClientOptions<In, Out, Encoded>,
): TestClient<In, Out> {
  expectOptions('testClient', options, OPTION_NAMES);
  const { codec, transport = 'websocket', headers = {} } = options;
  expectCodec(codec);
  if (!['websocket', 'http'].includes(transport)) {
    throw new TypeError("Expected `transport` to be 'websocket' or 'http'");
  }
  const isSocket = transport === 'websocket';
  const path = options.path ?? (isSocket ? '/omni-ws' : '/omni-http');
  if (!path.startsWith('/')) throw new TypeError('Expected `path` to begin with /');
  const way = wayTo(target, path.replace(/[?#].*/, ''), isSocket);
  const host = typeof target === 'number' ? `localhost:${target}` : 'localhost';

  const wires = new Set<Wire>();
  let isFrozen = false;
  let delay = 0;
  const open = (): Wire => {
    const wire = way.open();
    wires.add(wire);
    wire.client.once('close', () => wires.delete(wire));
    wire.delay(delay);
    if (isFrozen) wire.freeze();
    return wire;
  };
  class TestSocket extends WebSocket {
    constructor(url: URL, protocols: string[]) {
      super(url, protocols, { headers, createConnection: () => open().client as never });
    }
  }
  const request = fetchOver(open);

  const waiting: In[] = [];
  interface Taker {
    /** True when it waits no longer. */
    readonly takes: (message: In) => boolean;
    readonly fail: (error: Error) => void;
  }
  let takers: Taker[] = [];
  const { onMessage, ...others } = options.connect ?? {};
  const link = connect<In, Out, Encoded>({
    minDelay: 10,
    maxDelay: 10,
    ...others,
    codec,
    url: `http://${host}${path}`,
    transport: isSocket ? anyWebSocket() : http(),
    WebSocket: TestSocket,
    fetch: (url, init) =>
      request(url, {
        ...init,
        headers: { ...headers, ...(init.headers as Record<string, string>) },
      }),
    onMessage: (message) => {
      onMessage?.(message);
      const [taker] = takers;
      if (taker === undefined) waiting.push(message);
      else if (taker.takes(message)) takers.shift();
    },
  });
  const failTakers = (): void => {
    const { state, text } = link.getSnapshot();
    if (state !== 'closed') return;
    for (const { fail } of takers) fail(new Error(`the link has ended: ${text}`));
    takers = [];
  };
  link.subscribe(failTakers);

  const take = (accepts: (message: In) => boolean): Promise<In> => {
    const taken = new Promise<In>((resolve, reject) => {
      const takes = (message: In): boolean => {
        try {
          if (!accepts(message)) return false;
          resolve(message);
        } catch (error) {
          reject(error);
        }
        return true;
      };
      while (takers.length === 0 && waiting.length > 0) {
        if (takes(waiting.shift() as In)) return;
      }
      takers.push({ takes, fail: reject });
      failTakers();
    });
    // A test may give up waiting.
    taken.catch(() => {});
    return taken;
  };

  return {
    send: (message) => link.send(message),
    ask: (message, askOptions) => ask(link, message, askOptions),
    next: () => take(() => true),
    until: ((wanted: unknown) =>
      take(
        typeof wanted === 'function'
          ? (wanted as (message: In) => boolean)
          : (message) => tagOf(message) === wanted,
      )) as TestClient<In, Out>['until'],
    cut: () => {
      for (const wire of wires) wire.cut();
    },
    freeze: () => {
      isFrozen = true;
      for (const wire of wires) wire.freeze();
    },
    thaw: () => {
      isFrozen = false;
      for (const wire of wires) wire.thaw();
    },
    delay: (ms) => {
      delay = ms;
      for (const wire of wires) wire.delay(ms);
    },
    link,
    close: async () => {
      link.close();
      // A closed link calls nothing any more.
      failTakers();
      // What is held back would never be closed in order.
      if (isFrozen || delay > 0) for (const wire of wires) wire.cut();
      await way.close();
      for (const wire of wires) wire.cut();
    },
  };
}

/** The tag of a message, where it has one. */
function tagOf(message: unknown): unknown {
  if (Array.isArray(message)) return message[0] as unknown;
  return (message as { readonly type?: unknown } | null)?.type;
}
