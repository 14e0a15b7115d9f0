import { once } from 'node:events';
import { type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { close, server } from '../../examples/08-react/server.ts';
import { connect } from '../support/socket-client.ts';

let url: string;
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => close({ timeout: 0 }));

describe('examples/08-react', () => {
  it('serves its page and its script', async () => {
    expect(await (await fetch(url)).text()).toContain('<div id="root">');
    const script = await fetch(`${url}/main.js`);
    expect(script.headers.get('content-type')).toContain('javascript');
    expect((await script.text()).length).toBeGreaterThan(10_000);
  });

  it('sends the list at the start, answers with it, and publishes it to the others', async () => {
    const tea = { id: 'tea', text: 'Tea', done: false };
    const one = await connect(`${url}/list`);
    const other = await connect(`${url}/list`);
    expect(JSON.parse(String(await one.next()))).toEqual({ type: 'list', items: [tea] });
    expect(await other.next()).toBe(JSON.stringify({ type: 'list', items: [tea] }));

    one.send(JSON.stringify({ type: 'add', id: 'b', text: 'Bread' }));
    const after = { type: 'list', items: [tea, { id: 'b', text: 'Bread', done: false }] };
    expect(JSON.parse(String(await one.next()))).toEqual(after);
    expect(JSON.parse(String(await other.next()))).toEqual(after);

    // What comes twice changes nothing.
    other.send(JSON.stringify({ type: 'add', id: 'b', text: 'Butter' }));
    expect(JSON.parse(String(await other.next()))).toEqual(after);
    other.send(JSON.stringify({ type: 'tick', id: 'b', done: true }));
    expect(String(await other.next())).toContain('"done":true');
  });
});
