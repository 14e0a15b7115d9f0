/**
 * The promise of docs/scaling.md, explored at random: three processes on the engine of a model, with
 * cuts, lost acknowledgements, entries that come twice or late, logs that are too short, failovers to
 * a replica that is behind, and an engine that is away for longer than one waits. Whatever happens,
 * between two gaps every process hears a topic as its log has it: nothing lost, nothing twice, one order;
 * what is published after a gap was told is not lost in it; and when all is well again it hears what is published then.
 */
import { createHub, type Hub } from 'express-omnimessage';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { generator } from '../faults/random.ts';
import { ModelEngine, type Process } from '../support/model-engine.ts';

const RUNS = Number(process.env['MODEL_RUNS'] ?? 150);
const FIRST = Number(process.env['MODEL_SEED'] ?? 1);
const TOPICS = ['a', 'b'];

/** A gap, and how many messages had been published when it was told. */
type Gap = { readonly gap: string; readonly published: number };
type Heard = { readonly message: string } | Gap;
type Fault = (engine: ModelEngine, process: Process) => void;

const codec = {
  decode: (encoded: string) => encoded,
  encode: (message: string) => message,
};

const harmless: readonly Fault[] = [
  (engine, process) => engine.cut(process),
  (engine, process) => engine.pushTwice(process),
  (engine, process) => engine.swap(process),
  (engine, process) => engine.writeAndCut(process),
];
const failover: Fault = (engine) => engine.failOver();
const replicate: Fault = (engine) => engine.replicate();
const away: Fault = (engine, process) => {
  engine.cut(process);
  vi.advanceTimersByTime(6_000);
};

/** Lets what was settled go on. */
async function settle(): Promise<void> {
  for (let n = 0; n < 12; n++) await Promise.resolve();
}

interface Run {
  readonly engine: ModelEngine;
  /** What each process heard of each topic, in order. */
  readonly heard: Map<string, Heard[]>[];
  readonly published: number;
}

async function run(seed: number, faults: readonly Fault[], limit: number): Promise<Run> {
  const random = generator(seed);
  const pick = <Item>(items: readonly Item[]): Item =>
    items[Math.floor(random() * items.length)] as Item;
  const engine = new ModelEngine(random, limit);
  const heard: Map<string, Heard[]>[] = [];
  let published = 0;
  const hubs = [0, 1, 2].map((index) => {
    const own = new Map<string, Heard[]>(TOPICS.map((topic) => [topic, []]));
    heard.push(own);
    const hub: Hub<string> = createHub({
      codec,
      backplane: engine.backplane,
      onGap: (topic, reason) => own.get(topic)?.push({ gap: reason, published }),
    });
    for (const topic of TOPICS) {
      hub.subscribe(topic, (message) => own.get(topic)?.push({ message }));
    }
    return { hub, index };
  });
  await drain(engine);

  for (let step = 0; step < 400; step++) {
    const dice = random();
    if (dice < 0.15) {
      const { hub, index } = pick(hubs);
      hub.publish(pick(TOPICS), `${index}:${published++}`);
    } else if (dice < 0.2 && faults.length > 0) {
      pick(faults)(engine, pick(engine.processes));
    } else {
      engine.step(pick(engine.processes));
    }
    await settle();
  }
  await drain(engine);
  // Whatever happened before: now all is well, and everybody hears.
  for (const topic of TOPICS) hubs[0]?.hub.publish(topic, `0:${published++}`);
  await drain(engine);
  for (const own of heard) {
    for (const events of own.values()) {
      expect(events.at(-1), `seed ${seed}`).toHaveProperty('message', expect.stringMatching(/^0:/));
    }
  }
  await Promise.all(hubs.map(({ hub }) => hub.close()));
  return { engine, heard, published };
}

async function drain(engine: ModelEngine): Promise<void> {
  for (let rounds = 0; rounds < 3 || !engine.isQuiet; rounds++) {
    if (rounds > 10_000) throw new Error('it never becomes quiet');
    for (const process of engine.processes) engine.step(process);
    await settle();
  }
}

