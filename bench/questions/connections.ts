import { contest, type Contender, type Row } from '../contest.ts';
import { type Question } from './question.ts';

const counts = [64, 256, 1_024, 5_000];
const PER_SECOND = 4_000;

const kinds = [
  { title: 'hand-written on ws 8', server: 'ws-8' },
  { title: 'ours, structCodec', server: 'ours-ws-8' },
];

/** How the cost grows with the connections that the same messages come from. */
export const connections: Question = {
  name: 'connections',
  asks: '4,000 messages a second in all, from 64 to 5,000 connections',
  answer: async (pace) => {
    // A turn must be long enough for every connection to speak.
    const longer = { rounds: pace.rounds, milliseconds: 1_300 };
    const all: Row[][] = [];
    for (const kind of kinds) {
      // The fewest come first: the others are compared with them, round by round.
      const contenders = counts.map((count): Contender => ({ ...kind, connections: count }));
      const [rows = []] = await contest(contenders, [{ window: 0, rate: PER_SECOND }], longer);
      all.push(rows);
    }
    return [
      {
        title: 'CPU per message at 4,000 messages a second',
        head: ['connections', ...kinds.map(({ title }) => `${title}, µs`)],
        rows: counts.map((count, index) => [
          count.toLocaleString('en'),
          ...all.map((rows) => cell(rows[index])),
        ]),
      },
    ];
  },
};

/** With the ratio to the fewest connections. */
function cell(row: Row | undefined): string {
  return `${row?.cpu.median.toFixed(1)} (${row?.ratio.toFixed(2)})`;
}
