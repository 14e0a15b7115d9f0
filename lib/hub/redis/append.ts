/** The one script: appends entries to logs, keeps the id of each as the last, and pushes it. */
import { createHash } from 'node:crypto';
import { type Unwritten } from '../outgoing.ts';
import { type Argument, type Names } from './entry.ts';

/**
 * KEYS: of each entry its log, whose name is the channel's too, and the id of the log's last entry.
 * ARGV: 1 entries to keep, 2 and 3 the life of a log and of a last id in milliseconds, 4 publisher,
 * 5 `publish` or `spublish`, 6 kind, 7 how long ago they may have been written before, in
 * milliseconds, or empty, 8 `scattered` or empty; then of each entry its number and its payload.
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
local keep, life, lastLife, publisher, push, kind, age, scattered = unpack(ARGV, 1, 8)

local function refused(reply)
  return type(reply) == 'table' and reply.err ~= nil
end

local function append(log, last, n, kind, payload)
  local id = redis.pcall('XADD', log, 'MAXLEN', '~', keep, '*', 'p', publisher, 'n', n, kind, payload)
  if refused(id) then return id end
  local previous = redis.pcall('SET', last, id, 'PX', lastLife, 'GET')
  if refused(previous) then
    local again = redis.pcall('SET', last, id, 'PX', lastLife)
    if refused(again) then return again end
  end
  if type(previous) ~= 'string' or not string.find(previous, '^%d+%-%d+$') then previous = '-' end
  local expires = redis.pcall('PEXPIRE', log, life)
  if refused(expires) then return expires end
  local pushed = redis.pcall(push, log, '1 ' .. id .. ' ' .. previous .. ' ' .. publisher .. ' ' .. n .. ' ' .. kind .. '\\n' .. payload)
  if refused(pushed) then return pushed end
  return id
end

if age ~= '' then
  local log, n, payload = KEYS[1], ARGV[9], ARGV[10]
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
  return append(log, KEYS[2], n, kind, payload)
end

local replies, isRefused = {}, false
for at = 1, #KEYS / 2 do
  local reply = append(KEYS[2 * at - 1], KEYS[2 * at], ARGV[7 + 2 * at], kind, ARGV[8 + 2 * at])
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

/**
 * The command that appends entries.
 * @param entries - one, or several messages that have not been tried yet
 */
export function appendCommand(
  { names, publisher, messages, seconds, push }: Appending,
  entries: readonly Unwritten[],
): Argument[] {
  const life = Math.ceil(seconds * 1_000);
  const firstTried = entries[0]?.firstTried;
  const age = firstTried === undefined ? undefined : performance.now() - firstTried;
  // Longer ago than a log lives: whether it was written cannot be found out any more.
  const isNote = entries[0]?.payload === undefined || (age !== undefined && age > life);
  const command: Argument[] = ['EVALSHA', SHA1, String(entries.length * 2)];
  for (const { topic } of entries) command.push(names.log(topic), names.last(topic));
  command.push(
    String(messages),
    String(life),
    String(Math.max(life, LAST_LIFE)),
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
