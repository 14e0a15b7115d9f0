/** The one script: appends entries to logs, keeps the id of each as the last, and pushes it. */
import { createHash } from 'node:crypto';
import { type Unwritten } from '../outgoing.ts';
import { type Argument, type Names } from './entry.ts';

/**
 * KEYS: of each entry its log, whose name is the channel's too, and the id of the log's last entry.
 * ARGV: 1 entries to keep, 2 and 3 the time to live of a log and of a last id in milliseconds, 4 how
 * many digits of an id name its span, 5 publisher, 6 `publish` or `spublish`, 7 kind, 8 how long ago
 * they may have been written before, in milliseconds, or empty, 9 `scattered` or empty; then of each
 * entry its number and its payload.
 *
 * Times to live are set once in a span of time, not for each entry. They are a span longer than what
 * is promised, so they are enough for all that is written in that span. Ids of one span begin with the
 * same digits. An id has the time at which it was given only if it is the first of its millisecond:
 * where the clock was set back, Redis counts on from the last id. So for an id that is not, for the one
 * after it, and for a new log, they are set as well, of each log once in a call.
 *
 * A new log begins a millisecond later than it is, and than the last id: where Redis was emptied, the log that is gone may
 * have had entries in this very millisecond, and who has heard those would take the new ones, with the
 * same ids or smaller ones, for what it knows.
 *
 * What may have been written before comes alone. It is looked for, from the end back to what this
 * publisher wrote before it: its numbers rise in a log. Where some were refused and those behind them
 * accepted (`scattered`) they may not, and all of the log is searched. Whether it was written is
 * unknown where the log has been trimmed since: then a note is written in its place.
 *
 * What others have written over the id of the last entry is overwritten in turn, whatever its type.
 *
 * An entry that Redis refuses does not stop those behind it. The reply has all ids in one string, or,
 * where one was refused, a list of ids and errors: one string costs less to read.
 */
const SCRIPT = `
local keep, life, lastLife, digits, publisher, push, kind, age, scattered = unpack(ARGV, 1, 9)
local keys, args, pcall, type, find, sub = KEYS, ARGV, redis.pcall, type, string.find, string.sub
digits = tonumber(digits)
local renewed = {}

local function append(log, last, n, kind, payload)
  local id = pcall('XADD', log, 'NOMKSTREAM', 'MAXLEN', '~', keep, '*', 'p', publisher, 'n', n, kind, payload)
  local isNew = not id
  if isNew then
    local time, before = redis.call('TIME'), pcall('GET', last)
    before = type(before) == 'string' and tonumber(string.match(before, '^(%d+)%-%d+$')) or 0
    local at = math.max(time[1] * 1000 + math.floor(time[2] / 1000), before) + 1
    id = pcall('XADD', log, 'MAXLEN', '~', keep, string.format('%.0f-0', at), 'p', publisher, 'n', n, kind, payload)
  end
  if type(id) == 'table' then return id end
  local previous = pcall('SET', last, id, 'KEEPTTL', 'GET')
  if type(previous) == 'table' then
    previous = pcall('SET', last, id)
    if previous.err then return previous end
    previous = '-'
  elseif not previous or not find(previous, '^%d+%-%d+$') then
    previous = '-'
  end
  if isNew or sub(id, 1, digits) ~= sub(previous, 1, digits)
    or not renewed[log] and (sub(id, 14) ~= '-0' or sub(previous, 14) ~= '-0') then
    renewed[log] = true
    local expires = pcall('PEXPIRE', log, life)
    if type(expires) == 'table' then return expires end
    expires = pcall('PEXPIRE', last, lastLife)
    if type(expires) == 'table' then return expires end
  end
  local pushed = pcall(push, log, '1 ' .. id .. ' ' .. previous .. ' ' .. publisher .. ' ' .. n .. ' ' .. kind .. '\\n' .. payload)
  if type(pushed) == 'table' then return pushed end
  return id
end

if age ~= '' then
  local log, n, payload = keys[1], args[10], args[11]
  local stop, oldest, known = '+', nil, false
  repeat
    local found = redis.call('XREVRANGE', log, stop, '-', 'COUNT', 64)
    for _, entry in ipairs(found) do
      if entry[2][2] == publisher then
        if entry[2][4] == n then return entry[1] end
        if scattered == '' and (tonumber(entry[2][4]) or math.huge) < tonumber(n) then
          known = true
          break
        end
      end
      oldest = entry[1]
    end
    if oldest then stop = '(' .. oldest end
  until known or #found < 64
  if not known and oldest and redis.call('XLEN', log) >= tonumber(keep) then
    local time = redis.call('TIME')
    local tail = time[1] * 1000 + math.floor(time[2] / 1000) - tonumber(string.match(oldest, '^%d+'))
    if tail < tonumber(age) + 1000 then kind, payload = 'g', '' end
  end
  return append(log, keys[2], n, kind, payload)
end

local replies, isRefused = {}, false
for at = 1, #keys / 2 do
  local reply = append(keys[2 * at - 1], keys[2 * at], args[8 + 2 * at], kind, args[9 + 2 * at])
  isRefused = isRefused or type(reply) == 'table'
  replies[at] = reply
end
if isRefused then return replies end
return table.concat(replies, ' ')
`;

