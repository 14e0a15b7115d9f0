/** What a store of windows has Redis do at once: a hash for each client. */
import { createHash } from 'node:crypto';

/** A script, and what it is called by. */
export interface Script {
  readonly source: string;
  readonly sha: string;
}

const script = (source: string): Script => ({
  source,
  sha: createHash('sha1').update(source).digest('hex'),
});

/**
 * KEYS: the client's hash. ARGV: 1 id, 2 messages to keep, 3 life in milliseconds, 4 `b` and the
 * claimer. Fields are ids, with that while the message is handled, `a` or `y` and the answer as text or
 * bytes; and `floor`, up to which nothing is known. Gives what is known, or `n` for what is noted now.
 *
 * An earlier version noted `b` alone. Beside processes of it each settles and releases its own claims,
 * and takes the others' for begun. Only, they may take a claim for an answer when they drop the oldest:
 * then that message is forgotten though it was handled, which is no worse than too many messages.
 */
export const CLAIM: Script = script(`
local key, id = KEYS[1], tonumber(ARGV[1])
local known = redis.call('HGET', key, ARGV[1])
if known then return known end
if id <= tonumber(redis.call('HGET', key, 'floor') or '0') then return 'f' end
redis.call('HSET', key, ARGV[1], ARGV[4])
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
      if string.find(value, '^[ay]') then redis.call('HINCRBY', key, 'size', 0 - #value) end
      redis.call('HDEL', key, name)
    end
  end
  redis.call('HSET', key, 'floor', string.format('%.0f', floor))
end
return 'n'
`);

/**
 * ARGV: 1 id, 2 bytes to keep, 3 life, 4 the answer, with its kind before it, 5 `b` and the claimer.
 * What is too much is forgotten. Where there is no claim, because that did not get here or was lost with
 * a master, the answer is noted all the same: who sends it knows what became of the message.
 */
export const SETTLE: Script = script(`
local key, size = KEYS[1], string.len(ARGV[4])
local known = redis.call('HGET', key, ARGV[1])
if known and known ~= ARGV[5] then return 0 end
local floor = tonumber(redis.call('HGET', key, 'floor') or '0')
if not known and tonumber(ARGV[1]) <= floor then return 0 end
redis.call('HSET', key, ARGV[1], size > tonumber(ARGV[2]) and 'f' or ARGV[4])
redis.call('PEXPIRE', key, ARGV[3])
if size > tonumber(ARGV[2]) then return 0 end
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
    if string.find(value, '^[ay]') then
      redis.call('HSET', key, name, 'f')
      local left = redis.call('HINCRBY', key, 'size', 0 - string.len(value))
      if left <= tonumber(ARGV[2]) then break end
    end
  end
end
return 1
`);

/**
 * ARGV: 1 id, 2 `b` and the claimer. A command that is written again, because the connection broke
 * before its answer, may have been carried out: somebody else may have claimed the message since.
 */
export const RELEASE: Script = script(`
if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then redis.call('HDEL', KEYS[1], ARGV[1]) end
return 1
`);
