import { contest, type Contender } from '../contest.ts';
import { tableOf } from '../report.ts';
import { type Question } from './question.ts';

const contenders: readonly Contender[] = [
  { title: 'hand-written on ws 8', server: 'ws-8' },
  { title: 'ours on ws 8, the codec of the hand-written', server: 'ours-ws-8-same' },
  { title: 'ours on ws 8, structCodec', server: 'ours-ws-8' },
  { title: 'ours on ws 8, public API alone', server: 'ours-ws-8-public' },
  { title: 'Socket.IO 4 with ack', server: 'socket.io', dialect: 'socket.io' },
  { title: 'tRPC 11', server: 'trpc-ws', dialect: 'trpc-ws' },
];

const onExpressWs: readonly Contender[] = [
  { title: 'hand-written on ws 7', server: 'ws-7' },
  { title: 'hand-written on express-ws', server: 'express-ws' },
  { title: 'ours on express-ws, the codec of the hand-written', server: 'ours-express-ws-same' },
  { title: 'ours on express-ws, structCodec', server: 'ours-express-ws' },
  { title: 'ours by attachWebSockets, structCodec', server: 'ours-attached' },
];

const works = [{ window: 1 }, { window: 16 }];

/** What a message costs over WebSocket. */
export const ws: Question = {
  name: 'ws',
  asks: 'a message and its reply over WebSocket, 64 connections',
  answer: async (pace) => {
    const on8 = await contest(contenders, works, pace);
    const on7 = await contest(onExpressWs, works, pace);
    return works.flatMap(({ window }, index) => [
      tableOf(`WebSocket on ws 8, window ${window}`, on8[index] ?? []),
      tableOf(`WebSocket on ws 7, window ${window}`, on7[index] ?? []),
    ]);
  },
};
