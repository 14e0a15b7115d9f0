import { answerOf, ServerProcess, start } from '../processes.ts';
import { contest, type Contender } from '../contest.ts';
import { type ClientOrder, type ClientReport } from '../protocol.ts';
import { tableOf } from '../report.ts';
import { type Question } from './question.ts';

const LINKS = 10_000;

const contenders: readonly Contender[] = [
  { title: 'ours by attachWebSockets, bare', server: 'ours-attached' },
  {
    title: 'ours by attachWebSockets, omnimessage.1',
    server: 'ours-attached',
    dialect: 'omnimessage.1',
  },
];

/** What the page's half costs, and what its protocol costs the server. */
export const client: Question = {
  name: 'client',
  asks: 'send of a link over that of its socket, 10,000 links, and the header of omnimessage.1',
  answer: async (pace) => {
    const sends = await measure('sends', pace);
    const many = await measure('many', pace);
    const works = [{ window: 1 }, { window: 16 }];
    const header = await contest(contenders, works, pace);
    return [
      ...(sends.kind === 'sends'
        ? [
            {
              title: 'send on an open line, in Node',
              head: ['sender', 'µs per message', 'min to max', 'more, µs'],
              rows: sends.rows.map(({ title, median, min, max, more }) => [
                title,
                median.toFixed(2),
                `${min.toFixed(2)} to ${max.toFixed(2)}`,
                more.toFixed(2),
              ]),
            },
          ]
        : []),
      ...(many.kind === 'many'
        ? [
            {
              title: 'Many links in one process',
              head: [
                'links',
                'opened in, s',
                'all answered in, s',
                'CPU each, µs',
                'RSS each, KiB',
              ],
              rows: [
                [
                  many.links.toLocaleString('en'),
                  (many.opening / 1_000).toFixed(1),
                  (many.answering / 1_000).toFixed(2),
                  many.cpu.toFixed(0),
                  (many.rss / 1_024).toFixed(1),
                ],
              ],
            },
          ]
        : []),
      ...works.map(({ window }, index) =>
        tableOf(`The server with and without a header, window ${window}`, header[index] ?? []),
      ),
    ];
  },
};

async function measure(
  kind: ClientOrder['kind'],
  { rounds, milliseconds }: Parameters<Question['answer']>[0],
): Promise<ClientReport> {
  const server = await ServerProcess.start('ours-attached');
  const child = start(1, 'client.mjs');
  try {
    const order: ClientOrder = {
      kind,
      port: server.ports.port,
      rounds,
      milliseconds,
      links: LINKS,
    };
    child.send(order);
    return await answerOf<ClientReport>(child);
  } finally {
    child.kill('SIGKILL');
    server.stop();
  }
}
