import { start, answerOf } from '../processes.ts';
import { type LustreReport } from '../protocol.ts';
import { type Question } from './question.ts';

/** What a server component costs: its updates, and its being there. */
export const lustre: Question = {
  name: 'lustre',
  asks: 'server components: updates of a table of 1,000 rows, memory of a running component',
  answer: async ({ rounds, milliseconds }) => {
    const child = start(0, 'lustre.mjs');
    child.send({ rounds, milliseconds });
    const { updates, weights } = await answerOf<LustreReport>(child);
    child.kill('SIGKILL');
    return [
      {
        title: 'Updates of a keyed table of 1,000 rows, microseconds (median)',
        head: ['what changes', 'view', 'compare and encode', 'JSON', 'bytes of the patch'],
        rows: updates.map(({ title, made, compared, printed, bytes }) => [
          title,
          ...[made, compared, printed].map((each) => Math.round(each).toLocaleString('en')),
          bytes.toLocaleString('en'),
        ]),
      },
      {
        title: 'A running component with a viewer, beside its connection',
        head: ['rows shown', 'heap, KiB'],
        rows: weights.map(([shown, bytes]) => [shown, (bytes / 1024).toFixed(1)]),
      },
    ];
  },
};
