/** Section 2d: texts that are JSON, and still hurt. */
import { assert, json, property } from 'fast-check';
import {
  application,
  DecodeError,
  effect,
  type Codec,
  type OmniError,
  omniWsApplication,
  structCodec,
  tupleVariants,
  variants,
} from 'express-omnimessage';
import {
  any,
  array,
  boolean,
  define,
  lazy,
  number,
  object,
  pattern,
  record,
  size,
  string,
  type Struct,
  type,
} from 'superstruct';
import { describe, expect, it } from 'vitest';
import { type Says } from '../support/codecs.ts';
import { connect, type SocketClient } from '../support/socket-client.ts';
import { stacks } from '../support/stacks.ts';
import { seed } from './random.ts';
import { serveSocket } from './served-socket.ts';

/** A codec whose incoming messages are of a struct. */
function codecOf(struct: Struct<never, never>): Codec<unknown, unknown> {
  return structCodec({ incoming: struct, outgoing: any() });
}

/** What a text is refused with. */
function refusal(struct: unknown, text: string): DecodeError {
  try {
    codecOf(struct as Struct<never, never>).decode(text);
  } catch (error) {
    if (error instanceof DecodeError) return error;
    throw new Error('Expected a DecodeError', { cause: error });
  }
  throw new Error('Expected a DecodeError, got a message');
}

const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
const tree: Struct<unknown, null> = lazy(() => array(tree)) as unknown as Struct<unknown, null>;

/** The least time of a call, in milliseconds of the processor: others may be at work too. */
function duration(act: () => unknown): number {
  const times = Array.from({ length: 5 }, () => {
    const began = process.cpuUsage();
    act();
    return process.cpuUsage(began).user / 1_000;
  });
  return Math.min(...times);
}

