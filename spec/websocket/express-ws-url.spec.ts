import { describe, expect, it } from 'vitest';
import { type IncomingMessage } from 'node:http';
import { forgetRouting, restoreUrl } from '../../lib/websocket/express-ws-url.ts';

describe('restoreUrl', () => {
  it.each([
    ['/.websocket', '/'],
    ['/chat/.websocket', '/chat'],
    ['/chat/.websocket?as=ada', '/chat?as=ada'],
    ['/chat/.websocket?next=/.websocket', '/chat?next=/.websocket'],
    ['/chat', '/chat'],
    ['/chat?next=/.websocket', '/chat?next=/.websocket'],
    ['/.websockets', '/.websockets'],
  ])('makes of %s again %s', (routed, own) => {
    const request = { url: routed, originalUrl: routed } as unknown as IncomingMessage;

    restoreUrl(request);

    expect(request).toEqual({ url: own, originalUrl: own });
  });
});

describe('forgetRouting', () => {
  it('lets go of the router, and of the address that it remembers', () => {
    const next = (): void => {
      throw new Error('It goes on');
    };
    const request = { next, _parsedUrl: { path: '/.websocket' } } as unknown as IncomingMessage;

    forgetRouting(request);

    const { next: left, _parsedUrl } = request as unknown as Record<string, unknown>;
    expect(_parsedUrl).toBeUndefined();
    expect((left as () => unknown)()).toBeUndefined();
  });

  it('adds nothing to a request that no router has seen', () => {
    const request = {} as IncomingMessage;

    forgetRouting(request);

    expect(request).toEqual({});
  });
});
