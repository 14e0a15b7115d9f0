/** Reading the entries of one topic, and finding out whether something of it is missing. */
import { JetStreamApiError, type StoredMsg } from '@nats-io/jetstream';
import { type LogEntry, type LogPage, type Place, START } from '../backplane.ts';
import { type Session } from './session.ts';
import { entryOf, partsOf, placeOf } from './subjects.ts';

/** How many entries are read at once: each is a question of its own. */
const AT_ONCE = 32;

/** What {@link readLog} needs to know. */
export interface Reading {
  readonly subject: string;
  readonly binary: boolean;
  /** How many entries a topic keeps, and for how long, in milliseconds. */
  readonly messages: number;
  readonly life: number;
  /** How long nothing was pushed before the present connection, in milliseconds; undefined where the topic was not followed. */
  readonly outage: number | undefined;
}

/**
 * Reads on after a place. The stream loses the oldest entries of a topic when there are more than
 * `messages`, and all that are older than their life. So nothing after the place is missing when
 *
 * - its own entry is still there, or
 * - fewer than `messages` have come since, and none can have grown too old: the stream still has
 *   what came next in any topic, or nothing was missed for so long.
 */
export async function readLog(
  session: Session,
  after: Place,
  limit: number,
  { subject, binary, messages, life, outage }: Reading,
): Promise<LogPage> {
  const { identity } = session;
  const parts = partsOf(after);
  const isKnown = after === START ? outage !== undefined : parts?.identity === identity;
  const begin = isKnown ? (parts?.sequence ?? 0) : 0;
  const entries: LogEntry[] = [];
  let isReadable = true;
  let at = begin;
  let found: StoredMsg | undefined;
  for (let count = 0; count < Math.min(limit, AT_ONCE); count++) {
    found = await get(session, { seq: at + 1, next_by_subj: subject });
    if (found === undefined) break;
    at = found.seq;
    const stored = { data: found.data, headers: found.header };
    const previous = entries.at(-1)?.place ?? after;
    const entry = entryOf(stored, placeOf(at, identity), previous, binary);
    if (entry === undefined) isReadable = false;
    else entries.push(entry);
  }
  const isComplete =
    isKnown &&
    isReadable &&
    (await reachesBack(session, begin, entries.length, messages, life, outage));
  // From the beginning on all was read: what has come since is not to be skipped.
  const isEnd = isComplete || at > begin || begin === 0;
  const end = isEnd ? placeOf(at, identity) : await lastOf(session, subject);
  return { entries, isComplete, hasMore: found !== undefined, end };
}

async function reachesBack(
  session: Session,
  sequence: number,
  count: number,
  messages: number,
  life: number,
  outage: number | undefined,
): Promise<boolean> {
  if (sequence > 0 && (await get(session, { seq: sequence })) !== undefined) return true;
  if (count >= messages) return false;
  const isRecent = outage !== undefined && outage < life;
  if (isRecent && (count > 0 || sequence === 0)) return true;
  const { state } = await session.within(session.manager.streams.info(session.stream));
  // Whatever gave us that place, the stream has never had it.
  // guard: a place beyond the end of a stream of NATS
  if (state.last_seq < sequence) return false;
  return isRecent || (sequence > 0 && state.first_seq <= sequence + 1);
}

/** The end of a topic, or of the stream where the topic has no entries. */
export async function endOf(session: Session, subject: string): Promise<Place> {
  const last = await lastOf(session, subject);
  if (last !== START) return last;
  const { state } = await session.within(session.manager.streams.info(session.stream));
  return `${state.last_seq}.${session.identity}`;
}

/** The last entry of a topic. */
export async function lastOf(session: Session, subject: string): Promise<Place> {
  const last = await get(session, { last_by_subj: subject });
  return last === undefined ? START : placeOf(last.seq, session.identity);
}

type Query = Parameters<Session['manager']['direct']['getMessage']>[1];

async function get(session: Session, query: Query): Promise<StoredMsg | undefined> {
  try {
    const found = session.manager.direct.getMessage(session.stream, query);
    return (await session.within(found)) ?? undefined;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.status === 404) return undefined;
    throw error;
  }
}
