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
    const contenders = kinds.flatMap((kind): Contender[] =>
      counts.map((count) => ({ ...kind, connections: count })),
    );
    // A turn must be long enough for every connection to speak.
    const longer = { rounds: Math.ceil(pace.rounds / 2), milliseconds: 1_300 };
    const [rows = []] = await contest(contenders, [{ window: 0, rate: PER_SECOND }], longer);
    return [
      {
        title: 'CPU per message at 4,000 messages a second',
        head: ['connections', ...kinds.map(({ title }) => `${title}, µs`)],
        rows: counts.map((count, index) => [
          count.toLocaleString('en'),
          ...kinds.map((_, kind) => cell(rows, kind * counts.length, index)),
        ]),
      },
    ];
  },
};

/** With the ratio to the fewest connections. */
function cell(rows: readonly Row[], first: number, index: number): string {
  const few = rows[first]?.cpu.median ?? NaN;
  const its = rows[first + index]?.cpu.median ?? NaN;
  return `${its.toFixed(1)} (${(its / few).toFixed(2)})`;
}
