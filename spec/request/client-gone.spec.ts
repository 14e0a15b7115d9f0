import { once } from 'node:events';
import { type IncomingMessage, type ServerResponse } from 'node:http';
import {
  type ClientHttp2Stream,
  connect as connect2,
  createServer as createServer2,
} from 'node:http2';
import { type AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { RawHttp } from '../drills/raw-http.ts';
import {
  cutOff,
  endAtShutdown,
  endForShutdown,
  isGone,
  isOver,
  whenGone,
} from '../../lib/request/client-gone.ts';
import { serve } from '../support/serve.ts';
import { until } from '../support/until.ts';

const GET = 'GET / HTTP/1.1\r\nhost: omni.example\r\n\r\n';

/** A server that answers nothing, and what has arrived at it. */
async function serveSilent(): Promise<{ url: string; responses: ServerResponse[] }> {
  const responses: ServerResponse[] = [];
  const url = await serve((_request: IncomingMessage, response: ServerResponse) => {
    responses.push(response);
  });
  return { url, responses };
}

function dial(url: string): RawHttp {
  const client = new RawHttp(url);
  onTestFinished(() => {
    client.socket.destroy();
  });
  return client;
}

describe('the end of a client', () => {
  it('reaches every pipelined response, also those that never had the socket, once', async () => {
    const { url, responses } = await serveSilent();
    const client = dial(url);
    client.write(GET.repeat(500));
    await until(() => responses.length === 500);
    const gone: ServerResponse[] = [];
    for (const response of responses) whenGone(response, (one) => gone.push(one));
    expect(responses.map((response) => isGone(response))).not.toContain(true);

    client.socket.destroy();
    await until(() => gone.length === 500);

    expect(new Set(gone)).toEqual(new Set(responses));
    expect(responses.map((response) => isGone(response))).not.toContain(false);
    // Two on the socket of Node's own and one of ours, however many responses wait.
    expect(responses[0]?.req.socket.listenerCount('close')).toBeLessThan(5);
  });

  it('is known where the client was gone before anybody asked, and calls back at once', async () => {
    const { url, responses } = await serveSilent();
    const client = dial(url);
    client.write(GET.repeat(3));
    await until(() => responses.length === 3);
    const [first] = responses as [ServerResponse];
    client.socket.destroy();
    await until(() => first.closed);

    const gone: number[] = [];
    for (const [index, response] of responses.entries()) {
      expect(isGone(response)).toBe(true);
      expect(isOver(response)).toBe(true);
      whenGone(response, () => gone.push(index));
    }

    expect(gone).toEqual([0, 1, 2]);
  });

  it('comes once, when the response was sent to its end, and leaves nothing on the socket', async () => {
    const { url, responses } = await serveSilent();
    const client = dial(url);
    client.write(GET);
    await until(() => responses.length === 1);
    const [response] = responses as [ServerResponse];
    let calls = 0;
    whenGone(response, () => {
      calls += 1;
    });
    expect(isOver(response)).toBe(false);

    response.end('all');
    expect(isOver(response)).toBe(true);
    expect(isGone(response)).toBe(false);
    await client.answer();
    await until(() => isGone(response));
    expect(calls).toBe(1);

    client.socket.destroy();
    await until(() => response.req.socket.destroyed);
    expect(calls).toBe(1);
  });

  it('is made for a response that waits behind others', async () => {
    const { url, responses } = await serveSilent();
    const client = dial(url);
    client.write(GET.repeat(2));
    await until(() => responses.length === 2);

    cutOff(responses[1] as ServerResponse);

    await client.ended;
    expect(responses.map((response) => isGone(response))).toEqual([true, true]);
  });

  it('is followed over HTTP/2 too', async () => {
    const gone: string[] = [];
    const server = createServer2((request, response) => {
      const compatible = response as unknown as ServerResponse;
      const name = request.url;
      whenGone(compatible, () => gone.push(`${name} ${isGone(compatible)}`));
      if (name === '/cut') cutOff(compatible);
      if (name === '/answered') response.end('all');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const session = connect2(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    session.on('error', () => {});
    onTestFinished(() => {
      session.destroy();
      server.close();
    });
    const requests = ['/answered', '/left', '/cut'].map((path) => {
      const request = session.request({ ':path': path });
      request.on('error', () => {});
      request.resume();
      return request;
    });
    const [answered, left] = requests as [ClientHttp2Stream, ClientHttp2Stream];
    await once(answered, 'end');
    left.close(8);

    await until(() => gone.length === 3);

    expect(gone.sort()).toEqual(['/answered true', '/cut true', '/left true']);
  });
});

describe('a response that would go on for ever', () => {
  it('is ended once when its server shuts down', async () => {
    const { url, responses } = await serveSilent();
    dial(url).write(GET.repeat(2));
    await until(() => responses.length === 2);
    const [endless, other] = responses as [ServerResponse, ServerResponse];
    let ends = 0;
    endAtShutdown(endless, () => {
      ends += 1;
    });

    for (const response of [endless, other, endless]) endForShutdown(response);

    expect(ends).toBe(1);
  });
});
