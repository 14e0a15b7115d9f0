/**
 * What the hub promises, as an account of what clients heard: between two gaps nothing is lost,
 * nothing is out of order, and nothing comes twice, however many gaps there are.
 */
import { type Heard } from './hub-cluster.ts';

export interface Account {
  /** What is wrong: empty where the promise was kept. */
  readonly wrong: string[];
  /** How many messages a client did not hear, each with a gap told. */
  readonly lost: number;
  readonly gaps: number;
}

/** What one client heard of one topic, from gap to gap. */
function segmentsOf(events: readonly Heard[], topic: string): Heard[][] {
  const segments: Heard[][] = [[]];
  for (const event of events) {
    if (event.topic !== topic) continue;
    if (event.gap === undefined) segments.at(-1)?.push(event);
    else segments.push([]);
  }
  return segments;
}

/**
 * @param said - how many messages each publisher said, numbered from 0 and dealt out to the topics in turn
 */
export function accountOf(
  clients: readonly { readonly events: readonly Heard[] }[],
  said: Readonly<Record<string, number>>,
  topics: readonly string[],
): Account {
  const wrong: string[] = [];
  let lost = 0;
  let gaps = 0;
  for (const [at, topic] of topics.entries()) {
    const heard = clients.map(({ events }) => segmentsOf(events, topic));
    for (const [index, segments] of heard.entries()) {
      gaps += segments.length - 1;
      for (const [from, count] of Object.entries(said)) {
        const all = Array.from({ length: count }, (_, n) => n).filter(
          (n) => n % topics.length === at,
        );
        const numbers = segments.map((segment) =>
          segment.flatMap((event) => (event.from === from ? [event.n] : [])),
        );
        const who = `client ${index}, ${topic}, ${from}`;
        const flat = numbers.flat();
        const distinct = new Set(flat);
        if (distinct.size < flat.length) wrong.push(`${who}: ${flat.length - distinct.size} twice`);
        lost += all.filter((n) => !distinct.has(n)).length;
        for (const [which, segment] of numbers.entries()) {
          for (const [position, n] of segment.entries()) {
            const before = segment[position - 1];
            const due = before === undefined ? undefined : before + topics.length;
            if (due !== undefined && n !== due) wrong.push(`${who}: ${n} after ${before}`);
          }
          const [first, last] = [segment[0], segment.at(-1)];
          if (which === 0 && first !== undefined && first !== all[0]) {
            wrong.push(`${who}: begins with ${first}`);
          }
          const isEnd = which === numbers.length - 1;
          if (isEnd && last !== undefined && last !== all.at(-1)) {
            wrong.push(`${who}: ends with ${last}, not ${all.at(-1)}`);
          }
        }
        if (numbers.length === 1 && flat.length === 0 && all.length > 0) {
          wrong.push(`${who}: nothing`);
        }
      }
    }
    wrong.push(...ordersOf(heard, topic));
  }
  return { wrong, lost, gaps };
}

/** Where two clients heard the same messages between gaps in different orders. */
function ordersOf(heard: readonly Heard[][][], topic: string): string[] {
  const wrong: string[] = [];
  const named = heard.map((segments) =>
    segments.map((segment) => segment.map(({ from, n }) => `${from} ${n}`)),
  );
  for (const [index, segments] of named.entries()) {
    for (const segment of segments) {
      const positions = new Map(segment.map((name, position) => [name, position]));
      for (const others of named.slice(index + 1)) {
        for (const other of others) {
          const common = other.flatMap((name) => positions.get(name) ?? []);
          const at = common.findIndex((position, n) => position < (common[n - 1] ?? -1));
          if (at >= 0) wrong.push(`${topic}: ${segment[common[at] ?? 0]} stands elsewhere`);
        }
      }
    }
  }
  return wrong;
}
