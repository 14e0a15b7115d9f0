import { once } from 'node:events';
import { type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { visit } from '../support/lustre-page.ts';
import { connect } from '../support/socket-client.ts';

// A server of its own: that of another spec is closed already.
vi.resetModules();
const { close, server } = await import('../../examples/02-chat/server.ts');

let url: string;
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => close({ timeout: 0 }));

describe('examples/02-chat: /sessions-count', () => {
  it('tells a page how many are online, as it changes, and counts nobody who only looks', async () => {
    const pages = [await visit(`${url}/sessions-count`), await visit(`${url}/sessions-count`)];
    const showing = (count: number): Promise<unknown> =>
      Promise.all(
        pages.map(({ client, until }) =>
          until(() => client.shown === `<p>Online users: ${count}</p>`),
        ),
      );

    await showing(0);
    const ada = await connect(`${url}/omni-app-ws`);
    await showing(1);
    const alan = await connect(`${url}/omni-app-ws`);
    await showing(2);
    ada.socket.close();
    await showing(1);
    alan.socket.terminate();
    await showing(0);

    expect(pages.map(({ client }) => client.mounted?.open_shadow_root)).toEqual([true, true]);
  });

  it('is not for pages of other sites', async () => {
    const foreign = visit(`${url}/sessions-count`, { socket: { origin: 'https://evil.example' } });

    await expect(foreign).rejects.toThrow('403');
  });
});
