import { start, answerOf } from '../processes.ts';
import { type CodecRow } from '../protocol.ts';
import { type Question } from './question.ts';

/** What decoding and encoding cost by themselves. */
export const codec: Question = {
  name: 'codec',
  asks: 'decoding and encoding alone, and variants of 3, 24 and 100',
  answer: async ({ rounds, milliseconds }) => {
    const child = start(0, 'codec.mjs');
    child.send({ rounds, milliseconds: milliseconds / 4 });
    const rows = await answerOf<readonly CodecRow[]>(child);
    child.kill('SIGKILL');
    return [
      {
        title: 'Codecs alone',
        head: ['work', 'ns per message', 'min to max', 'ratio'],
        rows: rows.map(({ title, median, min, max, ratio }) => [
          title,
          median.toFixed(0),
          `${min.toFixed(0)} to ${max.toFixed(0)}`,
          ratio.toFixed(2),
        ]),
      },
    ];
  },
};
