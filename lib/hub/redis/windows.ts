/** Windows of clients that come back, in Redis: a hash for each client. */
import { attempt } from '../../core/attempt.ts';
import { expectFunction, expectOptions, type OptionNames } from '../../core/options.ts';
import {
  type Answered,
  type Known,
  type OpenStore,
  type StoreLimits,
  type WindowStore,
} from '../../core/window-store.ts';
import { BackplaneError } from '../errors.ts';
import {
  type RedisClientPattern,
  type RedisClusterOptions,
  type RedisSentinelOptions,
} from './clients.ts';
import { type Connection, isRefusal } from './connection.ts';
import { type Argument } from './entry.ts';
import { makerOf } from './maker.ts';
import { Repeats } from '../repeats.ts';
import { ClusterNodes, type Nodes, type NodesOptions, oneNode } from './windows-nodes.ts';
import { CLAIM, RELEASE, SETTLE } from './windows-scripts.ts';
import { StoreWrites } from './windows-writes.ts';

/** Options of {@link redisWindows}: `url`, `client`, `cluster` or `sentinel`, one of them. */
export interface RedisWindowsOptions {
  /** Where Redis is: `redis[s]://[[username][:password]@][host][:port][/db-number]`. */
  readonly url?: string | undefined;
  /** A client of the `redis` package (6), as a pattern: see `redisBackplane`. */
  readonly client?: RedisClientPattern | undefined;
  /** A Redis Cluster (6.2 or later): each client's window is on the node that has its slot. */
  readonly cluster?: RedisClusterOptions | undefined;
  /** Sentinels, which know who is master. */
  readonly sentinel?: RedisSentinelOptions | undefined;
  /**
   * What the names of keys begin with: the same in all processes of a server.
   * @defaultValue `'omnimessage:windows'`
   */
  readonly prefix?: string | undefined;
  /** Is called when Redis is away, once per outage, and when it refuses something, every ten seconds at most. */
  readonly onError?: ((error: BackplaneError) => unknown) | undefined;
}

const OPTION_NAMES: OptionNames<RedisWindowsOptions> = {
  url: true,
  client: true,
  cluster: true,
  sentinel: true,
  prefix: true,
  onError: true,
};

/** A store of windows in Redis. */
export interface RedisWindows extends WindowStore {
  /**
   * Disconnects, once Redis has the last answers, or after 2 s. Call it when the server has closed its
   * connections.
   */
  readonly close: () => Promise<void>;
}

/** How long a claim may take, in milliseconds. */
const CLAIM_LIMIT = 2_000;

/** How long `close` waits for what Redis does not have yet, in milliseconds. */
const CLOSE_LIMIT = 2_000;

const AWAY = 'the store of windows is away';
const REFUSED = 'Redis refused what a store of windows has to note';
const NOT_ONE = 'this is a Redis Cluster: give `cluster` to `redisWindows`';

/** What loads the scripts. */
const LOAD: Argument[][] = [CLAIM, SETTLE, RELEASE].map(({ source }) => ['SCRIPT', 'LOAD', source]);

/** Somebody has emptied the cache of scripts. */
const NO_SCRIPT = /^NOSCRIPT/;

/** It was a master, or is not one yet. */
const NO_MASTER = /^(READONLY|MASTERDOWN|LOADING)/;

/** A node of a cluster has not, or not yet, the slot of a key. */
const ELSEWHERE = /^(MOVED|ASK|CLUSTERDOWN|TRYAGAIN|READONLY|MASTERDOWN|LOADING)/;

/**
 * Makes a store of windows in Redis (6.2 or later), so that a message that is repeated to another
 * process of the server gets its answer there, and no handler runs again. Each message is noted
 * before it is handled, which costs a round trip to Redis; where Redis does not answer within 2 s, the
 * message is not handled and fails with the code `unavailable`. What Redis loses, it forgets: a
 * repeat after that is handled as if it were new.
 *
 * @throws TypeError when not exactly one of `url`, `client`, `cluster` and `sentinel` is given
 *
 * @example
 * ```ts
 * const store = redisWindows({ url: process.env.REDIS_URL });
 * app.ws('/omni-ws', omniWs({ codec, handler, resume: { store } }));
 * ```
 */
