import { once } from 'node:events';
import { type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { server } from '../../examples/04-session/server.ts';
import { store } from '../../examples/04-session/sessions.ts';
import { RawClient } from '../support/raw-client.ts';
import { connect } from '../support/socket-client.ts';

let port: number;
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** Posts a form, with the cookie, and follows nothing. */
async function post(path: string, form: Record<string, string>, cookie = ''): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}${path}`, {
    method: 'POST',
    body: new URLSearchParams(form),
    headers: { cookie },
    redirect: 'manual',
  });
}

/** Logs in and gives the cookie. */
async function logIn(name: string, password: string): Promise<string> {
  const response = await post('/login', { name, password });
  return response.headers.getSetCookie()[0]?.split(';')[0] ?? '';
}

describe('examples/04-session', () => {
  it('refuses a socket before the upgrade when there is no session', async () => {
    const stranger = new RawClient({ port, path: '/room' });
    const forger = new RawClient({ port, path: '/room', headers: { cookie: 'session=s%3Ax.y' } });

    await expect(stranger.answer()).resolves.toMatchObject({ status: 401 });
    await expect(forger.answer()).resolves.toMatchObject({ status: 401 });
  });

  it('refuses a wrong password and an unknown name', async () => {
    const answers = await Promise.all([
      post('/login', { name: 'ada', password: 'turing' }),
      post('/login', { name: 'eve', password: 'lovelace' }),
      post('/login', { name: 'ada' }),
    ]);

    expect(answers.map(({ headers }) => headers.get('location'))).toEqual([
      '/login?failed',
      '/login?failed',
      '/login?failed',
    ]);
    expect(answers.flatMap(({ headers }) => headers.getSetCookie())).toEqual([]);
  });

  it('knows whose socket it is, and sends every visitor what was said', async () => {
    const url = `ws://127.0.0.1:${port}/room`;
    const ada = await connect(url, { headers: { cookie: await logIn('ada', 'lovelace') } });
    const alan = await connect(url, { headers: { cookie: await logIn('alan', 'turing') } });

    const welcomes = await Promise.all([ada.next(), alan.next()]);
    ada.send('{"type":"say","text":"Good morning"}');

    expect(welcomes).toEqual([
      '{"type":"welcome","name":"ada"}',
      '{"type":"welcome","name":"alan"}',
    ]);
    await expect(alan.next()).resolves.toBe('{"type":"said","by":"ada","text":"Good morning"}');
  });

  it('closes the sockets of all tabs with 4401 when their user logs out, and those of no other', async () => {
    const url = `ws://127.0.0.1:${port}/room`;
    const cookie = await logIn('ada', 'lovelace');
    const other = await connect(url, { headers: { cookie: await logIn('alan', 'turing') } });
    const tabs = [
      await connect(url, { headers: { cookie } }),
      await connect(url, { headers: { cookie } }),
    ];

    const response = await post('/logout', {}, cookie);

    expect(response.headers.get('location')).toBe('/login');
    await expect(Promise.all(tabs.map(({ closed }) => closed))).resolves.toEqual([
      { code: 4401, reason: 'unauthorized' },
      { code: 4401, reason: 'unauthorized' },
    ]);
    const late = new RawClient({ port, path: '/room', headers: { cookie } });
    await expect(late.answer()).resolves.toMatchObject({ status: 401 });
    await expect(other.settled()).resolves.toEqual(['{"type":"welcome","name":"alan"}']);
  });

  it('A27: closes the socket of a user who logs out after authorize and before onOpen', async () => {
    const cookie = await logIn('ada', 'lovelace');
    const get = store.get.bind(store);
    onTestFinished(() => {
      store.get = get;
    });
    // What authorize reads is there, and gone a moment later.
    store.get = (id, done) => {
      store.get = get;
      get(id, (error, found) => {
        done(error, found);
        store.destroy(id);
      });
    };

    const client = await connect(`ws://127.0.0.1:${port}/room`, { headers: { cookie } });

    await expect(client.closed).resolves.toEqual({ code: 4401, reason: 'unauthorized' });
  });
});
