/**
 * Contenders take short turns, one after the other and each round in another order: what else the
 * machine does meets all of them alike. The first of them is what the others are compared with.
 */
import { median } from './median.ts';
import { Load, type Outcome, ServerProcess } from './processes.ts';
import { type Dialect, latencyOf, type Turn } from './protocol.ts';

/** One who takes part. */
export interface Contender {
  /** What stands in the table. */
  readonly title: string;
  /** Which server. */
  readonly server: string;
  readonly dialect?: Dialect;
  readonly path?: string;
  /** 64 by default. */
  readonly connections?: number;
  /** Bytes of a message; 200 by default. */
  readonly size?: number;
}

/** What is done in a turn. */
export type Work = Omit<Turn, 'target' | 'milliseconds'>;

/** How long it shall take. */
export interface Pace {
  readonly rounds: number;
  readonly milliseconds: number;
}

/** What was measured of one contender. CPU in microseconds per message, latency in milliseconds. */
export interface Row {
  readonly title: string;
  readonly cpu: { readonly median: number; readonly min: number; readonly max: number };
  /** The median of its ratios to the first contender in the same rounds. */
  readonly ratio: number;
  readonly p50: number;
  readonly p99: number;
  readonly messages: number;
}

const TARGET = 'contender';
/** Milliseconds. */
const WARM_UP = 800;

/** What was measured of one contender, turn by turn. */
interface Measured {
  readonly cpu: number[];
  readonly outcomes: Outcome[];
}

interface Entry {
  readonly contender: Contender;
  readonly server: ServerProcess;
  /** A generator of its own: a process may have so many sockets, and no more. */
  readonly load: Load;
}

/** Starts the contenders, once for many kinds of work. */
class Contest {
  readonly #entries: Entry[] = [];

  static async of(contenders: readonly Contender[]): Promise<Contest> {
    const its = new Contest();
    for (const contender of contenders) {
      const { server: started, dialect = 'ws', connections = 64, size = 200, path } = contender;
      const server = await ServerProcess.start(started);
      const load = new Load();
      its.#entries.push({ contender, server, load });
      await load.connect(TARGET, {
        ...server.ports,
        dialect,
        connections,
        size,
        ...(path !== undefined && { path }),
      });
    }
    return its;
  }

  /** Measures all of them at some work, after a warm-up, and adds it to what was measured before. */
  async measure(
    work: Work,
    { rounds, milliseconds }: Pace,
    measured: readonly Measured[],
  ): Promise<void> {
    for (const entry of this.#entries) await this.#turn(entry, work, WARM_UP);
    for (let round = 0; round < rounds; round++) {
      for (const index of shuffled(this.#entries.length)) {
        const { cpu, outcome } = await this.#turn(
          this.#entries[index] as Entry,
          work,
          milliseconds,
        );
        measured[index]?.cpu.push(cpu);
        measured[index]?.outcomes.push(outcome);
      }
    }
  }

  stop(): void {
    for (const { server, load } of this.#entries) {
      load.stop();
      server.stop();
    }
  }

  async #turn(
    { server, load }: Entry,
    work: Work,
    milliseconds: number,
  ): Promise<{ cpu: number; outcome: Outcome }> {
    const before = await server.usage();
    const outcome = await load.turn({ ...work, target: TARGET, milliseconds });
    const after = await server.usage();
    return { cpu: (after.cpu - before.cpu) / outcome.messages, outcome };
  }
}

/**
 * Runs a contest and ends it, whatever happens.
 * @param sets - how often all processes are started anew. Two of the same program differ by some hundredths for as
 * long as they live, so a difference that is smaller than that needs several
 */
export async function contest(
  contenders: readonly Contender[],
  works: readonly Work[],
  { rounds, milliseconds }: Pace,
  sets = 1,
): Promise<Row[][]> {
  const all = works.map(() => contenders.map((): Measured => ({ cpu: [], outcomes: [] })));
  for (let set = 0; set < sets; set++) {
    const running = await Contest.of(contenders);
    try {
      const pace = { rounds: Math.ceil(rounds / sets), milliseconds };
      for (const [index, work] of works.entries()) {
        await running.measure(work, pace, all[index] ?? []);
      }
    } finally {
      running.stop();
    }
  }
  return all.map((measured) => rowsOf(contenders, measured));
}

function rowsOf(contenders: readonly Contender[], all: readonly Measured[]): Row[] {
  const baseline = all[0]?.cpu ?? [];
  return all.map(({ cpu, outcomes }, index) => ({
    title: contenders[index]?.title ?? '',
    cpu: { median: median(cpu), min: Math.min(...cpu), max: Math.max(...cpu) },
    ratio: median(cpu.map((each, round) => each / (baseline[round] as number))),
    p50: percentile(outcomes, 0.5),
    p99: percentile(outcomes, 0.99),
    messages: outcomes.reduce((sum, { messages }) => sum + messages, 0),
  }));
}

function percentile(outcomes: readonly Outcome[], share: number): number {
  const counts = new Map<number, number>();
  let total = 0;
  for (const [bucket, count] of outcomes.flatMap(({ latencies }) => latencies)) {
    counts.set(bucket, (counts.get(bucket) ?? 0) + count);
    total += count;
  }
  let seen = 0;
  for (const [bucket, count] of [...counts].toSorted(([left], [right]) => left - right)) {
    seen += count;
    if (seen >= share * total) return latencyOf(bucket);
  }
  return NaN;
}

/** The numbers below `length`, in any order. */
export function shuffled(length: number): number[] {
  const order = Array.from({ length }, (_, index) => index);
  for (let last = length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1));
    [order[last], order[other]] = [order[other] as number, order[last] as number];
  }
  return order;
}
