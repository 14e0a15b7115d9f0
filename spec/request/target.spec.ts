import { type IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { expectPath, isAt, toOriginForm } from '../../lib/request/target.ts';

/** What a middleware sees of a target. */
function seen(url: string, originalUrl?: string): unknown {
  const request = { url, originalUrl, headers: { host: 'before.example' } };
  toOriginForm(request as object as IncomingMessage);
  const { headers, ...rest } = request;
  return { ...rest, host: headers.host };
}

describe('a target in absolute form', () => {
  it.each([
    ['http://x.example/admin', '/admin', 'x.example'],
    ['HTTPS://x.example:8443/admin?a=http://b/c', '/admin?a=http://b/c', 'x.example:8443'],
    ['http://x.example', '/', 'x.example'],
    ['http://x.example?q', '/?q', 'x.example'],
    ['http://ada:secret@x.example/admin', '/admin', 'x.example'],
    ['ws://x.example/admin', '/admin', 'x.example'],
    ['http:///admin', '/admin', 'before.example'],
  ])('%s is brought to a path', (url, path, host) => {
    expect(seen(url)).toEqual({ url: path, originalUrl: undefined, host });
    expect(seen(url, url)).toEqual({ url: path, originalUrl: path, host });
  });

  it.each(['/admin', '/http://x.example/admin', '//x.example/admin', '*', 'x.example:443'])(
    '%s is left as it is',
    (url) => {
      expect(seen(url)).toEqual({ url, originalUrl: undefined, host: 'before.example' });
    },
  );

  it('keeps the mount point in the original', () => {
    expect(seen('http://x.example/admin', 'http://x.example/below/admin')).toEqual({
      url: '/admin',
      originalUrl: '/below/admin',
      host: 'x.example',
    });
  });

  it('takes linear time, whatever it looks like', () => {
    const long = `http://${'@'.repeat(50_000)}`;
    expect(seen(long)).toEqual({
      url: `/${'@'.repeat(49_999)}`,
      originalUrl: undefined,
      host: 'before.example',
    });
  });
});

describe('a path', () => {
  it.each([
    ['/omni', '/omni', true],
    ['/omni', '/omni?a=1', true],
    ['/omni', '/omni/', false],
    ['/omni', '/Omni', false],
    ['/omni', '/omnia', false],
    [undefined, '/anything', true],
  ])('%s is compared exactly with %s', (path, url, expected) => {
    expect(isAt(path, url)).toBe(expected);
  });

  it.each(['/rooms/:room', '/files/*', '/a?', '/a+', '/(a|b)', '/{a}', '/[ab]', '/a\\b', '/a#b'])(
    '%s is refused, because it is a pattern',
    (path) => {
      expect(() => expectPath(path, 'app.post(path, route)')).toThrow(
        `got the pattern ${JSON.stringify(path)}: leave \`path\` out and write app.post(path, route)`,
      );
    },
  );

  it.each([
    [/^\/omni/, 'a RegExp'],
    [null, 'null'],
    [['/a', '/b'], 'object'],
    ['omni', '"omni"'],
  ])('%s is refused, because it is none', (path, shown) => {
    expect(() => expectPath(path, '')).toThrow(
      new TypeError(`Expected \`path\` to be a string that begins with /, got ${shown}`),
    );
  });

  it.each(['/', '/omni-http', '/v1:', "/a.b~c!$&'=;,@%20"])('%s is accepted', (path) => {
    expect(() => expectPath(path, '')).not.toThrow();
  });
});
