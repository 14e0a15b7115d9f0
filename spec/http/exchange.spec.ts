import { type IncomingMessage } from 'node:http';
import { inspect } from 'node:util';
import { omniHttp, type OmniHttpOptions } from 'express-omnimessage';
import { describe, expect, it } from 'vitest';
import { HttpExchange } from '../../lib/http/exchange.ts';
import { httpSettings } from '../../lib/http/options.ts';
import { type Said, type Says, textCodec } from '../support/codecs.ts';
import { deferred } from '../support/deferred.ts';
import { serve } from '../support/serve.ts';
import { until } from '../support/until.ts';

type Options = Partial<OmniHttpOptions<Said, Says, string>>;

/** A server whose requests are exchanges, without a router; and what was given to `next`. */
async function exchanging(options: Options): Promise<{
  readonly url: string;
  readonly exchanges: HttpExchange<Said, Says, string, IncomingMessage>[];
  readonly passedOn: unknown[];
  /** Resolves when so many responses are over. */
  readonly over: (count: number) => Promise<void>;
}> {
  const settings = httpSettings(omniHttp.name, {
    codec: textCodec,
    handler: ({ text }: Said): Says => ({ said: text }),
    ...options,
  });
  const exchanges: HttpExchange<Said, Says, string, IncomingMessage>[] = [];
  const passedOn: unknown[] = [];
  let closed = 0;
  const url = await serve((request, response) => {
    response.once('close', () => (closed += 1));
    const next = (error: unknown): void => {
      passedOn.push(error);
      response.writeHead(500).end();
    };
    const exchange = new HttpExchange(settings, request, response, next);
    exchanges.push(exchange);
    exchange.receive();
  });
  return { url, exchanges, passedOn, over: (count) => until(() => closed === count) };
}

const post = (url: string, body = '{"text":"hello"}'): Promise<Response> =>
  fetch(url, { method: 'POST', body, headers: { authorization: 'secret' } });

describe('an exchange', () => {
  it('prints as its method and path, without headers, query and context', async () => {
    const { url, exchanges } = await exchanging({ context: () => 'secret' });
    await post(`${url}/path?token=secret`);
    const [exchange] = exchanges;

    expect(inspect(exchange)).toBe('HttpExchange POST /path');
    expect(JSON.stringify(exchange)).not.toContain('secret');
    expect(exchange?.context).toBe('secret');
  });

  it('has one signal, which aborts when its client leaves', async () => {
    const signals: AbortSignal[] = [];
    const { url } = await exchanging({
      handler: (_message, exchange) => {
        signals.push(exchange.signal, exchange.signal);
        return new Promise<never>(() => {});
      },
    });
    const abort = new AbortController();
    const leaving = fetch(url, { method: 'POST', body: '{"text":"a"}', signal: abort.signal });
    await until(() => signals.length === 2);

    expect(signals[0]).toBe(signals[1]);
    expect(signals[0]?.aborted).toBe(false);
    abort.abort();
    await expect(leaving).rejects.toThrow();
    await until(() => signals[0]?.aborted === true);
  });

  it('has a signal that does not abort where the client got its answer', async () => {
    let signal: AbortSignal | undefined;
    const { url, over } = await exchanging({
      handler: ({ text }, exchange) => {
        signal = exchange.signal;
        return { said: text };
      },
    });
    await (await post(url)).text();
    await over(1);

    expect(signal?.aborted).toBe(false);
  });

  it('has an aborted signal for who asks after the answer', async () => {
    const { url, exchanges } = await exchanging({});
    await (await post(url)).text();

    expect(exchanges[0]?.signal.aborted).toBe(true);
  });

  it('asks for the context once the body is there, and before anything is decoded', async () => {
    const order: string[] = [];
    const { url } = await exchanging({
      context: async (request) => {
        order.push(`context, complete: ${request.complete}`);
        await Promise.resolve();
        return 'ada';
      },
      codec: {
        ...textCodec,
        decode: (encoded) => {
          order.push('decode');
          return textCodec.decode(encoded);
        },
      },
      handler: (_message, { context }) => ({ said: context }),
    });

    expect(await (await post(url)).text()).toBe('{"said":"ada"}');
    expect(order).toEqual(['context, complete: true', 'decode']);
  });

  it('answers once: what a handler returns after its time changes nothing', async () => {
    const reply = deferred<Says>();
    const codes: string[] = [];
    const { url, passedOn } = await exchanging({
      handlerTimeout: 20,
      handler: () => reply.promise,
      onError: (error) => {
        codes.push(error.code);
        return undefined;
      },
    });
    const answer = await post(url);
    reply.resolve({ said: 'late' });

    expect(await answer.text()).not.toContain('late');
    expect(codes).toEqual(['handler-timeout']);
    expect(passedOn).toEqual([]);
  });

  it('gives a failure that nobody answers to the error handlers of the application', async () => {
    const { url, passedOn } = await exchanging({
      handler: () => {
        throw new Error('boom');
      },
    });

    expect((await post(url)).status).toBe(500);
    expect(passedOn).toMatchObject([{ code: 'handler', cause: { message: 'boom' } }]);
  });
});