/** What loads the script. */
export const LOAD: Argument[] = ['SCRIPT', 'LOAD', SCRIPT];

const SHA1 = createHash('sha1').update(SCRIPT).digest('hex');

/** What is the same for all entries. */
export interface Appending {
  readonly names: Names;
  readonly publisher: string;
  readonly messages: number;
  readonly seconds: number;
  /** How a server pushes: on a cluster that can, by sharded channels. */
  readonly push: 'publish' | 'spublish';
}

/** How long the id of the last entry is kept at least, in milliseconds: an hour. */
const LAST_LIFE = 3_600_000;

/** How many digits the milliseconds of an id have, until the year 2286. */
const DIGITS = 13;

/**
 * The command that appends entries.
 * @param entries - one, or several messages that have not been tried yet
 */
export function appendCommand(
  { names, publisher, messages, seconds, push }: Appending,
  entries: readonly Unwritten[],
): Argument[] {
  const life = Math.ceil(seconds * 1_000);
  // The span is a power of ten: a tenth of the life, or less.
  const exponent = Math.min(Math.floor(Math.log10(life)) - 1, DIGITS - 1);
  const span = 10 ** exponent;
  const firstTried = entries[0]?.firstTried;
  const age = firstTried === undefined ? undefined : performance.now() - firstTried;
  // Longer ago than a log lives: whether it was written cannot be found out any more.
  const isNote = entries[0]?.payload === undefined || (age !== undefined && age > life);
  const command: Argument[] = ['EVALSHA', SHA1, String(entries.length * 2)];
  for (const { topic } of entries) command.push(names.log(topic), names.last(topic));
  command.push(
    String(messages),
    String(life + span),
    String(Math.max(life, LAST_LIFE) + span),
    String(DIGITS - exponent),
    publisher,
    push,
    isNote ? 'g' : 'm',
    age === undefined ? '' : String(Math.ceil(age)),
    entries[0]?.isScattered === true ? 'scattered' : '',
  );
  for (const { n, payload = '' } of entries) {
    command.push(
      String(n),
      isNote ? '' : typeof payload === 'string' ? payload : bufferOf(payload),
    );
  }
  return command;
}

/** What became of each entry: its id, or why Redis refused it. Untrusted, like all that is read. */
export function appended(reply: unknown): readonly (string | Error)[] {
  if (!Array.isArray(reply)) return asText(reply).split(' ');
  return reply.map((one: unknown) => (one instanceof Error ? one : asText(one)));
}

function asText(reply: unknown): string {
  return Buffer.isBuffer(reply) ? reply.toString('latin1') : '';
}

/** The same bytes as a Buffer, which is what the client of Redis takes. */
function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
