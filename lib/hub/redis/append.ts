/** The one script: appends an entry to a log, keeps its id as the last, and pushes it. */
import { createHash } from 'node:crypto';
import { type Unwritten } from '../outgoing.ts';
import { type Argument, type Names } from './entry.ts';

/**
 * KEYS: the log, whose name is the channel's too; the id of its last entry.
 * ARGV: 1 entries to keep, 2 and 3 the life of the log and of the last id in milliseconds,
 * 4 publisher, 5 its number, 6 kind, 7 payload, 8 how long ago it may have been written before, in
 * milliseconds, or empty, 9 `publish` or `spublish`, 10 `scattered` or empty.
 *
 * What may have been written before is looked for, from the end back to what this publisher wrote
 * before it: its numbers rise in a log. Where some were refused and those behind them accepted
 * (`scattered`) they may not, and all of the log is searched. Whether it was written is unknown where
 * the log has been trimmed since: then a note is written in its place.
 *
 * What others have written over the id of the last entry is overwritten in turn, whatever its type.
 */
const SCRIPT = `
local log, last, kind, payload = KEYS[1], KEYS[2], ARGV[6], ARGV[7]
if ARGV[8] ~= '' then
  local stop, oldest, known = '+', nil, false
  repeat
    local found = redis.call('XREVRANGE', log, stop, '-', 'COUNT', 64)
    for _, entry in ipairs(found) do
      if entry[2][2] == ARGV[4] then
        if entry[2][4] == ARGV[5] then return entry[1] end
        if ARGV[10] == '' and (tonumber(entry[2][4]) or math.huge) < tonumber(ARGV[5]) then
          known = true
          break
        end
      end
      oldest = entry[1]
    end
    if oldest then stop = '(' .. oldest end
  until known or #found < 64
  if not known and oldest and redis.call('XLEN', log) >= tonumber(ARGV[1]) then
    local time = redis.call('TIME')
    local age = time[1] * 1000 + math.floor(time[2] / 1000) - tonumber(string.match(oldest, '^%d+'))
    if age < tonumber(ARGV[8]) + 1000 then kind, payload = 'g', '' end
  end
end
local id = redis.call('XADD', log, 'MAXLEN', '~', ARGV[1], '*', 'p', ARGV[4], 'n', ARGV[5], kind, payload)
local previous = redis.pcall('SET', last, id, 'PX', ARGV[3], 'GET')
if type(previous) == 'table' then redis.call('SET', last, id, 'PX', ARGV[3]) end
if type(previous) ~= 'string' or not string.find(previous, '^%d+%-%d+$') then previous = '-' end
redis.call('PEXPIRE', log, ARGV[2])
redis.call(ARGV[9], log, '1 ' .. id .. ' ' .. previous .. ' ' .. ARGV[4] .. ' ' .. ARGV[5] .. ' ' .. kind .. '\\n' .. payload)
return id
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

/** The command that appends an entry. */
export function appendCommand(
  { names, publisher, messages, seconds, push }: Appending,
  { topic, n, payload: wanted, firstTried, isScattered }: Unwritten,
): Argument[] {
  const life = Math.ceil(seconds * 1_000);
  const age = firstTried === undefined ? undefined : performance.now() - firstTried;
  // Longer ago than a log lives: whether it was written cannot be found out any more.
  const payload = age !== undefined && age > life ? undefined : wanted;
  return [
    'EVALSHA',
    SHA1,
    '2',
    names.log(topic),
    names.last(topic),
    String(messages),
    String(life),
    String(Math.max(life, LAST_LIFE)),
    publisher,
    String(n),
    payload === undefined ? 'g' : 'm',
    payload === undefined ? '' : typeof payload === 'string' ? payload : bufferOf(payload),
    age === undefined ? '' : String(Math.ceil(age)),
    push,
    isScattered === true ? 'scattered' : '',
  ];
}

/** The same bytes as a Buffer, which is what the client of Redis takes. */
function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
