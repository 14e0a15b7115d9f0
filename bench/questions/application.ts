import { contest, type Contender } from '../contest.ts';
import { tableOf } from '../report.ts';
import { type Question } from './question.ts';

const contenders: readonly Contender[] = [
  { title: 'hand-written on ws 8', server: 'ws-8' },
  { title: 'ours, an application, the codec of the hand-written', server: 'ours-program-same' },
  { title: 'ours, an application, structCodec', server: 'ours-program' },
  { title: 'ours, a handler, structCodec', server: 'ours-ws-8' },
];

const works = [{ window: 1 }, { window: 16 }];

/** What a program for each connection costs more than a handler. */
export const application: Question = {
  name: 'application',
  asks: 'the same by a program for each connection (init, update, an effect that answers)',
  answer: async (pace) => {
    const all = await contest(contenders, works, pace);
    return works.map(({ window }, index) =>
      tableOf(`Application, window ${window}`, all[index] ?? []),
    );
  },
};
