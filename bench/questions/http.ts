import { contest, type Contender } from '../contest.ts';
import { tableOf } from '../report.ts';
import { type Question } from './question.ts';

const http = { dialect: 'http', path: '/omni' } as const;

const onExpress: readonly Contender[] = [
  { ...http, title: 'hand-written route on Express 5', server: 'express' },
  {
    ...http,
    title: 'ours on Express 5, the codec of the hand-written',
    server: 'ours-express-same',
  },
  { ...http, title: 'ours on Express 5, structCodec', server: 'ours-express' },
  {
    ...http,
    title: 'ours before Express 5, the codec of the hand-written',
    server: 'ours-before-express',
  },
  {
    ...http,
    title: 'ours by attachWebSockets, the codec of the hand-written',
    server: 'ours-http-attached-same',
  },
  { ...http, title: 'ours by attachWebSockets, structCodec', server: 'ours-http-attached' },
  {
    ...http,
    title: 'hand-written route on Express 5, with our serverOptions',
    server: 'express-options',
  },
  { ...http, title: 'express.json and response.json', server: 'express-json' },
  { ...http, title: 'tRPC 11 on Express 5', server: 'trpc-http', path: '/trpc/send' },
];

const onNode: readonly Contender[] = [
  { ...http, title: 'hand-written on node:http', server: 'node-http' },
  { ...http, title: 'hand-written on Connect', server: 'connect' },
  { ...http, title: 'ours on node:http, the codec of the hand-written', server: 'ours-node-same' },
  { ...http, title: 'ours on Connect, the codec of the hand-written', server: 'ours-connect-same' },
  { ...http, title: 'ours on Connect, structCodec', server: 'ours-connect' },
  { ...http, title: 'ours on Connect, with the Router', server: 'ours-connect-router' },
];

/** What a request costs. */
export const overHttp: Question = {
  name: 'http',
  asks: 'a message and its reply over HTTP, 64 keep-alive connections',
  answer: async (pace) => {
    const [express = []] = await contest(onExpress, [{ window: 1 }], pace);
    const [node = []] = await contest(onNode, [{ window: 1 }], pace);
    return [
      tableOf('HTTP on Express 5', express, 'request'),
      tableOf('HTTP without Express', node, 'request'),
    ];
  },
};
