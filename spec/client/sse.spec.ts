import { describe, expect, it } from 'vitest';
import { ask, sse } from '../../lib/client.ts';
import { type Connection } from '../../lib/core/exchange.ts';
import { omniHttp } from '../../lib/http/route.ts';
import { omniSse } from '../../lib/sse/route.ts';
import { serveAttached, type Served } from '../support/attached.ts';
import { gate } from '../support/gate.ts';
import { type Linked, linkTo, words } from '../support/linked.ts';
import { until } from '../support/until.ts';

const connections = new Set<Connection<string>>();
const handled: string[] = [];

async function serve(refuse?: number): Promise<Served> {
  connections.clear();
  handled.length = 0;
  const context = (): undefined => {
    if (refuse !== undefined) throw Object.assign(new Error('no'), { status: refuse });
    return undefined;
  };
  return serveAttached((app) => {
    app.get(
      '/omni-sse',
      omniSse({
        codec: words,
        context,
        onOpen: (connection: Connection<string>) => {
          connections.add(connection);
        },
      }),
    );
    app.post(
      '/omni-http',
      omniHttp({
        codec: words,
        limit: 100_000,
        onError: () => undefined,
        handler: (message: string) => {
          handled.push(message);
          if (message === 'fail') throw new Error('secret');
          return message === 'quiet' ? undefined : `re: ${message}`;
        },
      }),
    );
  });
}

const over = (port: number): Linked =>
  linkTo(`http://127.0.0.1:${port}/omni-sse`, { transport: sse({ post: '/omni-http' }) });

describe('a link over server-sent events', () => {
  it('hears what the server says, and has its own messages confirmed by the answers', async () => {
    const { port } = await serve();
    const { link, messages, failed } = over(port);
    expect(await ask(link, 'a')).toBe('re: a');
    expect(await ask(link, 'quiet')).toBeUndefined();
    link.send('fail');
    for (const text of ['plain', 'two\nlines', 'a\rreturn', '', 'ü']) {
      for (const connection of connections) connection.send(text);
    }
    await until(() => messages.length === 5 && failed.length === 1);

    expect(messages).toEqual(['plain', 'two\nlines', 'a\rreturn', '', 'ü']);
    expect(failed).toEqual([['fail', 'handler']]);
    expect(link.getSnapshot()).toMatchObject({ state: 'open', transport: 'sse' });
  });

  it('sends what the route of its messages takes', async () => {
    const { port } = await serve();
    const { link } = over(port);
    const large = 'x'.repeat(100_000);

    expect(await ask(link, large)).toBe(`re: ${large}`);
    await expect(ask(link, `${large}x`)).rejects.toMatchObject({ code: 'too-large' });
  });

  it('comes back when it is cut', async () => {
    const { port } = await serve();
    const door = await gate('127.0.0.1', port);
    const { link, opened } = over(door.port);
    await ask(link, 'a');
    door.cut();
    await until(() => opened.length === 2);

    expect(await ask(link, 'b')).toBe('re: b');
    expect(handled).toEqual(['a', 'b']);
  });

  it('does what a close code says', async () => {
    const { port } = await serve();
    const { link, dropped } = over(port);
    await ask(link, 'a');
    for (const connection of connections) connection.close(4403);
    await until(() => link.getSnapshot().state === 'closed');
    link.send('late');

    expect(link.getSnapshot()).toMatchObject({ reason: 'forbidden', code: 4403 });
    expect(dropped).toEqual([[['late'], 'forbidden']]);
  });

  it('is final when it is refused with 403', async () => {
    const { port } = await serve(403);
    const { link } = over(port);
    await until(() => link.getSnapshot().state === 'closed');

    expect(link.getSnapshot()).toMatchObject({ reason: 'forbidden', code: 403 });
  });
});
