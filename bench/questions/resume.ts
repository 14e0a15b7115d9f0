import { setTimeout as pause } from 'node:timers/promises';
import { contest, type Contender, type Pace, shuffled } from '../contest.ts';
import { median } from '../median.ts';
import { Load, ServerProcess } from '../processes.ts';
import { type Dialect } from '../protocol.ts';
import { type Table, tableOf } from '../report.ts';
import { type Question } from './question.ts';

const HANDSHAKES = 1_000;
const IDLE = 3_000;
const BACK = 10_000;
/** They stay, as a server in use always has some: with the last of its kind, what V8 learned goes. */
const PRESENT = 64;
/** How often it is done before it counts: what is compiled once is not a handshake's. */
const WARM_UP = 12;
/** How often all servers are started anew: two of the same program differ by some hundredths as long as they live. */
const SETS = 5;
/** For the closed connections to be gone, in milliseconds. */
const SETTLE = 30;

interface Kind {
  readonly title: string;
  readonly server: string;
  readonly dialect?: Dialect;
}

const attached = 'ours by attachWebSockets';

const kinds: readonly Kind[] = [
  { title: 'bare ws 8', server: 'ws-8' },
  { title: 'express-ws', server: 'express-ws' },
  { title: 'Socket.IO 4', server: 'socket.io', dialect: 'socket.io' },
  { title: 'ours on ws 8, bare', server: 'ours-ws-8' },
  { title: 'ours on ws 8, omnimessage.1', server: 'ours-ws-8', dialect: 'omnimessage.1' },
  { title: 'ours on ws 8, resume', server: 'ours-ws-8-resume', dialect: 'resume' },
  { title: 'ours on express-ws, bare', server: 'ours-express-ws' },
  { title: `${attached}, bare`, server: 'ours-attached' },
  { title: `${attached}, omnimessage.1`, server: 'ours-attached', dialect: 'omnimessage.1' },
  { title: `${attached}, resume`, server: 'ours-attached-resume', dialect: 'resume' },
];

const speakers: readonly Contender[] = [
  { title: `${attached}, bare`, server: 'ours-attached' },
  { title: `${attached}, omnimessage.1`, server: 'ours-attached', dialect: 'omnimessage.1' },
  { title: `${attached}, resume`, server: 'ours-attached-resume', dialect: 'resume' },
];

const works = [{ window: 1 }, { window: 16 }];

/** What it costs to come, to come back, and to be able to. */
export const resume: Question = {
  name: 'resume',
  asks: 'a handshake, a message and an idle connection with and without `resume`, 10,000 back at once',
  answer: async (pace) => {
    const spoken = await contest(speakers, works, pace, SETS);
    return [
      await handshakes(pace),
      ...works.map(({ window }, index) =>
        tableOf(`A message that may be repeated, window ${window}`, spoken[index] ?? []),
      ),
      await idle(pace),
      await back(pace),
    ];
  },
};

/** CPU of a server for each of these connections, which are closed again. */
async function cpuOf(
  { server, load }: Started,
  dialect: Dialect,
  connections: number,
  atOnce: number,
): Promise<number> {
  const target = { ...server.ports, dialect, size: 200, connections, atOnce };
  // Nothing is collected by force: V8 would throw away code with the objects that it was made for.
  const before = await server.usage();
  await load.connect('some', target);
  const after = await server.usage();
  await load.disconnect('some');
  await pause(SETTLE);
  await server.usage();
  return (after.cpu - before.cpu) / connections;
}

interface Started {
  readonly server: ServerProcess;
  readonly load: Load;
}

async function start(name: string, dialect: Dialect): Promise<Started> {
  const started = { server: await ServerProcess.start(name), load: new Load() };
  const target = {
    ...started.server.ports,
    dialect,
    size: 200,
    connections: PRESENT,
    first: BACK,
  };
  await started.load.connect('present', target);
  return started;
}

function stop({ server, load }: Started): void {
  load.stop();
  server.stop();
}

/** Each is measured once a round, in any order. */
async function measureAll(
  all: readonly number[][],
  rounds: number,
  measure: (index: number) => Promise<number>,
): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (const index of shuffled(all.length)) all[index]?.push(await measure(index));
  }
}

