import { type Codec, type OmniError } from 'express-omnimessage';
import { describe, expect, it } from 'vitest';
import { type Said, type Says, textCodec } from './support/codecs.ts';
import { transports } from './support/transports.ts';

const boom = new Error('boom');
const throwing = (): never => {
  throw boom;
};
const rejecting = (): Promise<never> => Promise.reject(boom);
const hello = '{"text":"hello"}';

/** Everything that can go wrong with one message, and the code that goes with it. */
const failures: readonly [
  name: string,
  code: string,
  served: { codec: Codec<Said, Says>; handler: () => Says | Promise<Says> },
][] = [
  [
    'a message that cannot be decoded',
    'decode',
    { codec: { ...textCodec, decode: throwing }, handler: () => ({ said: 'no' }) },
  ],
  ['a handler that throws', 'handler', { codec: textCodec, handler: throwing }],
  ['a handler that rejects', 'handler', { codec: textCodec, handler: rejecting }],
  [
    'a reply that cannot be encoded',
    'encode',
    {
      codec: {
        ...textCodec,
        encode: (message) => {
          if ('said' in message && message.said === 'no') throw boom;
          return textCodec.encode(message);
        },
      },
      handler: () => ({ said: 'no' }),
    },
  ],
];

describe.each(transports)('over %s', (_, start) => {
  it('a message is answered', async () => {
    const client = await start({
      codec: textCodec,
      handler: ({ text }): Says => ({ said: text.toUpperCase() }),
    });

    expect(await client.ask(hello)).toEqual(['{"said":"HELLO"}']);
  });

  it('a message is answered by a handler that takes its time', async () => {
    const client = await start({
      codec: textCodec,
      handler: async ({ text }): Promise<Says> => {
        await new Promise((resolve) => setImmediate(resolve));
        return { said: text };
      },
    });

    expect(await client.ask(hello)).toEqual(['{"said":"hello"}']);
  });

  it('nothing is sent when there is no reply', async () => {
    const client = await start<Said, Says, undefined>({
      codec: textCodec,
      handler: () => undefined,
    });

    expect(await client.ask(hello)).toEqual([]);
  });

  it('nothing is sent when the codec skips the reply', async () => {
    const client = await start({ codec: textCodec, handler: (): Says => ({ private: true }) });

    expect(await client.ask(hello)).toEqual([]);
  });

  it.each([
    ['at once', () => ({ user: 'lucy' })],
    ['in its time', async () => Promise.resolve({ user: 'lucy' })],
  ])('the handler is given the context that was known %s', async (_name, context) => {
    const client = await start({
      codec: textCodec,
      context,
      handler: (_message, exchange): Says => ({ said: exchange.context.user }),
    });

    expect(await client.ask(hello)).toEqual(['{"said":"lucy"}']);
  });

  it.each(failures)('%s gets no reply, and onError is told', async (_name, code, served) => {
    const told: OmniError[] = [];
    const client = await start<Said, Says, undefined>({
      ...served,
      onError: (error) => {
        told.push(error);
      },
    });

    expect(await client.ask(hello)).toEqual([]);
    expect(told.map((error) => error.code)).toEqual([code]);
    expect(told[0]?.cause).toBe(boom);
  });

  it.each(failures)('%s gets the reply that onError gives', async (_name, code, served) => {
    const client = await start<Said, Says, undefined>({
      ...served,
      onError: (error) => ({ said: error.code }),
    });

    expect(await client.ask(hello)).toEqual([`{"said":"${code}"}`]);
  });

  it.each(failures)('%s harms nothing when nobody is told', async (_name, _code, served) => {
    const client = await start<Said, Says, undefined>(served);

    expect(await client.ask(hello)).toEqual([]);
    expect(await client.ask(hello)).toEqual([]);
  });

  it.each(failures)('%s harms nothing when onError throws', async (_name, _code, served) => {
    const client = await start<Said, Says, undefined>({ ...served, onError: throwing });

    expect(await client.ask(hello)).toEqual([]);
    expect(await client.ask(hello)).toEqual([]);
  });

  it.each(failures)('%s harms nothing when onError rejects', async (_name, _code, served) => {
    const client = await start<Said, Says, undefined>({ ...served, onError: rejecting });

    expect(await client.ask(hello)).toEqual([]);
    expect(await client.ask(hello)).toEqual([]);
  });

  it('a message of the limit is answered, one byte more is not', async () => {
    const limit = 32;
    const message = (size: number): string => `{"text":"${'x'.repeat(size - 11)}"}`;
    const served = { codec: textCodec, limit, handler: (): Says => ({ said: 'yes' }) };

    expect(await (await start(served)).ask(message(limit))).toEqual(['{"said":"yes"}']);
    expect(await (await start(served)).ask(message(limit + 1))).toEqual([]);
  });

  it('a limit counts bytes, not characters', async () => {
    const served = { codec: textCodec, limit: 32, handler: (): Says => ({ said: 'yes' }) };

    expect(await (await start(served)).ask(`{"text":"${'€'.repeat(7)}"}`)).toEqual([
      '{"said":"yes"}',
    ]);
    expect(await (await start(served)).ask(`{"text":"${'€'.repeat(8)}"}`)).toEqual([]);
  });

  it('a handler that takes too long has its signal aborted, and onError may answer', async () => {
    let aborted = false;
    const client = await start<Said, Says, undefined>({
      codec: textCodec,
      handlerTimeout: 30,
      handler: (_message, { signal }) =>
        new Promise(() => {
          signal.addEventListener('abort', () => {
            aborted = true;
          });
        }),
      onError: ({ code }) => ({ said: code }),
    });

    expect(await client.ask(hello)).toEqual(['{"said":"handler-timeout"}']);
    expect(aborted).toBe(true);
  });
});
