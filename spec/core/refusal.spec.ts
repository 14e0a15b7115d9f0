import { type Codec, EncodeError, pipe, structCodec, variants } from 'express-omnimessage';
import { type Infer, integer, object, string } from 'superstruct';
import { describe, expect, it } from 'vitest';
import { encode, encodeOrSkip } from '../../lib/core/pipe.ts';

const Out = variants('type', { total: { value: integer() } });
type Out = Infer<typeof Out>;
const json = structCodec({ incoming: string(), outgoing: Out });
const wrong = { type: 'total', value: 'x' } as never;

describe('a message that the struct of a codec refuses', () => {
  it('is an error where it is meant to be sent, and is skipped where it is only offered', () => {
    expect(() => encode(wrong, json)).toThrow(EncodeError);
    expect(encodeOrSkip(wrong, json)).toBeUndefined();
    expect(json.encode(wrong)).toBeUndefined();
  });

  it('is an error that says where, and carries both messages', () => {
    const failure = ((): EncodeError => {
      try {
        encode(wrong, json, 'incoming');
      } catch (error) {
        return error as EncodeError;
      }
      throw new Error('it was encoded');
    })();

    expect(failure.message).toBe('the message could not be encoded: at value: expected an integer');
    expect(failure).toMatchObject({ path: ['value'], code: 'encode', status: 500 });
    expect([failure.outgoing, failure.incoming]).toStrictEqual([wrong, 'incoming']);
    expect(failure.cause).toBeUndefined();
  });

  it('is an error also through a codec by hand that passes nothing on but the text', () => {
    const wrapped: Codec<string, { readonly of: Out }> = {
      decode: json.decode,
      encode: ({ of }) => json.encode(of),
    };

    expect(() => encode({ of: wrong }, wrapped)).toThrow('at value: expected an integer');
    expect(encodeOrSkip({ of: wrong }, wrapped)).toBeUndefined();
  });

  it('is none where another codec takes it', () => {
    const other = structCodec({ incoming: string(), outgoing: object({ a: string() }) });
    const either: Codec<string, unknown> = {
      decode: json.decode,
      encode: (message) => json.encode(message) ?? other.encode(message),
    };

    expect(encode({ a: 'b' }, either)).toBe('{"a":"b"}');
    expect(() => encode({ a: 1 }, either)).toThrow('at a: expected a string');
  });

  it('has no effect on a message that another codec skips later', () => {
    const skipping: Codec<string, unknown> = { decode: String, encode: () => undefined };

    json.encode(wrong);
    expect(encode(1, skipping)).toBeUndefined();
    encodeOrSkip(wrong, json);
    expect(pipe('"a"', { codec: { ...skipping }, handler: () => 1 })).toBeUndefined();
  });
});
