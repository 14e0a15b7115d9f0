import {
  DecodeError,
  EncodeError,
  type Codec,
  type Exchange,
  HandlerError,
  type OmniError,
  pipe,
  type PipeOptions,
} from 'express-omnimessage';
import { describe, expect, it } from 'vitest';
import { type Said, type Says, textCodec } from '../support/codecs.ts';

type Options = PipeOptions<Said, Says>;
const upper: Options['handler'] = ({ text }) => ({ said: text.toUpperCase() });
const boom = new Error('boom');

/** What was thrown, or rejected. */
async function failureOf(run: () => unknown): Promise<unknown> {
  try {
    await run();
  } catch (error) {
    return error;
  }
  throw new Error('expected a failure');
}

/** Each way to fail, as a handler or a codec of that kind. */
const failures: readonly [
  name: string,
  options: Options,
  encoded: string,
  kind: new (...given: never) => OmniError,
][] = [
  ['a text that is no message', { codec: textCodec, handler: upper }, '{}', DecodeError],
  ['a text that is no JSON', { codec: textCodec, handler: upper }, '{', DecodeError],
  [
    'a handler that throws',
    {
      codec: textCodec,
      handler: () => {
        throw boom;
      },
    },
    '{"text":"a"}',
    HandlerError,
  ],
  [
    'a handler that rejects',
    { codec: textCodec, handler: () => Promise.reject(boom) },
    '{"text":"a"}',
    HandlerError,
  ],
  [
    'an encode that throws',
    {
      codec: {
        ...textCodec,
        encode: (message) => {
          if ('said' in message && message.said === 'A') throw boom;
          return textCodec.encode(message);
        },
      },
      handler: upper,
    },
    '{"text":"a"}',
    EncodeError,
  ],
];