describe('2d: JSON texts', () => {
  it.each([
    ['string()', string()],
    ['number()', number()],
    ['object()', object({ a: string() })],
    ['type()', type({ a: string() })],
    ['array()', array(string())],
    ['record()', record(string(), string())],
  ])('W8 {"toString":1,"valueOf":1} where %s is expected: a DecodeError', (_, struct) => {
    for (const text of [
      '{"toString":1,"valueOf":1}',
      '{"a":{"toString":1}}',
      '[{"toString":1,"valueOf":1}]',
    ]) {
      expect(refusal(struct, text).status).toBe(422);
    }
  });

  it('J1 a million brackets: refused in a few milliseconds', () => {
    const text = deep(500_000);

    expect(refusal(any(), text).message).toBe('expected nesting no deeper than 64');
    expect(duration(() => refusal(any(), text))).toBeLessThan(25);
  });

  it.each(['[', '{"a":'])('J1 nesting by %s of 64 is a message, of 65 is none', (opening) => {
    const nested = (levels: number): string =>
      opening.repeat(levels - 1) +
      (opening === '[' ? '[]' : '{}') +
      (opening === '[' ? ']' : '}').repeat(levels - 1);

    expect(JSON.stringify(codecOf(any() as never).decode(nested(64)))).toBe(nested(64));
    expect(refusal(any(), nested(65)).message).toBe('expected nesting no deeper than 64');
  });

  it('J3 a recursive struct and a deep text: a DecodeError, no RangeError', () => {
    expect(refusal(tree, deep(5_000))).toBeInstanceOf(DecodeError);
    expect(codecOf(tree as never).decode(deep(64))).toBeInstanceOf(Array);
  });

  it('J4 J5 a megabyte where a number is expected: 200 characters at most, and nothing of it', () => {
    const secret = `canary\n\u0000${'x'.repeat(1_000_000)}`;

    for (const text of [
      JSON.stringify(secret),
      JSON.stringify({ a: secret }),
      JSON.stringify({ [secret]: 1 }),
      JSON.stringify([[secret]]),
    ]) {
      for (const struct of [
        number(),
        object({ a: number() }),
        record(string(), boolean()),
        array(array(number())),
      ]) {
        const error = refusal(struct, text);
        expect(error.message.length).toBeLessThanOrEqual(200);
        expect(error.message).not.toMatch(/canary|\p{Cc}/u);
        expect(JSON.stringify(error)).not.toContain('canary');
      }
    }
  });

  it('J6 thirty thousand wrong items: the first is told of, and soon', () => {
    const text = JSON.stringify(Array.from({ length: 30_000 }, () => 'x'));

    expect(refusal(array(number()), text).path).toEqual([0]);
    expect(duration(() => refusal(array(number()), text))).toBeLessThan(100);
  });

  it.each([
    '{"__proto__":{"isAdmin":true}}',
    '{"a":{"b":[{"__proto__":1}]}}',
    String.raw`{"\u005f_proto__":{"isAdmin":true}}`,
    '{"constructor":{"prototype":{"isAdmin":true}}}',
    '[{"constructor":{"prototype":null}}]',
    String.raw`{"constructor":{"\u0070rototype":1}}`,
  ])('J7 %s: a DecodeError, whatever the struct lets pass', (text) => {
    for (const struct of [any(), record(string(), any()), type({}), array(any())]) {
      expect(refusal(struct, text)).toBeInstanceOf(DecodeError);
    }
  });

  it.each(['{"constructor":"Bauhaus"}', '{"prototype":1}', '{"proto":"__proto__"}'])(
    'J7 %s is a message like any other',
    (text) => {
      expect(JSON.stringify(codecOf(any() as never).decode(text))).toBe(text);
    },
  );

  it.each(['constructor', 'toString', '__proto__', 'hasOwnProperty', 'valueOf'])(
    'J8 the tag %s is unknown, though every object has it',
    (tag) => {
      const byType = variants('type', { good: {} });
      const byNumber = tupleVariants({ 0: string() });

      expect(refusal(byType, `{"type":${JSON.stringify(tag)}}`).path).toEqual(['type']);
      expect(refusal(byNumber, `[${JSON.stringify(tag)},"x"]`).path).toEqual([0]);
    },
  );

  it('J9 pattern(size()) looks at the size before the expression', () => {
    const evil = JSON.stringify(`${'a'.repeat(40)}!`);
    const guarded = pattern(size(string(), 0, 20), /^(a+)+$/);

    expect(refusal(guarded, evil)).toBeInstanceOf(DecodeError);
    expect(duration(() => refusal(guarded, evil))).toBeLessThan(25);
  });

  it('J10 of a hundred variants only the one with the tag looks at a message', () => {
    const asked: string[] = [];
    const shapes = Object.fromEntries(
      Array.from({ length: 100 }, (_, n) => [
        `tag${n}`,
        {
          a: define<string>('noted', () => {
            asked.push(`tag${n}`);
            return true;
          }),
        },
      ]),
    );
    const codec = codecOf(variants('type', shapes) as unknown as Struct<never, never>);

    codec.decode('{"type":"tag99","a":"x"}');

    expect(new Set(asked)).toEqual(new Set(['tag99']));
  });

  it('J11 1e999 would be Infinity: it is refused, as a number and as an integer', () => {
    expect(refusal(number(), '1e999').code).toBe('decode');
    expect(refusal(size(number(), 0, 1e308), '1e999').code).toBe('decode');
  });

  it('J12 a lone surrogate passes, and goes out as JSON that every client can read', () => {
    const codec = structCodec({ incoming: string(), outgoing: string() });

    expect(codec.decode(String.raw`"\ud800"`)).toBe('\ud800');
    expect(codec.encode('\ud800')).toBe(String.raw`"\ud800"`);
  });

  it('whatever the text: a message or a DecodeError, and no prototype is changed', () => {
    const before = Object.getOwnPropertyNames(Object.prototype);
    const codec = codecOf(record(string(), any()) as never);

    assert(
      property(json({ maxDepth: 6 }), (text) => {
        try {
          codec.decode(text);
        } catch (error) {
          if (!(error instanceof DecodeError)) throw error;
        }
      }),
      { seed, numRuns: 2_000 },
    );

    expect(Object.getOwnPropertyNames(Object.prototype)).toEqual(before);
  });
});

