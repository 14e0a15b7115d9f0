import {
  type Codec,
  EncodeError,
  type OmniError,
  optional,
  structCodec,
  variants,
} from 'express-omnimessage';
import { type Infer, number, string } from 'superstruct';
import { describe, expect, it } from 'vitest';
import { type Said, type Says, textCodec } from './support/codecs.ts';
import { transports } from './support/transports.ts';

const boom = new Error('boom');
const throwing = (): never => {
  throw boom;
};
const rejecting = (): Promise<never> => Promise.reject(boom);
const hello = '{"text":"hello"}';

const Greeting = variants('type', { greeting: { text: string() }, missed: { count: number() } });
type Greeting = Infer<typeof Greeting>;
const greetings = structCodec({
  incoming: variants('type', { greet: { value: optional(number()) } }),
  outgoing: Greeting,
});

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

  // FAULTS B1: what the struct refuses was skipped in silence.
  it.each<[name: string, reply: unknown, place: string]>([
    ['with a misspelt field', { type: 'greeting', txt: 'x' }, 'at text: expected a string'],
    ['that is a plain string', 'hello', 'expected an object'],
    ['with a field too many', { type: 'greeting', text: 'a', id: 1 }, 'expected no further field'],
    ['without a known tag', { type: 'greting' }, 'at type: expected one of "greeting", "missed"'],
    [
      'with a number that JSON cannot hold',
      { type: 'missed', count: Infinity },
      'at count: expected a',
    ],
  ])(
    'a reply %s is an EncodeError that says where, and nothing is sent',
    async (_n, reply, place) => {
      const told: OmniError[] = [];
      const wrapped = {
        ...greetings,
        encode: (message: Greeting) => greetings.encode(message),
      };
      for (const codec of [greetings, wrapped]) {
        const client = await start({
          codec,
          handler: () => reply as Greeting,
          onError: (error) => void told.push(error),
        });

        expect(await client.ask('{"type":"greet"}')).toEqual([]);
      }

      expect(told).toHaveLength(2);
      for (const error of told) {
        expect(error).toBeInstanceOf(EncodeError);
        expect(error).toMatchObject({ code: 'encode', status: 500 });
        expect(error.message).toContain(place);
        expect(error.outgoing).toBe(reply);
      }
    },
  );

  it('a refused reply may be answered by onError', async () => {
    const client = await start({
      codec: greetings,
      handler: () => ({ type: 'nope' }) as never,
      onError: (error): Greeting | undefined =>
        error.code === 'encode' ? { type: 'missed', count: 1 } : undefined,
    });

    expect(await client.ask('{"type":"greet"}')).toEqual(['{"type":"missed","count":1}']);
  });

  // FAULTS B2.
  it('a number that JavaScript cannot hold is undecodable', async () => {
    const told: OmniError[] = [];
    const client = await start({
      codec: greetings,
      handler: ({ value }): Greeting => ({ type: 'missed', count: value ?? 0 }),
      onError: (error) => void told.push(error),
    });

    expect(await client.ask('{"type":"greet","value":1e308}')).toEqual([
      '{"type":"missed","count":1e+308}',
    ]);
    expect(await client.ask('{"type":"greet","value":1e400}')).toEqual([]);
    expect(told).toMatchObject([{ code: 'decode', message: 'expected finite numbers' }]);
  });

  // FAULTS A24.
  it('a byte order mark before a message is dropped', async () => {
    const client = await start({
      codec: textCodec,
      handler: ({ text }): Says => ({ said: text }),
    });

    expect(await client.ask('\uFEFF{"text":"\uFEFFü"}')).toEqual(['{"said":"\uFEFFü"}']);
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

  it.each(failures)('%s gets no reply, and onError is called', async (_name, code, served) => {
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

  it.each(failures)('%s harms nothing without onError', async (_name, _code, served) => {
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
