import { contest, type Pace, type Row } from '../contest.ts';
import { type Table } from '../report.ts';
import { type Question } from './question.ts';

const sizes = [200, 1_024, 4_096, 16_384, 65_536];
const works = [{ window: 1 }, { window: 16 }];

/** How the cost grows with the message. */
export const size: Question = {
  name: 'size',
  asks: 'messages of 200 bytes to 64 KiB over WebSocket, 16 connections',
  answer: async (pace) => {
    const all: Row[][][] = [];
    for (const bytes of sizes) all.push(await ofSize(bytes, pace));
    return works.map(({ window }, index) =>
      tableFor(
        window,
        all.map((rows) => rows[index] ?? []),
      ),
    );
  },
};

function ofSize(bytes: number, pace: Pace): Promise<Row[][]> {
  const its = { size: bytes, connections: 16 };
  return contest(
    [
      { ...its, title: 'hand-written on ws 8', server: 'ws-8' },
      { ...its, title: 'ours, the codec of the hand-written', server: 'ours-ws-8-same' },
      { ...its, title: 'ours, structCodec', server: 'ours-ws-8' },
    ],
    works,
    pace,
  );
}

function tableFor(window: number, all: readonly (readonly Row[])[]): Table {
  return {
    title: `Message size, window ${window}`,
    head: [
      'bytes',
      'hand-written on ws 8, µs',
      'ours, the codec of the hand-written',
      'ours, structCodec',
    ],
    rows: sizes.map((bytes, index) => {
      const [hand, same, whole] = all[index] ?? [];
      const cell = (row: Row | undefined): string =>
        `${row?.cpu.median.toFixed(1)} (${row?.ratio.toFixed(2)})`;
      return [
        bytes.toLocaleString('en'),
        hand?.cpu.median.toFixed(1) ?? '',
        cell(same),
        cell(whole),
      ];
    }),
  };
}
