/** Reading a log, and finding out whether something of it is missing. */
import { type LogEntry, type LogPage, type Place, START } from '../backplane.ts';
import { type Connection, isRefusal } from './connection.ts';
import { idOf, type Names, parseLogged, partsOf } from './entry.ts';

/** How long a read may take, in milliseconds. */
const READ_LIMIT = 5_000;

/** What {@link readLog} needs to know. */
export interface Reading {
  readonly names: Names;
  readonly binary: boolean;
  /** How many entries a log keeps at least, and for how long after the last one, in milliseconds. */
  readonly messages: number;
  readonly life: number;
  readonly identity: string;
  /** How long nothing was pushed before the present connection, in milliseconds; undefined where the topic was not followed. */
  readonly outage: number | undefined;
}

/**
 * Reads on after a place. The log loses its oldest entries first, when it is longer than `messages`,
 * and all of it when nothing was published for its life, or soon after. So nothing after the place is
 * missing when
 *
 * - the last place is this one, or
 * - the log still has an entry that is as old, or older, or
 * - the log is not full, and not so long ago that it may have ended and begun anew.
 *
 * A place of another identity is from before a failover or a restart: nothing is certain then.
 */
export async function readLog(
  connection: Connection,
  topic: string,
  after: Place,
  limit: number,
  reading: Reading,
): Promise<LogPage> {
  const { names, binary, identity, messages, life, outage } = reading;
  const parts = partsOf(after);
  const log = names.log(topic);
  const isKnown = outage !== undefined || parts?.identity === identity;
  const begin = parts === undefined ? '-' : `(${parts.id}`;
  const [[found, length], lastId] = await Promise.all([
    connection.commands(
      [
        ['XRANGE', log, begin, '+', 'COUNT', String(limit)],
        ['XLEN', log],
      ],
      READ_LIMIT,
    ),
    lastIdOf(connection, topic, names),
  ]);
  const end = lastId === undefined ? START : `${lastId}.${identity}`;
  if (lastId !== undefined && lastId === parts?.id)
    return { entries: [], isComplete: isKnown, hasMore: false, end };
  // Whatever gave us that place, the log has never had it.
  // guard: a place beyond the end of a log of Redis
  if (lastId !== undefined && parts !== undefined && !isAtMost(parts.id, lastId))
    return { entries: [], isComplete: false, hasMore: false, end };
  const entries: LogEntry[] = [];
  let isReadable = true;
  for (const logged of found as unknown[]) {
    const entry = parseLogged(logged, entries.at(-1)?.place ?? after, identity, binary);
    if (entry === undefined) isReadable = false;
    else entries.push(entry);
  }
  const hasMore = (found as unknown[]).length === limit;
  const isFull = (length as number) >= messages;
  const isComplete =
    isReadable &&
    isKnown &&
    ((!isFull && outage !== undefined && outage < life) ||
      (await reachesBack(connection, log, parts, isFull, life)));
  return { entries, isComplete, hasMore, end };
}

async function reachesBack(
  connection: Connection,
  log: string,
  parts: ReturnType<typeof partsOf>,
  isFull: boolean,
  life: number,
): Promise<boolean> {
  if (parts === undefined) return false;
  const [first, time] = await connection.commands(
    [['XRANGE', log, '-', '+', 'COUNT', '1'], ['TIME']],
    READ_LIMIT,
  );
  const [oldest] = first as [[unknown, unknown]?];
  if (oldest !== undefined && isAtMost(String(oldest[0]), parts.id)) return true;
  // Both by the clock of one Redis: it gave the id.
  return !isFull && Number((time as unknown[])[0]) * 1_000 - parts.milliseconds < life;
}

/** Compares two ids of one stream. */
function isAtMost(id: string, other: string): boolean {
  const [milliseconds = 0, sequence = 0] = id.split('-').map(Number);
  const [otherMilliseconds = 0, otherSequence = 0] = other.split('-').map(Number);
  return (
    milliseconds < otherMilliseconds ||
    (milliseconds === otherMilliseconds && sequence <= otherSequence)
  );
}

/**
 * The id of the last entry, asked at once: before all that is written after this call. Where others
 * have overwritten it, it is looked for in the log.
 */
export async function lastIdOf(
  connection: Connection,
  topic: string,
  names: Names,
): Promise<string | undefined> {
  const kept = await unlessRefused(connection.send(['GET', names.last(topic)]));
  if (kept === null) return undefined;
  const id = idOf(kept);
  if (id !== undefined) return id;
  const range = ['XREVRANGE', names.log(topic), '+', '-', 'COUNT', '1'];
  const found = await unlessRefused(connection.send(range));
  return idOf(Array.isArray(found) ? (found as [unknown?][])[0]?.[0] : undefined);
}

/** What Redis answers; undefined where it refuses. */
async function unlessRefused(reply: Promise<unknown>): Promise<unknown> {
  try {
    return await reply;
  } catch (error) {
    // guard: the id of the last entry overwritten → throw error;
    if (!isRefusal(error)) throw error;
    return undefined;
  }
}

/** The end of a log; where it has none, a place of its own from which one can go on. */
export async function endOf(
  connection: Connection,
  topic: string,
  names: Names,
  identity: string,
): Promise<Place> {
  const [id, [time]] = await Promise.all([
    lastIdOf(connection, topic, names),
    connection.commands([['TIME']], READ_LIMIT),
  ]);
  if (id !== undefined) return `${id}.${identity}`;
  const [seconds, microseconds] = (time as unknown[]).map(Number);
  const now = (seconds ?? 0) * 1_000 + Math.floor((microseconds ?? 0) / 1_000);
  // Before all that is published in this millisecond.
  return `${now - 1}-999999999999.${identity}`;
}