describe.each(stacks)('2d: a socket on %s', (_, stack) => {
  it('J2 a reply that no JSON can hold: onError encode, and the connection stays', async () => {
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    let nested: unknown = [];
    for (let n = 0; n < 100_000; n++) nested = [nested];
    const odd: Record<string, unknown> = { cycle, bigint: 10n, nested };
    const served = await serveSocket(stack, {
      codec: {
        decode: (text: string) => ({ text }),
        encode: (message: Says) => JSON.stringify(message),
      },
      handler: ({ text }) =>
        (text in odd ? { said: odd[text] } : { said: text }) as unknown as Says,
    });
    const client = await connect(served.url);

    for (const name of [...Object.keys(odd), 'good']) client.send(name);

    expect(await client.next()).toBe('{"said":"good"}');
    expect(served.told.map(({ code }) => code)).toEqual(['encode', 'encode', 'encode']);
  });

  it.each([
    ['update', 1011, 'update'],
    ['effect', 1000, 'effect'],
    ['later', 1000, 'effect'],
    ['cleanup', 1000, 'effect'],
    ['encode', 1000, 'encode'],
  ] as const)(
    'W9 an application whose %s throws: onError, and closed with %s',
    async (what, code, told) => {
      const boom = new Error('boom');
      const fail = (): never => {
        throw boom;
      };
      const errors: OmniError[] = [];
      const program = application<undefined, null, string>({
        init: () => [null, effect.none()],
        update: (model, message) => {
          if (message !== what) return [model, effect.none()];
          if (message === 'update') return fail();
          if (message === 'effect') return [model, effect.from(fail)];
          if (message === 'later') {
            return [model, effect.from(() => Promise.resolve().then(fail))];
          }
          return [model, message === 'cleanup' ? effect.from(() => fail) : effect.none()];
        },
        codec: {
          decode: (text) => text,
          encode: (message) => (message === 'encode' ? fail() : message),
        },
      });
      let isClosed = (): void => {};
      const closed = new Promise<void>((resolve) => {
        isClosed = resolve;
      });
      const url = await stack(
        omniWsApplication({
          application: program,
          start: () => undefined,
          onError: (error) => {
            errors.push(error);
          },
          onClose: () => {
            isClosed();
          },
        }),
      );
      const other = await connect(url);
      const client = await connect(url);

      client.send(what);
      // Cleanups are called at the end, so there is one in any case.
      client.send('good');
      const ending = await leave(client);
      await closed;
      other.send('alive');

      expect(await other.next()).toBe('alive');
      expect(ending).toBe(code);
      expect(errors.map((error) => [error.code, error.cause])).toEqual([[told, boom]]);
    },
  );

  it('W50 an application that dispatches to itself for ever: another is answered, and onError is told', async () => {
    const codes: string[] = [];
    let isTold = (): void => {};
    const told = new Promise<void>((resolve) => {
      isTold = resolve;
    });
    const again = effect.from<string>(async (dispatch) => {
      await Promise.resolve();
      dispatch('again');
    });
    const url = await stack(
      omniWsApplication({
        application: application<undefined, null, string>({
          init: () => [null, effect.none()],
          update: (model, message) => [model, message === 'again' ? again : effect.none()],
          codec: {
            decode: (text) => text,
            encode: (message) => (message === 'again' ? undefined : message),
          },
        }),
        start: () => undefined,
        onError: (error) => {
          codes.push(error.code);
          isTold();
        },
      }),
    );
    const busy = await connect(url);
    const quiet = await connect(url);

    busy.send('again');
    for (let n = 0; n < 20; n++) {
      const began = performance.now();
      quiet.send(String(n));
      expect(await quiet.next()).toBe(String(n));
      // Without turns it would never be answered.
      expect(performance.now() - began).toBeLessThan(5_000);
    }
    await told;

    expect(codes[0]).toBe('runaway');
    busy.socket.terminate();
  });
});

/** Closes when its last message was answered, unless the server has closed before: with which code. */
async function leave({ next, closed, socket }: SocketClient): Promise<number> {
  try {
    while ((await next()) !== 'good');
    socket.close(1000);
  } catch {
    // Closed while it waited.
  }
  return (await closed).code;
}
