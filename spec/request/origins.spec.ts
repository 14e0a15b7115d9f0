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
    ['https://a.example:443', 'a.example', true],
    ['http://a.example:80', 'a.example:80', true],
    ['https://a.example:80', 'a.example', false],
    ['http://a.example:8000:80', 'a.example:8000', false],
    ['https://[::1]:443', '[::1]', true],
    ['https://[::1]:8000:443', '[::1]:8000', false],
    ['http://a.example:443', 'a.example', false],
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

  it('takes a default port that is written for the same origin, in the list and in Origin', () => {
    const list = ['https://a.example:443', 'http://b.example'];

    expect(passes(list, 'https://a.example')).toBe(true);
    expect(passes(list, 'https://a.example:443')).toBe(true);
    expect(passes(list, 'http://b.example:80')).toBe(true);
    expect(passes(list, 'https://a.example:80')).toBe(false);
    expect(passes(list, 'http://b.example:443')).toBe(false);
  });

  it.each([
    'capacitor://localhost',
    'ionic://localhost',
    'chrome-extension://aapbdbdomjkkjkaonfhkkikfgjllcleb',
    'moz-extension://7b4e6c1c-6f1f-4d5a-9d0b-0c9f4a3b2e1d',
    'app://example.com:8080',
  ])('takes %s, the origin of a page that is no web page', (origin) => {
    expect(passes([origin], origin)).toBe(true);
    expect(passes(['https://a.example'], origin)).toBe(false);
  });

  it('compares with :authority over HTTP/2', () => {
    const headers = { origin: 'https://a.example', ':authority': 'a.example' };

    expect(originCheck(undefined)({ headers } as object as IncomingMessage)).toBe(true);
    expect(
      originCheck(undefined)({
        headers: { ...headers, ':authority': 'b.example' },
      } as object as IncomingMessage),
    ).toBe(false);
  });

  it('does not look at X-Forwarded-Host, which anybody may send', () => {
    const headers = { origin: 'https://a.example', host: 'inner', 'x-forwarded-host': 'a.example' };

    expect(originCheck(undefined)({ headers } as object as IncomingMessage)).toBe(false);
  });

  it.each([
    'a.example',
    'https://a.example/',
    'https://a.example:443/',
    'HTTPS://a.example',
    'https://A.example',
    'https://bücher.example',
    'https://*.example.com',
    'https://a*.example.com',
    'http://localhost:*',
    'https://a.example:',
    'https://a.example:443:443',
    'https://a.example:99999',
    'https://u@a.example',
    'https://',
    'capacitor://',
    'capacitor://localhost/',
    'capacitor://*',
    'ws://a.example',
    'wss://a.example',
    'file://a',
    'null',
    '*',
    '',
    1,
    null,
    undefined,
    ['https://a.example'],
  ])('throws when the list has %j', (entry) => {
    expect(() => originCheck([entry as string])).toThrow(
      /^Expected every entry of `origins` to be an origin such as 'https:\/\/example.com', got /,
    );
  });

  it('says what browsers write, and that there are no wildcards', () => {
    expect(() => originCheck(['https://Bücher.example/'])).toThrow(
      `got "https://Bücher.example/": browsers write 'https://xn--bcher-kva.example'`,
    );
    expect(() => originCheck(['https://*.example.com'])).toThrow(
      'got "https://*.example.com": there are no wildcards, a function can match',
    );
  });
});
