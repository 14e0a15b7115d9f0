import { median } from '../median.ts';
import { Load, ServerProcess } from '../processes.ts';
import { type Dialect } from '../protocol.ts';
import { type Question } from './question.ts';

const CONNECTIONS = 5_000;

interface Kind {
  readonly title: string;
  readonly server: string;
  readonly dialect?: Dialect;
  /** Each has said something before it is silent. */
  readonly speaks?: boolean;
}

const kinds: readonly Kind[] = [
  { title: 'hand-written on ws 8', server: 'ws-8' },
  { title: 'hand-written on ws 8, that keeps its request', server: 'ws-8-request' },
  { title: 'ours on ws 8', server: 'ours-ws-8' },
  { title: 'ours on ws 8, joined to a hub', server: 'ours-hub', speaks: false },
  { title: 'ours, an application', server: 'ours-program' },
  { title: 'hand-written on express-ws', server: 'express-ws' },
  { title: 'hand-written on express-ws, that keeps its request', server: 'express-ws-request' },
  { title: 'ours on express-ws', server: 'ours-express-ws' },
  { title: 'ours by attachWebSockets', server: 'ours-attached' },
  { title: 'Socket.IO 4', server: 'socket.io', dialect: 'socket.io' },
  { title: 'tRPC 11', server: 'trpc-ws', dialect: 'trpc-ws' },
];

/** What a connection costs that says nothing. */
export const idle: Question = {
  name: 'idle',
  asks: 'memory (RSS) of an idle connection, 5,000 of them, each of which has spoken once',
  answer: async ({ rounds }) => {
    const measured = kinds.map((): number[] => []);
    for (let round = 0; round < Math.max(3, Math.round(rounds / 5)); round++) {
      for (const [index, kind] of kinds.entries()) measured[index]?.push(await memoryOf(kind));
    }
    const baseline = median(measured[0] ?? []);
    return [
      {
        title: 'RSS per idle connection at 5,000',
        head: ['contender', 'KiB', 'min to max', 'ratio'],
        rows: kinds.map(({ title }, index) => {
          const all = measured[index] ?? [];
          const kibibytes = (value: number): string => (value / 1_024).toFixed(1);
          return [
            title,
            kibibytes(median(all)),
            `${kibibytes(Math.min(...all))} to ${kibibytes(Math.max(...all))}`,
            (median(all) / baseline).toFixed(2),
          ];
        }),
      },
    ];
  },
};

/** Bytes per connection, in a fresh process. */
async function memoryOf({ server: name, dialect = 'ws', speaks = true }: Kind): Promise<number> {
  const server = await ServerProcess.start(name);
  const load = new Load();
  try {
    const target = { ...server.ports, dialect, size: 200 };
    // What is made once, by the first connections, is not theirs.
    await load.connect('first', { ...target, connections: 64 });
    if (speaks) await load.turn({ target: 'first', window: 1, milliseconds: 200 });
    const before = await server.usage(true);
    await load.connect('many', { ...target, connections: CONNECTIONS });
    if (speaks) await load.turn({ target: 'many', window: 1, milliseconds: 0 });
    await server.usage(true);
    const after = await server.usage(true);
    return (after.rss - before.rss) / CONNECTIONS;
  } finally {
    load.stop();
    server.stop();
  }
}
