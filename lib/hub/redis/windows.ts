/** Windows of clients that come back, in Redis: a hash for each client. */
import { createHash } from 'node:crypto';
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
import { type RedisClientPattern, type RedisSentinelOptions } from './clients.ts';
import { type Connection, keepConnected } from './connection.ts';
import { type Argument } from './entry.ts';
import { makerOf } from './maker.ts';

/** Options of {@link redisWindows}: `url`, `client` or `sentinel`, one of them. */
export interface RedisWindowsOptions {
  /** Where Redis is: `redis[s]://[[username][:password]@][host][:port][/db-number]`. */
  readonly url?: string | undefined;
  /** A client of the `redis` package (6), as a pattern: see `redisBackplane`. */
  readonly client?: RedisClientPattern | undefined;
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

/**
 * KEYS: the client's hash. ARGV: 1 id, 2 messages to keep, 3 life in milliseconds. Fields are ids, with
 * `b` while the message is handled, `a` or `y` and the answer as text or bytes; and `floor`, up to
 * which nothing is known. Gives what is known, or `n` for what is noted now.
 */
const CLAIM = `
local key, id = KEYS[1], tonumber(ARGV[1])
local known = redis.call('HGET', key, ARGV[1])
if known then return known end
if id <= tonumber(redis.call('HGET', key, 'floor') or '0') then return 'f' end
redis.call('HSET', key, ARGV[1], 'b')
redis.call('PEXPIRE', key, ARGV[3])
if redis.call('HLEN', key) > 2 * tonumber(ARGV[2]) then
  local ids = {}
  for _, each in ipairs(redis.call('HKEYS', key)) do
    if tonumber(each) then table.insert(ids, tonumber(each)) end
  end
  table.sort(ids)
  local floor = ids[#ids - tonumber(ARGV[2])]
  for _, each in ipairs(ids) do
    if each <= floor then
      local name = string.format('%.0f', each)
      local value = redis.call('HGET', key, name)
      if #value > 1 then redis.call('HINCRBY', key, 'size', 0 - #value) end
      redis.call('HDEL', key, name)
    end
  end
  redis.call('HSET', key, 'floor', string.format('%.0f', floor))
end
return 'n'
`;

/** ARGV: 1 id, 2 bytes to keep, 3 life, 4 the answer, with its kind before it. What is too much is forgotten. */
const SETTLE = `
local key, size = KEYS[1], string.len(ARGV[4])
if redis.call('HGET', key, ARGV[1]) ~= 'b' then return 0 end
if size > tonumber(ARGV[2]) then redis.call('HSET', key, ARGV[1], 'f') return 0 end
redis.call('HSET', key, ARGV[1], ARGV[4])
redis.call('PEXPIRE', key, ARGV[3])
if redis.call('HINCRBY', key, 'size', size) > tonumber(ARGV[2]) then
  local ids, own = {}, tonumber(ARGV[1])
  for _, each in ipairs(redis.call('HKEYS', key)) do
    local number = tonumber(each)
    if number and number < own then table.insert(ids, number) end
  end
  table.sort(ids)
  for _, each in ipairs(ids) do
    local name = string.format('%.0f', each)
    local value = redis.call('HGET', key, name)
    if #value > 1 then
      redis.call('HSET', key, name, 'f')
      local left = redis.call('HINCRBY', key, 'size', 0 - string.len(value))
      if left <= tonumber(ARGV[2]) then break end
    end
  end
end
return 1
`;

const sha1 = (script: string): string => createHash('sha1').update(script).digest('hex');
const CLAIM_SHA = sha1(CLAIM);
const SETTLE_SHA = sha1(SETTLE);

/**
 * Makes a store of windows in Redis (6.2 or later), so that a message that is repeated to another
 * process of the server gets its answer there, and no handler runs again. Each message is noted
 * before it is handled, which costs a round trip to Redis; where Redis does not answer within 2 s, the
 * message is not handled and fails with the code `unavailable`. What Redis loses, it forgets: a
 * repeat after that is handled as if it were new.
 *
 * @throws TypeError when not exactly one of `url`, `client` and `sentinel` is given
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
  const make = makerOf(options) as NonNullable<ReturnType<typeof makerOf>>;
  const ending = new AbortController();
  let connection: Connection | undefined;
  let isAway = false;
  let running: Promise<void> | undefined;
  const arrivals = new Set<() => void>();
  /** Answers that Redis does not have yet. */
  let waiting: Argument[][] = [];

  const lost = (cause: unknown): void => {
    connection = undefined;
    if (isAway || onError === undefined) return;
    isAway = true;
    attempt(
      () => onError(new BackplaneError('the store of windows is away', { cause })),
      () => {},
    );
  };

  const begin = (): void => {
    running ??= keepConnected({
      make,
      lost,
      signal: ending.signal,
      session: async (opened, healthy) => {
        await opened.commands([
          ['SCRIPT', 'LOAD', CLAIM],
          ['SCRIPT', 'LOAD', SETTLE],
        ]);
        connection = opened;
        isAway = false;
        healthy();
        const late = waiting;
        waiting = [];
        late.forEach(write);
        for (const arrived of arrivals) arrived();
        return new Promise<never>((_, reject) => {
          opened.whenBroken(reject);
        });
      },
    });
  };

  /** Writes without waiting. What fails because the connection broke is written when there is another. */
  const write = (command: Argument[]): void => {
    const again = (): void => {
      if (waiting.length < WAITING_LIMIT) waiting.push(command);
    };
    if (connection === undefined) again();
    else {
      const used = connection;
      used.send(command).catch(() => {
        if (used.isBroken) again();
      });
    }
  };

  const arrived = (): Promise<Connection> =>
    new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        arrivals.delete(settle);
        if (connection === undefined) reject(new BackplaneError('the store of windows is away'));
        else resolve(connection);
      };
      const timer = setTimeout(settle, CLAIM_LIMIT);
      arrivals.add(settle);
    });

  const open = ({ messages, bytes, milliseconds }: StoreLimits): OpenStore => {
    begin();
    const life = String(Math.ceil(milliseconds));
    const keyOf = (client: string): string => `${prefix}:${client}`;
    return {
      claim: async (client, id) => {
        const used = connection ?? (await arrived());
        const [reply] = await used.commands(
          [['EVALSHA', CLAIM_SHA, '1', keyOf(client), String(id), String(messages), life]],
          CLAIM_LIMIT,
        );
        return knownOf(reply as Buffer);
      },
      settle: (client, id, answered) => {
        const value = valueOf(answered);
        write(['EVALSHA', SETTLE_SHA, '1', keyOf(client), String(id), String(bytes), life, value]);
      },
      release: (client, id) => write(['HDEL', keyOf(client), String(id)]),
    };
  };

  return {
    open,
    close: async () => {
      ending.abort();
      await running;
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
