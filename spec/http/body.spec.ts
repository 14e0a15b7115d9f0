import { type IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { type Body, expectReadable, mayBeLarger, readBody, textIn } from '../../lib/http/body.ts';
import { BodyConsumedError } from '../../lib/core/errors.ts';
import { Problem } from '../../lib/request/problem.ts';
import { deferred } from '../support/deferred.ts';
import { serve } from '../support/serve.ts';

const withHeaders = (headers: Record<string, string>): IncomingMessage =>
  ({ headers }) as unknown as IncomingMessage;

/** The code of the problem that is thrown; undefined when none is. */
function problemOf(act: () => unknown): string | undefined {
  try {
    act();
  } catch (error) {
    return error instanceof Problem ? error.code : String(error);
  }
  return undefined;
}

describe('the headers of a body', () => {
  it.each<[headers: Record<string, string>, code: string | undefined]>([
    [{}, undefined],
    [{ 'content-encoding': 'identity' }, undefined],
    [{ 'content-encoding': ' Identity , identity' }, undefined],
    [{ 'content-encoding': 'application/json' }, undefined],
    [{ 'content-encoding': 'gzip' }, 'encoding'],
    [{ 'content-encoding': 'identity, br' }, 'encoding'],
    [{ 'content-type': 'text/plain;charset=UTF-8' }, undefined],
    [{ 'content-type': 'application/json' }, undefined],
    [{ 'content-type': 'text/plain; Charset = "utf8"' }, undefined],
    [{ 'content-type': 'text/plain; charset=latin1' }, 'charset'],
    [{ 'content-type': 'text/plain;charset=utf-16' }, 'charset'],
    [{ 'content-length': '100' }, undefined],
    [{ 'content-length': '101' }, 'too-large'],
    [{ 'transfer-encoding': 'chunked' }, undefined],
  ])('%j: %s', (headers, code) => {
    expect(problemOf(() => expectReadable(withHeaders(headers), 100, false))).toBe(code);
  });

  it('may name any charset where the codec is binary', () => {
    const request = withHeaders({ 'content-type': 'text/plain; charset=latin1' });

    expect(problemOf(() => expectReadable(request, 100, true))).toBeUndefined();
  });

  it.each<[headers: Record<string, string>, expected: boolean]>([
    [{}, false],
    [{ 'content-length': '100' }, false],
    [{ 'content-length': '101' }, true],
    [{ 'transfer-encoding': 'chunked' }, true],
  ])('%j may be larger than the limit: %s', (headers, expected) => {
    expect(mayBeLarger(withHeaders(headers), 100)).toBe(expected);
  });
});

describe('a body', () => {
  /** What is read of a request, on a real server where a middleware may come first. */
  async function read(
    body: string,
    before: (request: IncomingMessage & { body?: unknown }) => Promise<void> | void = () => {},
  ): Promise<{ readonly fault: unknown; readonly body: Body | undefined }> {
    const outcome = deferred<{ fault: unknown; body: Body | undefined }>();
    const url = await serve((request, response) => {
      void Promise.resolve(before(request)).then(() => {
        readBody(request, { limit: 100, bodyTimeout: 10_000 }, (fault, found) => {
          outcome.resolve({ fault, body: found });
          response.end();
        });
      });
    });
    await fetch(url, { method: 'POST', body });
    return outcome.promise;
  }
  const drain = async (request: IncomingMessage): Promise<string> => {
    let text = '';
    for await (const piece of request) text += String(piece);
    return text;
  };

  it('is read to its end', async () => {
    expect(await read('hello')).toEqual({ fault: undefined, body: Buffer.from('hello') });
  });

  it.each<[name: string, parsed: unknown, expected: unknown]>([
    ['a string', 'hello', 'hello'],
    ['bytes', Buffer.from('hello'), Buffer.from('hello')],
    ['a value', { text: 'hello' }, { value: { text: 'hello' } }],
    ['null', null, { value: null }],
  ])('that a middleware made %s of is taken', async (_name, parsed, expected) => {
    const outcome = await read('hello', async (request) => {
      await drain(request);
      request.body = parsed;
    });

    expect(outcome).toEqual({ fault: undefined, body: expected });
  });

  it('is not there where a middleware read it and left nothing', async () => {
    const { fault, body } = await read('hello', async (request) => {
      await drain(request);
    });

    expect(fault).toBeInstanceOf(BodyConsumedError);
    expect(body).toBeUndefined();
  });

  it('is read all the same where `body` is an empty object that nobody parsed', async () => {
    const { body } = await read('hello', (request) => {
      request.body = {};
    });

    expect(body).toEqual(Buffer.from('hello'));
  });
});

describe('the text of a body', () => {
  it.each<[name: string, body: Buffer | string]>([
    ['a string', 'é'],
    ['bytes', Buffer.from('é')],
    ['a string with a byte order mark', '\ufeffé'],
    ['bytes with a byte order mark', Buffer.from('\ufeffé')],
  ])('is that of %s', (_name, body) => {
    expect(textIn(body)).toBe('é');
  });

  it.each<[body: Buffer | string, code: string]>([
    ['', 'empty'],
    [Buffer.alloc(0), 'empty'],
    [Buffer.from([0xff]), 'utf8'],
    [Buffer.from([0xed, 0xa0, 0x80]), 'utf8'],
  ])('is refused in %j: %s', (body, code) => {
    expect(problemOf(() => textIn(body))).toBe(code);
  });
});
