import { once } from 'node:events';
import { type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { close, server } from '../../examples/06-server-component/server.ts';
import { LustreClient } from '../support/lustre-client.ts';
import { type LustrePage, visit } from '../support/lustre-page.ts';

let url: string;
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => close({ timeout: 0 }));

/** The cookie and the token of a browser that has loaded the page. */
async function load(path = '/'): Promise<{ html: string; cookie: string; token: string }> {
  const response = await fetch(`${url}${path}`);
  const cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? '';
  return { html: await response.text(), cookie, token: cookie.replace('csrf=', '') };
}

async function open(
  route: string,
  attributes: Readonly<Record<string, string>> = {},
): Promise<LustrePage> {
  const { cookie, token } = await load();
  return visit(`${url}${route}?csrf-token=${token}`, {
    attributes,
    socket: { headers: { cookie } },
  });
}

/** The rows of the table, each as name and count. */
const rows = ({ client }: LustrePage): string[] =>
  client.mounted === undefined
    ? []
    : [...client.shadowRoot.querySelectorAll('tbody tr')].map((row) =>
        [...row.children]
          .slice(0, 2)
          .map(({ textContent }) => textContent)
          .join(': '),
      );

describe('examples/06-server-component', () => {
  it('says how to get the runtime when it was not told where that is', async () => {
    const [page, watch, runtime] = await Promise.all([
      load(),
      load('/watch'),
      fetch(`${url}/lustre-server-component.mjs`),
    ]);

    expect(page.html).toContain('LUSTRE_RUNTIME=/path/to/lustre-server-component.mjs');
    expect(watch.html).toBe(page.html);
    expect(runtime.status).toBe(404);
  });

  it('counts in steps that the page sets, and tells the page', async () => {
    const page = await open('/visitor', { step: '5' });
    const counted = (count: number): boolean =>
      page.client.mounted !== undefined && page.client.find('output').textContent === `${count}`;

    const steps = (step: number): boolean =>
      page.client.shown.includes(`aria-label="${step} more"`);

    await page.until(() => steps(5));
    page.client.click('button[aria-label="5 more"]');
    await page.until(() => counted(5) && page.client.emitted.length === 1);
    page.client.setAttribute('step', '10');
    await page.until(() => steps(10));
    page.client.click('button[aria-label="10 less"]');
    await page.until(() => counted(-5) && page.client.emitted.length === 2);
    // Each is answered, and changes nothing.
    for (const nonsense of ['0', '-1', '1.5', '1e9', 'x', null]) {
      page.client.setAttribute('step', nonsense);
      await expect(page.next()).resolves.toBe('{"kind":1,"patch":{}}');
    }

    expect(page.client.emitted).toEqual([
      { name: 'counted', data: 5 },
      { name: 'counted', data: -5 },
    ]);
    expect(page.client.find('button:last-child').getAttribute('aria-label')).toBe('10 more');
  });

  it('shows everybody who is here, by the name they have, until they have gone', async () => {
    const table = await open('/everyone');
    const [ada, alan] = [await open('/visitor'), await open('/visitor')];
    await Promise.all([ada.next(), alan.next()]);
    await table.until(() => rows(table).length === 2);

    ada.client.type('input', '<b>Ada</b>');
    await table.until(() => rows(table)[0] === '<b>Ada</b>: 0');
    alan.client.type('input', 'A name of more than 24 letters');
    await alan.until(() => (alan.client.find('input') as unknown as HTMLInput).value.length === 24);
    alan.client.click('button:last-child');
    await table.until(() => rows(table)[1] === 'A name of more than 24 l: 1');
    ada.socket.socket.terminate();
    await table.until(() => rows(table).length === 1);

    expect(table.client.find('caption').textContent).toBe('1 is here');
    expect(table.client.shadowRoot.querySelector('b')).toBeNull();
  });

  it('refuses who does not have the token of its page, and for good', async () => {
    const { cookie, token } = await load();
    const other = await load();
    const attempts = [
      ['null', cookie],
      [other.token, cookie],
      [token, ''],
      [`${token}x`, cookie],
    ] as const;
    for (const [given, header] of attempts) {
      const page = await visit(`${url}/visitor?csrf-token=${given}`, {
        socket: { headers: { cookie: header } },
      });

      // Not 4403: Lustre's runtime would come back for ever.
      await expect(page.socket.closed).resolves.toMatchObject({ code: 1000 });
    }
  });

  it('pushes the table by server-sent events too', async () => {
    const { cookie, token } = await load();
    const leaving = new AbortController();
    onTestFinished(() => {
      leaving.abort();
    });
    const response = await fetch(`${url}/everyone/sse?csrf-token=${token}`, {
      headers: { cookie, accept: 'text/event-stream' },
      signal: leaving.signal,
    });
    const client = new LustreClient({ send: () => {} });
    onTestFinished(() => {
      client.remove();
    });
    client.open();
    const frames = framesOf(response);
    const until = async (count: number): Promise<void> => {
      while (client.shown === '' || client.find('tbody').children.length !== count) {
        client.receive((await frames.next()).value ?? '');
      }
    };

    await until(0);
    const visitor = await open('/visitor');
    await until(1);
    visitor.socket.socket.terminate();
    await until(0);

    const stranger = await fetch(`${url}/everyone/sse?csrf-token=null`);
    expect(stranger.status).toBe(403);
  });
});

/** The data of the events of a stream. */
async function* framesOf({ body }: Response): AsyncGenerator<string, undefined> {
  let text = '';
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    text += Buffer.from(chunk).toString();
    for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
      const data = /^data: ?(.*)$/m.exec(text.slice(0, end))?.[1];
      text = text.slice(end + 2);
      if (data !== undefined) yield data;
    }
  }
  return undefined;
}

interface HTMLInput {
  readonly value: string;
}
