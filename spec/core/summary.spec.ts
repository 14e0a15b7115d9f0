import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { printAs, summaryOf } from '../../lib/core/summary.ts';
import { received } from '../support/received.ts';

describe('the summary of a request', () => {
  it('has nothing but the method and the path, without the query', async () => {
    const { request } = await received({ cookie: 'secret', authorization: 'secret' });
    request.url = '/a/b?token=secret';

    expect(summaryOf(request)).toEqual({ method: 'GET', path: '/a/b' });
  });

  it('has the path that was asked for, where a router has changed it', async () => {
    const { request } = await received();

    expect(summaryOf(Object.assign(request, { url: '/b', originalUrl: '/a/b?c' })).path).toBe(
      '/a/b',
    );
  });

  it('has 200 characters of it, and no control characters, which would write into a log', async () => {
    const { request } = await received();
    const pathOf = (url: string): string => summaryOf(Object.assign(request, { url })).path;

    expect(pathOf(`/${'x'.repeat(300)}`)).toBe(`/${'x'.repeat(199)}`);
    expect(pathOf('/a\n\u001b[31mb\u0085')).toBe('/a??[31mb?');
    expect(pathOf('?a')).toBe('');
  });
});

describe('what is printed of an object', () => {
  it('is one line of its own, however deep it stands', () => {
    class Held {
      readonly secret = 'secret';
      readonly name: string;
      constructor(name: string) {
        this.name = name;
      }
    }
    printAs(Held.prototype, ({ name }) => `Held ${name}`);

    expect(inspect({ a: [new Held('b')] })).toBe('{ a: [ Held b ] }');
    expect(Object.keys(Held.prototype)).toEqual([]);
  });
});