export function redisWindows(options: RedisWindowsOptions): RedisWindows {
  expectOptions('redisWindows', options, OPTION_NAMES);
  const { prefix = 'omnimessage:windows', onError } = options;
  expectFunction('onError', onError, true);
  const make = makerOf(options);
  const ending = new AbortController();
  let nodes: Nodes | undefined;
  let isAway = false;
  const repeats = new Repeats();
  const arrivals = new Set<() => void>();

  const report = (text: string, cause?: unknown): void => {
    attempt(
      () => onError?.(new BackplaneError(text, cause === undefined ? {} : { cause })),
      () => {},
    );
  };
  const lost = (cause: unknown): void => {
    if (isAway) return;
    isAway = true;
    report(AWAY, cause);
  };
  /** Redis refused something: what may help is done. */
  const refused = (used: Connection, cause: unknown): void => {
    if (!isRefusal(cause)) return;
    const { message } = cause;
    if (NO_SCRIPT.test(message)) {
      for (const command of LOAD) used.send(command).catch(() => {});
    } else if (nodes?.isCluster === true && ELSEWHERE.test(message)) {
      void nodes.refresh();
    } else if (NO_MASTER.test(message)) {
      // Another node is the master now: it is looked for when there is no connection.
      used.close(cause);
    } else if (/^(MOVED|ASK)/.test(message)) {
      lost(new Error(NOT_ONE, { cause }));
    } else if (repeats.isDue(REFUSED)) {
      report(REFUSED, cause);
    }
  };
  const writes = new StoreWrites({ connectionOf: (key) => nodes?.connectionOf(key), refused });

  const begin = (): Nodes => {
    const needed: NodesOptions = {
      prepare: async (connection) => {
        await connection.commands(LOAD);
        if (make !== undefined) await expectMaster(connection, prefix);
        isAway = false;
      },
      changed: () => {
        writes.again();
        for (const arrived of arrivals) arrived();
      },
      lost,
      signal: ending.signal,
    };
    nodes ??=
      make === undefined
        ? new ClusterNodes(options.cluster as RedisClusterOptions, needed)
        : oneNode(make, needed);
    return nodes;
  };

  /** The connection to the node of a key, at the latest at `end`. */
  const arrived = (key: string, end: number): Promise<Connection> =>
    new Promise((resolve, reject) => {
      const leave = (): void => {
        clearTimeout(timer);
        arrivals.delete(look);
      };
      const look = (): void => {
        const found = nodes?.connectionOf(key);
        if (found === undefined) return;
        leave();
        resolve(found);
      };
      const timer = setTimeout(() => {
        leave();
        reject(new BackplaneError(AWAY));
      }, end - performance.now());
      arrivals.add(look);
    });

  const claim = async (key: string, command: Argument[]): Promise<Buffer> => {
    const there = begin();
    const end = performance.now() + CLAIM_LIMIT;
    let used = there.connectionOf(key) ?? (await arrived(key, end));
    let commands = [command];
    for (;;) {
      try {
        return (await used.commands(commands, CLAIM_LIMIT)).at(-1) as Buffer;
      } catch (error) {
        if (!isRefusal(error)) throw error;
        const { message } = error;
        const mayHelp =
          NO_SCRIPT.test(message) || (there.isCluster ? ELSEWHERE : NO_MASTER).test(message);
        // A slot that is on its way: what its old node has no more, the new one has.
        const asked = there.isCluster ? /^ASK \d+ (\S+)/.exec(message)?.[1] : undefined;
        const target = asked === undefined ? undefined : there.connectionAt(asked);
        if (target === undefined) refused(used, error);
        if (!mayHelp || performance.now() > end) throw error;
        commands = target === undefined ? [command] : [['ASKING'], command];
        if (there.isCluster && target === undefined) await there.refresh();
        used = target ?? there.connectionOf(key) ?? (await arrived(key, end));
      }
    }
  };

  const open = ({ messages, bytes, milliseconds }: StoreLimits): OpenStore => {
    begin();
    const life = String(Math.ceil(milliseconds));
    const keyOf = (client: string): string => `${prefix}:${client}`;
    return {
      claim: async (client, id, claimer) => {
        const key = keyOf(client);
        const args = [key, String(id), String(messages), life, `b${claimer}`];
        return knownOf(await claim(key, ['EVALSHA', CLAIM.sha, '1', ...args]));
      },
      settle: (client, id, answered, claimer) => {
        const key = keyOf(client);
        const args = [key, String(id), String(bytes), life, valueOf(answered), `b${claimer}`];
        writes.add(key, ['EVALSHA', SETTLE.sha, '1', ...args], milliseconds);
      },
      release: (client, id, claimer) => {
        const key = keyOf(client);
        const args = [key, String(id), `b${claimer}`];
        writes.add(key, ['EVALSHA', RELEASE.sha, '1', ...args], milliseconds);
      },
    };
  };

  return {
    open,
    close: async () => {
      // guard: the last answers are written before a store closes → const isWritten = true;
      const isWritten = await writes.end(CLOSE_LIMIT);
      ending.abort();
      await nodes?.running;
      if (!isWritten) report('closed while answers waited: a repeat of their messages gets none');
    },
  };
}

/**
 * Rejects on a replica, to which Sentinels or an address may still lead. Each write would be refused
 * there, for as long as the connection holds.
 */
async function expectMaster(connection: Connection, prefix: string): Promise<void> {
  try {
    await connection.command(['HDEL', `${prefix}:probe`, '0']);
  } catch (error) {
    // guard: a store of windows needs a master
    if (!isRefusal(error) || NO_MASTER.test(error.message)) throw error;
  }
}

/** An answer as it is kept: its kind, the length of its header, the header, and what follows. */
function valueOf({ header, encoded }: Answered): Buffer {
  const head = `${typeof encoded === 'string' ? 'a' : 'y'}${header}\n`;
  return Buffer.concat([Buffer.from(head), Buffer.from(encoded as string)]);
}

function knownOf(reply: Buffer): Known {
  const kind = String.fromCharCode(reply[0] ?? 0);
  if (kind === 'n') return 'new';
  if (kind === 'b') return 'begun';
  const end = reply.indexOf(10);
  if (kind === 'f' || end < 0) return 'forgotten';
  const payload = reply.subarray(end + 1);
  return {
    header: reply.toString('latin1', 1, end),
    encoded: kind === 'a' ? payload.toString() : new Uint8Array(payload),
  };
}
