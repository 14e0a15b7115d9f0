/** `hub.publish(…, { answers: connection })`: the publication is the reply to the message that is handled. */
import { once } from 'node:events';
import { createHub, type Connection, type Hub, omniWs } from 'express-omnimessage';
import { describe, expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { serveAttached } from '../support/attached.ts';
import { until } from '../support/until.ts';
import { type WireBackplane, wireBackplane } from '../support/wire-backplane.ts';

const codec = { decode: (text: string) => text, encode: (text: string) => text };

interface Client {
  readonly frames: string[];
  readonly send: (frame: string) => void;
  readonly close: () => void;
}

/** A client; its frames, without the hello. */
async function open(url: string, protocols: string[]): Promise<Client> {
  const socket = new WebSocket(`${url}/omni`, protocols);
  onTestFinished(() => {
    socket.terminate();
  });
  const frames: string[] = [];
  socket.on('message', (data: Buffer) => {
    const frame = data.toString();
    if (!frame.startsWith('!')) frames.push(frame);
  });
  await once(socket, 'open');
  return {
    frames,
    send: (frame) => {
      socket.send(frame);
    },
    close: () => {
      socket.close();
    },
  };
}

type Answering = Connection<string>;

interface Served {
  readonly url: string;
  readonly hub: Hub<string>;
  readonly marked: () => Promise<Client>;
  readonly bare: () => Promise<Client>;
  readonly close: (options: { timeout: number }) => Promise<void>;
}

/** @param joins - whether connections join the topic; or how their messages are changed */
async function served(
  handler: (message: string, connection: Answering, hub: Hub<string>) => string | undefined,
  joins: boolean | ((message: string) => string | undefined) = true,
  backplane?: WireBackplane,
): Promise<Served> {
  const hub = createHub<string>({ codec, ...(backplane && { backplane }) });
  let opened = 0;
  const { url, close } = await serveAttached((app) => {
    app.ws(
      '/omni',
      omniWs<string, string>({
        codec,
        onError: () => undefined,
        onOpen: (connection) => {
          if (typeof joins === 'function') hub.join('room', connection, { map: joins });
          else if (joins) hub.join('room', connection);
          opened += 1;
        },
        handler: (message, connection) => handler(message, connection, hub),
      }),
    );
  });
  onTestFinished(() => hub.close());
  const client = async (protocols: string[]): Promise<Client> => {
    const before = opened;
    const made = await open(url, protocols);
    await until(() => opened > before);
    return made;
  };
  return { url, hub, marked: () => client(['omnimessage.1']), bare: () => client([]), close };
}

const publishes = (message: string, connection: Answering, hub: Hub<string>): undefined => {
  hub.publish('room', `said: ${message}`, { answers: connection });
};

describe('a publication that answers', () => {
  it('is the reply of the one who asked, once, and a push for the others', async () => {
    const { marked, bare } = await served(publishes);
    const author = await marked();
    const others = [await marked(), await bare()];
    author.send('1\na');
    author.send('2\nb');
    await until(() => [author, ...others].every(({ frames }) => frames.length === 2));

    expect(author.frames).toEqual(['=1\nsaid: a', '=2\nsaid: b']);
    expect(others.map(({ frames }) => frames)).toEqual([
      ['\nsaid: a', '\nsaid: b'],
      ['said: a', 'said: b'],
    ]);
  });

  it('reaches one who has not joined, on a marked line and on a bare one', async () => {
    const { marked, bare } = await served(publishes, false);
    const clients = [await marked(), await bare()];
    clients[0]!.send('1\na');
    clients[1]!.send('b');
    await until(() => clients.every(({ frames }) => frames.length === 1));

    expect(clients.map(({ frames }) => frames)).toEqual([['=1\nsaid: a'], ['said: b']]);
  });

  it('may come after the replies to later messages, when its log has it', async () => {
    const backplane = wireBackplane();
    const { marked } = await served(
      (message, connection, hub) =>
        message === 'b' ? 're: b' : publishes(message, connection, hub),
      true,
      backplane,
    );
    const author = await marked();
    for (const frame of ['1\na', '2\nb', '3\nc']) author.send(frame);
    await until(() => author.frames.length === 1 && backplane.published.length === 2);
    expect(author.frames).toEqual(['=2\nre: b']);
    backplane.echo();
    await until(() => author.frames.length === 3);

    expect(author.frames).toEqual(['=2\nre: b', '=1\nsaid: a', '=3\nsaid: c']);
  });

  it('is the reply also where the hub closes before its log has brought it', async () => {
    const backplane = wireBackplane();
    const { marked, hub } = await served(publishes, true, backplane);
    const author = await marked();
    author.send('1\na');
    await until(() => backplane.published.length === 1);
    await hub.close();
    await until(() => author.frames.length === 1);

    expect(author.frames).toEqual(['=1\nsaid: a']);
  });

  it('is sent before the server closes the connection, as the reply of a handler is', async () => {
    const backplane = wireBackplane();
    const { marked, close } = await served(publishes, true, backplane);
    const author = await marked();
    author.send('1\na');
    await until(() => backplane.published.length === 1);
    const closed = close({ timeout: 10_000 });
    await new Promise(setImmediate);
    backplane.echo();
    await closed;

    expect(author.frames).toEqual(['=1\nsaid: a']);
  });

  it('is what `map` makes of it for the one who asked, or an acknowledgement', async () => {
    const map = (message: string): string | undefined =>
      message === 'said: b' ? undefined : `mapped: ${message}`;
    const { marked } = await served(publishes, map);
    const author = await marked();
    for (const frame of ['1\na', '2\nb']) author.send(frame);
    await until(() => author.frames.length === 2);

    expect(author.frames).toEqual(['=1\nmapped: said: a', '+2\n']);
  });

  const stubborn = (
    message: string,
    connection: Answering,
    hub: Hub<string>,
  ): string | undefined => {
    publishes(message, connection, hub);
    if (message === 'twice') publishes('again', connection, hub);
    if (message === 'fail') throw new Error('secret');
    return message === 'reply' ? 'a reply' : undefined;
  };

  it('is the first of two; what the handler says after it is a push', async () => {
    const { marked } = await served(stubborn);
    const author = await marked();
    for (const frame of ['1\ntwice', '2\nreply', '3\nfail', '4\nlast']) author.send(frame);
    await until(() => author.frames.includes('=4\nsaid: last'));

    expect(author.frames.toSorted()).toEqual(
      ['=1\nsaid: twice', '\nsaid: again', '=2\nsaid: reply', '\na reply', '=3\nsaid: fail']
        .concat('=4\nsaid: last')
        .toSorted(),
    );
  });

  it('comes as a push when the handler has replied, or failed, before it', async () => {
    const backplane = wireBackplane();
    const { marked } = await served(stubborn, true, backplane);
    const author = await marked();
    for (const frame of ['2\nreply', '3\nfail']) author.send(frame);
    await until(() => author.frames.length === 2);
    expect(author.frames).toEqual(['=2\na reply', '-3;handler\n']);
    backplane.echo();
    await until(() => author.frames.length === 4);

    expect(author.frames.slice(2)).toEqual(['\nsaid: reply', '\nsaid: fail']);
  });

  it('answers nothing that was answered already', async () => {
    let author: Answering | undefined;
    const { marked, hub } = await served((message, connection) => {
      author = connection;
      return message;
    });
    const client = await marked();
    client.send('1\na');
    await until(() => client.frames.length === 1);
    hub.publish('room', 'later', { answers: author });
    await until(() => client.frames.length === 2);

    expect(client.frames).toEqual(['=1\na', '\nlater']);
  });
});