describe('pipe', () => {
  it('decodes, handles and encodes', () => {
    expect(pipe('{"text":"a"}', { codec: textCodec, handler: upper })).toBe('{"said":"A"}');
  });

  it('stays synchronous as long as the handler does', () => {
    const reply = pipe('{"text":"a"}', { codec: textCodec, handler: upper });

    expect(reply).not.toBeInstanceOf(Promise);
  });

  it('gives a promise when the handler does', async () => {
    const reply = pipe('{"text":"a"}', {
      codec: textCodec,
      handler: async ({ text }) => Promise.resolve({ said: text }),
    });

    expect(reply).toBeInstanceOf(Promise);
    expect(await reply).toBe('{"said":"a"}');
  });

  it('gives undefined when there is no reply', () => {
    expect(pipe('{"text":"a"}', { codec: textCodec, handler: () => undefined })).toBeUndefined();
  });

  it('gives undefined when the codec skips the reply', () => {
    const reply = pipe('{"text":"a"}', {
      codec: textCodec,
      handler: () => ({ private: true as const }),
    });

    expect(reply).toBeUndefined();
  });

  it('gives the handler its exchange', () => {
    const exchange: Exchange<{ user: string }> = {
      request: {} as Exchange['request'],
      context: { user: 'lucy' },
      signal: new AbortController().signal,
    };

    const reply = pipe(
      '{"text":"a"}',
      { codec: textCodec, handler: (_, { context }) => ({ said: context.user }) },
      exchange,
    );

    expect(reply).toBe('{"said":"lucy"}');
  });

  it('gives a handler an undefined context and a signal that never aborts when called without an exchange', () => {
    const seen: unknown[] = [];

    void pipe<Said, Says>('{"text":"a"}', {
      codec: textCodec,
      handler: (_, { context, signal }) => {
        seen.push(context, signal.aborted);
      },
    });

    expect(seen).toEqual([undefined, false]);
  });

  it('says what to pass when a handler reads the request of an exchange that was not given', async () => {
    const error = await failureOf(() =>
      pipe('{"text":"a"}', {
        codec: textCodec,
        handler: (_, { request }) => ({ said: String(request.url) }),
      }),
    );

    expect((error as HandlerError).cause).toEqual(
      new TypeError('pipe was called without an exchange: give it { request, context, signal }'),
    );
  });

  it.each(failures)(
    'throws the failure of %s without onError',
    async (_, options, encoded, kind) => {
      expect(await failureOf(() => pipe(encoded, options))).toBeInstanceOf(kind);
    },
  );

  it.each(failures)(
    'tells onError of %s, and throws it unanswered',
    async (_, options, encoded, kind) => {
      const told: OmniError[] = [];
      const onError = (error: OmniError): undefined => {
        told.push(error);
      };

      const error = await failureOf(() => pipe(encoded, { ...options, onError }));

      expect(error).toBeInstanceOf(kind);
      expect(told).toEqual([error]);
    },
  );

  it.each(failures)('replies to %s with the message of onError', async (_, options, encoded) => {
    const onError = (error: OmniError): Says => ({ said: error.code });

    const reply = await pipe(encoded, { ...options, onError });

    expect(reply).toMatch(/^\{"said":"(?:decode|handler|encode)"\}$/);
  });

  it.each(failures)(
    'replies to %s what an asynchronous onError answers',
    async (_, options, encoded) => {
      const onError = async (error: OmniError): Promise<Says> =>
        Promise.resolve({ said: error.code });

      const reply = await pipe(encoded, { ...options, onError });

      expect(reply).toMatch(/^\{"said":"(?:decode|handler|encode)"\}$/);
    },
  );

  it.each(failures)(
    'throws what %s is when onError fails itself',
    async (_, options, encoded, kind) => {
      const throwing = (): never => {
        throw new Error('onError fails');
      };
      const rejecting = (): Promise<never> => Promise.reject(new Error('onError fails'));

      expect(
        await failureOf(() => pipe(encoded, { ...options, onError: throwing })),
      ).toBeInstanceOf(kind);
      expect(
        await failureOf(() => pipe(encoded, { ...options, onError: rejecting })),
      ).toBeInstanceOf(kind);
    },
  );

  it('counts an answer that the codec skips as an answer', async () => {
    const reply = await pipe('{}', {
      codec: textCodec,
      handler: upper,
      onError: () => ({ private: true as const }),
    });

    expect(reply).toBeUndefined();
  });

  it('calls onError also when its answer cannot be encoded, and throws that', async () => {
    const told: string[] = [];
    const codec: Codec<Said, Says> = {
      ...textCodec,
      encode: () => {
        throw boom;
      },
    };

    const error = await failureOf(() =>
      pipe('{}', {
        codec,
        handler: upper,
        onError: ({ code }) => {
          told.push(code);
          return { said: 'sorry' };
        },
      }),
    );

    expect(error).toBeInstanceOf(EncodeError);
    expect(told).toEqual(['decode', 'encode']);
  });

  it('keeps the cause and the messages of a failure', async () => {
    const [, , throwing, , unencodable] = failures;

    const handling = (await failureOf(() => pipe('{"text":"a"}', throwing![1]))) as HandlerError;
    const encoding = (await failureOf(() => pipe('{"text":"a"}', unencodable![1]))) as EncodeError;

    expect(handling).toMatchObject({ code: 'handler', status: 500, cause: boom });
    expect(handling.incoming).toEqual({ text: 'a' });
    expect(encoding).toMatchObject({ code: 'encode', status: 500, cause: boom });
    expect(encoding.incoming).toEqual({ text: 'a' });
    expect(encoding.outgoing).toEqual({ said: 'A' });
  });

  it('passes a DecodeError of the codec on as it is', async () => {
    const error = await failureOf(() => pipe('{}', { codec: textCodec, handler: upper }));

    expect(error).toMatchObject({
      code: 'decode',
      status: 422,
      message: 'at text: expected a text',
    });
    expect((error as DecodeError).path).toEqual(['text']);
    expect((error as DecodeError).cause).toBeUndefined();
  });

  it.each([
    ['null', null],
    ['a number', 1],
    ['an object', {}],
    ['bytes', new Uint8Array(1)],
  ])('takes %s for no text', async (_, encoded) => {
    const codec = { ...textCodec, encode: () => encoded as unknown as string };

    const error = await failureOf(() => pipe('{"text":"a"}', { codec, handler: upper }));

    expect(error).toBeInstanceOf(EncodeError);
  });

  it('takes a text for no bytes', async () => {
    const codec = { ...textCodec, binary: true };

    const error = await failureOf(() => pipe('{"text":"a"}', { codec, handler: upper }));

    expect((error as EncodeError).cause).toEqual(
      new TypeError('Expected encode to return a Uint8Array or undefined, got string'),
    );
  });
});

describe('OmniError', () => {
  it.each([
    [400, 400],
    [599, 599],
    [399, 500],
    [600, 500],
    [404.5, 500],
    ['404', 500],
  ])('takes the status %s of its cause as %s', (status, expected) => {
    const cause = Object.assign(new Error('cause'), { status });

    expect(new HandlerError({ cause }).status).toBe(expected);
  });

  it('takes the statusCode of its cause as well', () => {
    const cause = Object.assign(new Error('cause'), { statusCode: 409 });

    expect(new HandlerError({ cause }).status).toBe(409);
  });

  it('is named for its class, and prints none of the messages', () => {
    const error = new HandlerError({ incoming: { secret: 'hunter2' } });

    expect(error.name).toBe('HandlerError');
    expect(Object.keys(error)).not.toContain('incoming');
    expect(JSON.stringify(error)).not.toContain('hunter2');
  });
});

describe('DecodeError', () => {
  it('is 422 with any status of its cause', () => {
    const cause = Object.assign(new Error('cause'), { status: 500 });

    expect(new DecodeError('expected a date', { cause }).status).toBe(422);
  });

  it('cuts its text at 200 characters', () => {
    expect(new DecodeError('x'.repeat(200)).message).toHaveLength(200);
    expect(new DecodeError('x'.repeat(201)).message).toHaveLength(200);
  });

  it('has no control characters in its text', () => {
    expect(new DecodeError('a\nb\u0000c\u2028d\u009fe').message).toBe('a?b?c?d?e');
  });
});
