import { contest, type Contender, type Pace } from '../contest.ts';
import { type Table, tableOf } from '../report.ts';
import { type Question } from './question.ts';

const contenders: readonly Contender[] = [
  { title: 'a loop of send of one text, ws 8', server: 'loop-of-send' },
  { title: 'ours, publish of a hub', server: 'ours-hub' },
  { title: 'Socket.IO 4, a room', server: 'socket.io-room', dialect: 'socket.io' },
  { title: 'tRPC 11, subscriptions', server: 'trpc-subscription', dialect: 'trpc-subscription' },
];

/** What it costs to send one message to all. */
export const broadcast: Question = {
  name: 'broadcast',
  asks: 'one message to 100, 1,000 and 5,000 connections, and in bursts of 8',
  answer: async (pace) => [
    ...(await to(100, [1], pace)),
    ...(await to(1_000, [1, 8], pace)),
    ...(await to(5_000, [1], pace)),
  ],
};

async function to(connections: number, bursts: readonly number[], pace: Pace): Promise<Table[]> {
  const works = bursts.map((burst) => ({ window: 0, burst }));
  const all = await contest(
    contenders.map((contender) => ({ ...contender, connections })),
    works,
    pace,
  );
  return bursts.map((burst, index) => {
    const title = `To ${connections.toLocaleString('en')}${burst > 1 ? `, ${burst} at once` : ''}`;
    return tableOf(title, all[index] ?? [], 'delivery');
  });
}
