import { type IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { originCheck, type Origins } from '../../lib/request/origins.ts';

/** Whether a request with these headers passes. */
const passes = (origins: Origins | undefined, origin: string | undefined, host?: string): boolean =>
  originCheck(origins)({ headers: { origin, host } } as IncomingMessage);

describe('originCheck', () => {
  it.each([
    ['http://a.example', 'a.example', true],
    ['https://a.example', 'a.example', true],
    ['https://a.example', 'a.example:443', true],
    ['http://a.example', 'a.example:80', true],
    ['https://a.example', 'a.example:80', false],
    ['http://a.example:8000', 'a.example:8000', true],
    ['http://a.example:8000', 'a.example', false],
    ['http://a.example', 'A.Example', true],
    ['http://[::1]:8000', '[::1]:8000', true],
    ['http://127.0.0.1:8000', '127.0.0.1:8000', true],
    ['https://evil.example', 'a.example', false],
    ['https://a.example.evil.example', 'a.example', false],
    ['https://evila.example', 'a.example', false],
    ['https://b.a.example', 'a.example', false],
    ['https://a.example/', 'a.example', false],
    ['https://a.example/a.example', 'a.example', false],
    ['https://x@a.example', 'a.example', false],
    ['https://a.example', 'x@a.example', false],
    ['https://a.example?', 'a.example', false],
    ['https://a.example, https://a.example', 'a.example', false],
    ['file://a.example', 'a.example', false],
    ['chrome-extension://a.example', 'a.example', false],
    ['null', 'a.example', false],
    ['null', 'null', false],
    ['', 'a.example', false],
    ['a.example', 'a.example', false],
    ['https://', '', false],
    ['https://a.example', undefined, false],
    ['https://a.example/x', 'a.example/x', false],
    ['http://a b', 'a b', false],
  ])('lets %s speak to %s: %s', (origin, host, verdict) => {
    expect(passes(undefined, origin, host)).toBe(verdict);
  });

  it('lets those without an Origin pass', () => {
    expect(passes(undefined, undefined, 'a.example')).toBe(true);
    expect(passes(['https://a.example'], undefined, 'a.example')).toBe(true);
    expect(passes('*', undefined, 'a.example')).toBe(true);
  });

  it('takes a list exactly, and nothing else', () => {
    const list = ['https://a.example', 'http://localhost:5173'];

    expect(passes(list, 'https://a.example')).toBe(true);
    expect(passes(list, 'http://localhost:5173')).toBe(true);
    expect(passes(list, 'http://a.example')).toBe(false);
    expect(passes(list, 'https://a.example:444')).toBe(false);
    expect(passes(list, 'https://b.a.example')).toBe(false);
    expect(passes(list, 'http://localhost')).toBe(false);
    expect(passes(list, 'null')).toBe(false);
    expect(passes([], 'https://a.example', 'a.example')).toBe(false);
  });

  it("lets everybody pass with '*'", () => {
    expect(passes('*', 'https://evil.example', 'a.example')).toBe(true);
    expect(passes('*', 'null', 'a.example')).toBe(true);
  });

  it('asks a function, also about those without an Origin', () => {
    const asked: unknown[] = [];
    const origins: Origins = (origin, { headers }) => {
      asked.push(origin, headers.host);
      return origin === 'https://a.example';
    };

    expect(passes(origins, 'https://a.example', 'h')).toBe(true);
    expect(passes(origins, undefined, 'h')).toBe(false);
    expect(asked).toEqual(['https://a.example', 'h', undefined, 'h']);
  });

  it('takes a promise for no verdict', () => {
    const origins = (async () => Promise.resolve(true)) as unknown as Origins;

    expect(passes(origins, 'https://a.example')).toBe(false);
  });

  it.each([
    'a.example',
    'https://a.example/',
    'https://a.example:443',
    'HTTPS://a.example',
    'null',
    '*',
    '',
    1,
  ])('throws when the list has %j', (entry) => {
    expect(() => originCheck([entry as string])).toThrow(
      /^Expected every entry of `origins` to be an origin such as 'https:\/\/example.com', got /,
    );
  });
});
