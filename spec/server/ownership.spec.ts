import { createServer, type IncomingMessage } from 'node:http';
import { type Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type OwnershipOptions, shareUpgrades } from '../../lib/server/ownership.ts';
import { RawHttp } from '../drills/raw-http.ts';
import { RawClient } from '../support/raw-client.ts';
import { serve } from '../support/serve.ts';

interface Given extends Partial<OwnershipOptions> {
  /** What another listener does with an upgrade; absent where there is none. */
  readonly other?: (stream: Duplex) => void;
  /** Whether it listened before us. */
  readonly isFirst?: boolean;
}

const answer =
  (body: string) =>
  (stream: Duplex): void => {
    stream.end(`HTTP/1.1 299 ${body}\r\ncontent-length: ${body.length}\r\n\r\n${body}`);
  };

/** A server of which each listener says who took an upgrade. */
async function sharing({ other, isFirst = false, ...options }: Given): Promise<{
  ask: (headers?: Record<string, string>) => Promise<string>;
  causes: unknown[];
}> {
  const causes: unknown[] = [];
  const server = createServer((_request, response) => response.end('HTTP'));
  const addOther = (): void => {
    if (other !== undefined) server.on('upgrade', (_request, stream: Duplex) => other(stream));
  };
  if (isFirst) addOther();
  shareUpgrades(server, {
    owns: undefined,
    hasRoute: () => false,
    isEnding: () => false,
    openTimeout: 50,
    take: (_request, stream) => answer('ours')(stream),
    report: (cause) => void causes.push(cause),
    ...options,
  });
  if (!isFirst) addOther();
  const url = await serve(server);
  return {
    causes,
    ask: async (headers = {}) => {
      const client = new RawClient({ port: Number(new URL(url).port), headers });
      const { status, body } = await client.answer();
      return status === 200 || status === 299 ? body : String(status);
    },
  };
}

const theirs = answer('theirs');

describe.each([
  ['before us', true],
  ['after us', false],
])('an upgrade, where another listener came %s', (_when, isFirst) => {
  it.each<[string, Given, string]>([
    ['with a route of ours is ours', { hasRoute: () => true }, 'ours'],
    ['without one is theirs', {}, 'theirs'],
    ['that owns claims is ours', { owns: () => true }, 'ours'],
    ['that owns leaves is theirs', { owns: () => false, hasRoute: () => true }, 'theirs'],
    ['of which owns does not know goes by the route', { owns: () => undefined }, 'theirs'],
    ['that is theirs is refused while we shut down', { isEnding: () => true }, '503'],
  ])('%s', async (_name, given, expected) => {
    const { ask } = await sharing({ other: theirs, isFirst, ...given });

    expect(await ask()).toBe(expected);
  });

  it('to another protocol is theirs, but h2c is a request', async () => {
    const { ask } = await sharing({ other: theirs, isFirst, hasRoute: () => true });

    expect(await ask({ upgrade: 'mqtt' })).toBe('theirs');
    expect(await ask({ upgrade: 'H2C' })).toBe('HTTP');
  });

  it('that no listener takes is answered with 404 after openTimeout', async () => {
    const { ask } = await sharing({ other: () => {}, isFirst });

    expect(await ask()).toBe('404');
  });

  it('that they take slowly is left to them', async () => {
    const { ask } = await sharing({
      isFirst,
      openTimeout: 20,
      other: (stream) => {
        stream.on('data', () => {});
        setTimeout(theirs, 60, stream);
      },
    });

    expect(await ask()).toBe('theirs');
  });
});

describe('an upgrade, without other listeners', () => {
  it.each<[string, Given, string]>([
    ['is ours, with a route or without', {}, 'ours'],
    ['that owns leaves is answered with 404', { owns: () => false }, '404'],
    ['that owns leaves while we shut down', { owns: () => false, isEnding: () => true }, '503'],
  ])('%s', async (_name, given, expected) => {
    expect(await (await sharing(given)).ask()).toBe(expected);
  });

  it('to another protocol is a request', async () => {
    expect(await (await sharing({})).ask({ upgrade: 'mqtt' })).toBe('HTTP');
  });

  it('to HTTP/2 is a request with its body, in this packet and in the next', async () => {
    const server = createServer((request, response) => {
      void text(request).then((body) => response.end(body));
    });
    shareUpgrades(server, {
      owns: undefined,
      hasRoute: () => true,
      isEnding: () => false,
      openTimeout: 50,
      take: (_request, stream) => void stream.destroy(),
      report: () => {},
    });
    const client = new RawHttp(await serve(server));
    onTestFinished(() => void client.socket.destroy());

    client.write(
      'POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n' +
        'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\nfirst',
    );
    client.write('later');

    expect(await client.answer()).toMatchObject({ status: 200, body: 'firstlater' });
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new TypeError('mine');
      },
    ],
    ['says neither', () => 'yes'],
    ['is asynchronous', async () => Promise.reject(new Error('late'))],
  ])('is answered with 500 where owns %s, and reported', async (_name, owns) => {
    const { ask, causes } = await sharing({ owns: owns as (request: IncomingMessage) => boolean });

    expect(await ask()).toBe('500');
    expect(causes).toEqual([expect.any(TypeError)]);
  });
});
