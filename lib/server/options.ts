/** The options of `attachWebSockets`, and their defaults. */
import { type IncomingMessage, type Server } from 'node:http';
import { type ErrorHandler } from '../core/exchange.ts';
import { expectFunction, expectNumber, expectOptions, type OptionNames } from '../core/options.ts';
import { type Origins } from '../request/origins.ts';
import { type SocketTarget } from './find-route.ts';
import { type Owns } from './ownership.ts';
import { type Subprotocols } from './subprotocol.ts';

/** Options of `attachWebSockets`. */
export interface AttachOptions {
  /**
   * Your http or https server. Its own timeouts are yours to set.
   * @defaultValue an http server is made
   */
  readonly server?: Server;
  /**
   * Which pages may open a socket; checked before the upgrade, answered with 403.
   * @defaultValue the host and port of Origin must equal those of Host
   */
  readonly origins?: Origins;
  /**
   * Called before the upgrade, with the bare request of Node (its `url` in origin form) and the route
   * of its path (undefined when there is none). Compare `target.route`, the path as `.ws` was given it,
   * rather than `request.url`: Express matches `/ADMIN` with `/admin`.
   *
   * Its result, awaited, is the second argument of `context`. To refuse, throw an error with a `status`
   * from 400 to 499, which is the answer. A falsy result (`false`, `null`, `0`, `''`) refuses too, with
   * 401; `undefined` admits. Any other error is a fault: its own status from 500 to 599, or 500, and
   * `onError`. It may take as long as `openTimeout`.
   * @defaultValue every client passes
   */
  readonly authorize?: (request: IncomingMessage, target: SocketTarget | undefined) => unknown;
  /**
   * Chooses one of the subprotocols that the client offers, or none. A browser that offered some
   * fails when none is chosen. Never choose a token: the chosen one is sent back in a header.
   * `omnimessage.1` is chosen without a call whenever it is offered.
   * @defaultValue none is chosen
   */
  readonly subprotocols?: Subprotocols;
  /**
   * Whether an upgrade belongs to this package, where the default does not fit: true takes it, false
   * leaves it to the other `upgrade` listeners of the server (404 when there are none), undefined
   * follows the default.
   * @defaultValue upgrades whose path a `.ws` route has, and all where there is no other listener
   */
  readonly owns?: Owns;
  /**
   * How many connections may be open or opening: one more is answered with 503. Sockets count, and
   * responses without an end (server-sent events).
   * @defaultValue 10_000
   */
  readonly maxConnections?: number;
  /**
   * The largest message, in bytes: one byte more closes with 1009, by the frame's header.
   * @defaultValue 65_536
   */
  readonly limit?: number;
  /**
   * In how many fragments a message may come: one more closes with 1008.
   * @defaultValue 64
   */
  readonly maxFragments?: number;
  /**
   * In how many pieces the network may deliver an unfinished message: one more closes with 1008.
   * @defaultValue 1_024
   */
  readonly maxBufferedChunks?: number;
  /**
   * How long `authorize` may take, and then how long it may take until a route has the socket, in
   * milliseconds: after it 504, or a close with 4404.
   * @defaultValue 10_000
   */
  readonly openTimeout?: number;
  /**
   * Called with a fault in `authorize`, `origins`, `subprotocols` or `owns`, and with an error that a
   * middleware or a route threw or gave to `next` and that no error handler of Express answered. Its
   * result is ignored: there is no codec here.
   * @defaultValue failures are counted; outside production each kind is printed once
   */
  readonly onError?: ErrorHandler<unknown>;
  /**
   * Of a server that is made: how long a request's headers may take, in milliseconds.
   * @defaultValue 15_000
   */
  readonly headersTimeout?: number;
  /**
   * Of a server that is made: how long a whole request may take to arrive, in milliseconds.
   * @defaultValue 30_000
   */
  readonly requestTimeout?: number;
  /**
   * Of a server that is made: how long an idle HTTP connection is kept, in milliseconds. Behind a
   * proxy that keeps connections it should be longer than the proxy's.
   * @defaultValue 5_000
   */
  readonly keepAliveTimeout?: number;
  /**
   * Of a server that is made: how often the first two are checked, in milliseconds.
   * @defaultValue 5_000
   */
  readonly connectionsCheckingInterval?: number;
  /**
   * Of a server that is made: whether its requests and responses have Express's prototypes from the
   * start ({@link serverOptions}), which saves two thirds of Express's CPU on Node 20 and 22.
   * @defaultValue true
   */
  readonly expressPrototypes?: boolean;
}