/** The ratios are to the first in the same round. */
function compared(title: string, titles: readonly string[], all: readonly number[][]): Table {
  return {
    title,
    head: ['contender', 'CPU each, µs', 'min to max', 'ratio'],
    rows: all.map((measured, index) => [
      titles[index] ?? '',
      median(measured).toFixed(0),
      `${Math.min(...measured).toFixed(0)} to ${Math.max(...measured).toFixed(0)}`,
      median(measured.map((each, round) => each / (all[0]?.[round] ?? NaN))).toFixed(2),
    ]),
  };
}

async function handshakes({ rounds }: Pace): Promise<Table> {
  const all = kinds.map((): number[] => []);
  for (let set = 0; set < SETS; set++) {
    const started: Started[] = [];
    try {
      for (const { server, dialect = 'ws' } of kinds) {
        const one = await start(server, dialect);
        started.push(one);
        for (let n = 0; n < WARM_UP; n++) await cpuOf(one, dialect, HANDSHAKES, 64);
      }
      await measureAll(all, Math.ceil((2 * rounds) / SETS), (index) =>
        cpuOf(started[index] as Started, kinds[index]?.dialect ?? 'ws', HANDSHAKES, 64),
      );
    } finally {
      started.forEach(stop);
    }
  }
  const titles = kinds.map(({ title }) => title);
  return compared('CPU of a handshake', titles, all);
}

async function idle({ rounds }: Pace): Promise<Table> {
  const chosen = kinds.filter(({ title }) => title === 'bare ws 8' || title.startsWith(attached));
  const measured = chosen.map((): { readonly heap: number; readonly rss: number }[] => []);
  for (let round = 0; round < Math.max(2, Math.round(rounds / 5)); round++) {
    for (const [index, { server, dialect = 'ws' }] of chosen.entries()) {
      const one = await start(server, dialect);
      try {
        const target = { ...one.server.ports, dialect, size: 200 };
        await one.server.usage(true);
        const before = await one.server.usage(true);
        await one.load.connect('many', { ...target, connections: IDLE });
        await one.server.usage(true);
        const after = await one.server.usage(true);
        measured[index]?.push({
          heap: (after.heap - before.heap) / IDLE,
          rss: (after.rss - before.rss) / IDLE,
        });
      } finally {
        stop(one);
      }
    }
  }
  return {
    title: 'A connection that has said nothing',
    head: ['contender', 'heap, bytes', 'min to max', 'RSS, bytes', 'min to max'],
    rows: chosen.map(({ title }, index) => [
      title,
      ...(['heap', 'rss'] as const).flatMap((kind) => {
        const all = (measured[index] ?? []).map((each) => each[kind]);
        const range = `${Math.min(...all).toFixed(0)} to ${Math.max(...all).toFixed(0)}`;
        return [median(all).toFixed(0), range];
      }),
    ]),
  };
}

/** All come, all lines break, and all come back at once, again and again. */
async function back({ rounds }: Pace): Promise<Table> {
  const contenders = [
    { title: 'bare ws 8', server: 'ws-8', first: 'ws', again: 'ws' },
    { title: `${attached}, bare`, server: 'ours-attached', first: 'ws', again: 'ws' },
    {
      title: `${attached}, resume`,
      server: 'ours-attached-resume',
      first: 'resume',
      again: 'resume-again',
    },
  ] as const;
  const started: Started[] = [];
  try {
    for (const { server, first, again } of contenders) {
      const one = await start(server, first);
      started.push(one);
      await cpuOf(one, first, BACK, 64);
      for (let n = 0; n < 3; n++) await cpuOf(one, again, BACK, 1_000);
    }
    const all = contenders.map((): number[] => []);
    await measureAll(all, Math.ceil(rounds / 4), (index) => {
      const { again } = contenders[index] as (typeof contenders)[number];
      return cpuOf(started[index] as Started, again, BACK, 1_000);
    });
    const titles = contenders.map(({ title }) => title);
    return compared('10,000 clients back at once', titles, all);
  } finally {
    started.forEach(stop);
  }
}
