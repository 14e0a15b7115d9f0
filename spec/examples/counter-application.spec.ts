import { once } from 'node:events';
import { type AddressInfo } from 'node:net';
import { effect } from 'express-omnimessage';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { close, counter, server } from '../../examples/03-counter-application.ts';
import { withFakeClock } from '../support/clock.ts';
import { connect } from '../support/socket-client.ts';

afterAll(() => close({ timeout: 0 }));

describe('examples/03-counter-application', () => {
  it('speaks first, adds what the client sends, and ticks by itself', async () => {
    withFakeClock();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const client = await connect(`ws://127.0.0.1:${port}/omni-app-ws`);

    const first = await client.next();
    client.send('{"type":"add","amount":10}');
    const added = await client.next();
    vi.advanceTimersByTime(2_000);
    const ticked = [await client.next(), await client.next()];

    expect(first).toBe('{"type":"counted","count":0}');
    expect(added).toBe('{"type":"counted","count":10}');
    expect(ticked).toEqual(['{"type":"counted","count":11}', '{"type":"counted","count":12}']);
  });

  it('is told nothing by the client but what to add', () => {
    expect(() => counter.codec.decode('{"type":"ticked"}')).toThrow('at type: expected "add"');
    expect(() => counter.codec.decode('{"type":"counted","count":5}')).toThrow('expected "add"');
  });

  it('can be asked without a socket', () => {
    expect(counter.update(5, { type: 'counted', count: 5 })).toEqual([5, effect.none()]);
    expect(counter.update(5, { type: 'add', amount: 2 })[0]).toBe(7);
  });
});