/** Options of `close`. */
export interface CloseOptions {
  /**
   * After how many milliseconds the connections that are left are cut.
   * @defaultValue 10_000
   */
  readonly timeout?: number;
}

const defaults = {
  maxConnections: 10_000,
  limit: 65_536,
  maxFragments: 64,
  maxBufferedChunks: 1_024,
  openTimeout: 10_000,
};
/** Of the server that is made where none was given. */
const serverDefaults = {
  expressPrototypes: true,
  headersTimeout: 15_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 5_000,
};
const OPTION_NAMES: OptionNames<AttachOptions> = {
  server: true,
  origins: true,
  authorize: true,
  subprotocols: true,
  owns: true,
  maxConnections: true,
  limit: true,
  maxFragments: true,
  maxBufferedChunks: true,
  openTimeout: true,
  onError: true,
  headersTimeout: true,
  requestTimeout: true,
  keepAliveTimeout: true,
  connectionsCheckingInterval: true,
  expressPrototypes: true,
};

/** The options, none of those that have a default missing. */
export type AttachSettings = AttachOptions & Required<Pick<AttachOptions, keyof typeof defaults>>;
/** How a server that is made treats slow clients. */
export type ServerSettings = Readonly<typeof serverDefaults>;

/** @throws TypeError when an option is invalid or unknown */
export function attachSettings(options: AttachOptions): AttachSettings {
  expectOptions('attachWebSockets', options, OPTION_NAMES);
  const settings = filled(defaults, options);
  expectFunction('authorize', options.authorize, true);
  expectFunction('subprotocols', options.subprotocols, true);
  expectFunction('owns', options.owns, true);
  expectFunction('onError', options.onError, true);
  for (const name of ['maxConnections', 'limit', 'maxFragments', 'maxBufferedChunks'] as const) {
    expectNumber(name, settings[name], { from: 1, isInteger: true });
  }
  expectNumber('openTimeout', settings.openTimeout, { above: 0 });
  return { ...options, ...settings };
}

/** @throws TypeError when an option is invalid, or is for a server that is not made */
export function serverSettings(options: AttachOptions): ServerSettings {
  const settings = filled(serverDefaults, options);
  for (const name of Object.keys(serverDefaults) as (keyof ServerSettings)[]) {
    if (options[name] !== undefined && options.server !== undefined) {
      throw new TypeError(
        `Expected \`${name}\` only without \`server\`: set it on your own server`,
      );
    }
    if (name !== 'expressPrototypes') {
      expectNumber(name, settings[name], { from: 0, isInteger: true });
    } else if (typeof settings[name] !== 'boolean') {
      throw new TypeError(`Expected \`${name}\` to be a boolean, got ${typeof settings[name]}`);
    }
  }
  return settings;
}

/** After how many milliseconds a shutdown cuts the connections that are left. @throws TypeError */
export function closeTimeout(options: CloseOptions): number {
  expectOptions('close', options, { timeout: true });
  const { timeout = 10_000 } = options;
  expectNumber('timeout', timeout, { from: 0 });
  return timeout;
}

/** The defaults, each replaced by what was given; undefined counts as absent. */
function filled<Settings extends object>(standard: Settings, given: object): Settings {
  const entries = Object.entries(given).filter(
    ([name, value]) => value !== undefined && Object.hasOwn(standard, name),
  );
  return { ...standard, ...(Object.fromEntries(entries) as Partial<Settings>) };
}
