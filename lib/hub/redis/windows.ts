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
import { CLAIM, RELEASE, SETTLE } from './windows-scripts.ts';
import { ClusterNodes, type Nodes, type NodesOptions, oneNode } from './windows-nodes.ts';

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
  /** Is called when Redis is away, once per outage. */
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
  /** Disconnects. Call it when the server has closed its connections. */
  readonly close: () => Promise<void>;
}

/** How long a claim may take, in milliseconds. */
const CLAIM_LIMIT = 2_000;

/** How many answers wait while Redis is away; more are not kept. */
const WAITING_LIMIT = 1_000;

const NOT_ONE = 'this is a Redis Cluster: give `cluster` to `redisWindows`';

/** True when a node of a cluster says that it has not, or not yet, the slot of a key. */
const isElsewhere = (error: unknown): error is Error =>
  isRefusal(error) && /^(MOVED|ASK|CLUSTERDOWN|TRYAGAIN|READONLY|LOADING)/.test(error.message);

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
  const arrivals = new Set<() => void>();
  /** What Redis does not have yet, with its key. */
  let waiting: (readonly [key: string, command: Argument[]])[] = [];

  const lost = (cause: unknown): void => {
    if (isAway || onError === undefined) return;
    isAway = true;
    attempt(
      () => onError(new BackplaneError('the store of windows is away', { cause })),
      () => {},
    );
  };

  const begin = (): Nodes => {
    const needed: NodesOptions = {
      prepare: async (connection) => {
        await connection.commands(
          [CLAIM, SETTLE, RELEASE].map(({ source }) => ['SCRIPT', 'LOAD', source]),
        );
        isAway = false;
      },
      changed: () => {
        const late = waiting;
        waiting = [];
        for (const [key, command] of late) write(key, command);
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

  /** Writes without waiting. What fails because the connection broke is written when there is another. */
  const write = (key: string, command: Argument[]): void => {
    const again = (): void => {
      if (waiting.length < WAITING_LIMIT) waiting.push([key, command]);
    };
    const used = nodes?.connectionOf(key);
    if (used === undefined) again();
    else {
      used.send(command).catch((error: unknown) => {
        const isMoved = nodes?.isCluster === true && isElsewhere(error);
        if (used.isBroken || isMoved) again();
        if (isMoved) void nodes?.refresh();
      });
    }
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
        reject(new BackplaneError('the store of windows is away'));
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
        if (!isElsewhere(error)) throw error;
        if (!there.isCluster) {
          if (/^(MOVED|ASK)/.test(error.message)) lost(new Error(NOT_ONE, { cause: error }));
          throw error;
        }
        if (performance.now() > end) throw error;
        // A slot that is on its way: what its old node has no more, the new one has.
        const asked = /^ASK \d+ (\S+)/.exec(error.message)?.[1];
        const target = asked === undefined ? undefined : there.connectionAt(asked);
        commands = target === undefined ? [command] : [['ASKING'], command];
        if (target === undefined) await there.refresh();
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
        write(key, ['EVALSHA', SETTLE.sha, '1', ...args]);
      },
      release: (client, id, claimer) => {
        const key = keyOf(client);
        write(key, ['EVALSHA', RELEASE.sha, '1', key, String(id), `b${claimer}`]);
      },
    };
  };

  return {
    open,
    close: async () => {
      ending.abort();
      await nodes?.running;
    },
  };
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
