/** The process that measures the page's half: what `send` costs, and many links at once. */
import { connect, type Link } from 'express-omnimessage/client';
import { WebSocket } from 'ws';
import { median } from './median.ts';
import { type ClientOrder, type ClientReport } from './protocol.ts';
import { sample, type Said, type SentMessage } from './work.ts';

const codec = {
  decode: (text: string): Said => JSON.parse(text) as Said,
  encode: (message: SentMessage): string => JSON.stringify(message),
};
const message = JSON.parse(sample()) as SentMessage;
/** So many are sent one after the other, and all answered before the next turn. */
const AT_ONCE = 64;

/** Sends, and waits for the answers. */
interface Sender {
  readonly title: string;
  readonly send: () => void;
  /** Resolves once so many answers more have come. */
  readonly answered: (count: number) => Promise<void>;
}

function counted(): { readonly heard: () => void; readonly answered: Sender['answered'] } {
  let awaited = 0;
  let resolve = (): void => {};
  return {
    heard: () => {
      awaited -= 1;
      if (awaited === 0) resolve();
    },
    answered: (count) =>
      new Promise((done) => {
        awaited += count;
        resolve = done;
        if (awaited === 0) done();
      }),
  };
}

/** The socket alone, with the same codec. */
async function bare(port: number): Promise<Sender> {
  const { heard, answered } = counted();
  const socket = new WebSocket(`ws://127.0.0.1:${port}`);
  socket.addEventListener('message', ({ data }) => {
    codec.decode(data as string);
    heard();
  });
  await new Promise((resolve) => {
    socket.addEventListener('open', resolve);
  });
  return {
    title: 'WebSocket.send of ws',
    send: () => {
      socket.send(codec.encode(message));
    },
    answered,
  };
}

function linkTo(port: number, heard: () => void): Promise<Link<Said, SentMessage>> {
  return new Promise((resolve) => {
    const link: Link<Said, SentMessage> = connect<Said, SentMessage>({
      url: `ws://127.0.0.1:${port}`,
      codec,
      WebSocket,
      onMessage: heard,
      onOpen: () => {
        resolve(link);
      },
    });
  });
}

async function linked(port: number): Promise<Sender> {
  const { heard, answered } = counted();
  const link = await linkTo(port, heard);
  return {
    title: 'link.send, omnimessage.1',
    send: () => {
      if (link.send(message) !== 'sent') throw new Error('it was not sent at once');
    },
    answered,
  };
}

/** Microseconds for each `send`, synchronously, by turns. */
async function measureSends({ port, rounds, milliseconds }: ClientOrder): Promise<ClientReport> {
  const senders = [await bare(port), await linked(port)];
  const measured = senders.map((): number[] => []);
  const turn = async ({ send, answered }: Sender): Promise<number> => {
    let spent = 0;
    let sent = 0;
    const end = performance.now() + milliseconds;
    while (performance.now() < end) {
      const all = answered(AT_ONCE);
      const began = performance.now();
      for (let count = 0; count < AT_ONCE; count++) send();
      spent += performance.now() - began;
      sent += AT_ONCE;
      await all;
    }
    return (spent * 1_000) / sent;
  };
  for (const sender of senders) await turn(sender);
  for (let round = 0; round < rounds; round++) {
    for (const [index, sender] of senders.entries()) measured[index]?.push(await turn(sender));
  }
  const [first = []] = measured;
  return {
    kind: 'sends',
    rows: senders.map(({ title }, index) => {
      const all = measured[index] ?? [];
      return {
        title,
        median: median(all),
        min: Math.min(...all),
        max: Math.max(...all),
        more: median(all.map((each, round) => each - (first[round] ?? NaN))),
      };
    }),
  };
}

/** Opens so many, and has one message of each answered. */
async function measureMany({ port, links: count }: ClientOrder): Promise<ClientReport> {
  const rss = (): number => {
    globalThis.gc?.();
    return process.memoryUsage().rss;
  };
  const { heard, answered } = counted();
  const before = rss();
  const began = performance.now();
  const cpu = process.cpuUsage();
  const links: Link<Said, SentMessage>[] = [];
  // In pieces: a listening socket has room for so many that wait, and no more.
  while (links.length < count) {
    const piece = Array.from({ length: Math.min(250, count - links.length) }, () =>
      linkTo(port, heard),
    );
    links.push(...(await Promise.all(piece)));
  }
  const opened = performance.now();
  const all = answered(count);
  for (const link of links) link.send(message);
  await all;
  const ended = performance.now();
  const { user, system } = process.cpuUsage(cpu);
  return {
    kind: 'many',
    links: count,
    opening: opened - began,
    answering: ended - opened,
    cpu: (user + system) / count,
    rss: (rss() - before) / count,
  };
}

process.on('message', (order: ClientOrder) => {
  const measure = order.kind === 'sends' ? measureSends : measureMany;
  void measure(order).then((report) => process.send?.(report));
});
process.on('disconnect', () => process.exit());