/** What is wrong with what a process heard of a topic. */
function faultsOf(engine: ModelEngine, topic: string, heard: readonly Heard[]): string[] {
  const wrong: string[] = [];
  const seen = new Set<string>();
  /** What was delivered while the engine was away: the log has it later, and then it is passed over. */
  const local = new Set<string>();
  const heardAt = (place: string): string => {
    let entry = engine.written.get(place);
    while (entry !== undefined && local.has(String(entry.payload))) {
      entry = engine.written.get(entry.previous);
    }
    return String(entry?.payload ?? '');
  };
  let last: string | undefined = '';
  for (const event of heard) {
    if ('gap' in event) {
      // What follows may be anything; while the engine is away it is in no log at all.
      last = undefined;
      continue;
    }
    const { message } = event;
    if (seen.has(message)) wrong.push(`${message} twice`);
    seen.add(message);
    const entries = [...engine.written.values()].filter((entry) => entry.payload === message);
    if (last !== undefined) {
      const before = entries.map(({ previous }) => heardAt(previous));
      if (!before.includes(last)) wrong.push(`${message} after ${last}, not ${before.join()}`);
    }
    last = isAway(heard, event) ? undefined : message;
    if (last === undefined) local.add(message);
  }
  const end = heardAt(engine.end(topic));
  if (last !== undefined && last !== end) wrong.push(`${last} is the last, not ${end}`);
  return [...wrong, ...lostAfterGap(engine, topic, heard, seen)];
}

/** What was published after the last gap had been told, is in the log, and was not heard. */
function lostAfterGap(
  engine: ModelEngine,
  topic: string,
  heard: readonly Heard[],
  seen: ReadonlySet<string>,
): string[] {
  const told = heard.findLast((event): event is Gap => 'gap' in event)?.published ?? 0;
  const lost: string[] = [];
  let entry = engine.written.get(engine.end(topic));
  for (; entry !== undefined; entry = engine.written.get(entry.previous)) {
    const message = String(entry.payload);
    if (entry.payload === undefined || seen.has(message)) continue;
    if (Number(message.split(':')[1]) >= told) lost.push(`${message} is lost after the last gap`);
  }
  return lost;
}

/** True between the gap `away` and the gap `back`. */
function isAway(heard: readonly Heard[], event: Heard): boolean {
  const before = heard.slice(0, heard.indexOf(event));
  const gaps = before.flatMap((each) => ('gap' in each ? [each.gap] : []));
  return gaps.lastIndexOf('away') > gaps.lastIndexOf('back');
}

const gapsOf = (heard: readonly Map<string, Heard[]>[]): number =>
  heard.flatMap((own) => [...own.values()].flat()).filter((event) => 'gap' in event).length;

describe('the promise of the hub, on the model of an engine', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it.each([
    ['cuts, delays and repetitions', harmless, Infinity, false],
    ['logs that are too short', harmless, 3, true],
    ['failovers to a replica that is behind', [...harmless, failover, replicate], Infinity, true],
    ['an engine that is away for long', [...harmless, away], Infinity, true],
    ['all of it', [...harmless, failover, replicate, away], 5, true],
  ] as const)(
    'holds under %s',
    async (_title, faults, limit, mayHaveGaps) => {
      let gaps = 0;
      for (let seed = FIRST; seed < FIRST + RUNS; seed++) {
        const { engine, heard, published } = await run(seed, faults, limit);
        for (const [index, own] of heard.entries()) {
          for (const [topic, events] of own) {
            expect(faultsOf(engine, topic, events), `seed ${seed}, process ${index}`).toEqual([]);
          }
        }
        const count = gapsOf(heard);
        gaps += count;
        if (mayHaveGaps) continue;
        expect(count, `seed ${seed}`).toBe(0);
        for (const own of heard) expect([...own.values()].flat()).toHaveLength(published);
      }
      // A model in which nothing ever goes wrong would show nothing.
      expect(gaps > 0).toBe(mayHaveGaps);
    },
    120_000,
  );
});
