import { createServer } from 'node:http';
import { describe, expect, it } from 'vitest';
import {
  type AttachOptions,
  attachSettings,
  closeTimeout,
  serverSettings,
} from '../../lib/server/options.ts';

describe('the options of attachWebSockets', () => {
  it('have these defaults, and undefined counts as absent', () => {
    const defaults = {
      maxConnections: 10_000,
      limit: 65_536,
      maxFragments: 64,
      maxBufferedChunks: 1_024,
      openTimeout: 10_000,
    };

    expect(attachSettings({})).toEqual(defaults);
    expect(attachSettings({ limit: undefined, openTimeout: undefined } as never)).toEqual(defaults);
  });

  it('keep what was given', () => {
    const options: AttachOptions = {
      limit: 1,
      maxConnections: 2,
      origins: '*',
      authorize: () => true,
      onError: () => undefined,
    };

    expect(attachSettings(options)).toMatchObject({ ...options, maxFragments: 64 });
  });

  it.each<[given: object, name: string]>([
    [{ limits: 1 }, '`limits`'],
    [{ limit: 0 }, '`limit`'],
    [{ limit: 1.5 }, '`limit`'],
    [{ limit: '65536' }, '`limit`'],
    [{ maxConnections: 0 }, '`maxConnections`'],
    [{ maxFragments: NaN }, '`maxFragments`'],
    [{ maxBufferedChunks: -1 }, '`maxBufferedChunks`'],
    [{ openTimeout: 0 }, '`openTimeout`'],
    [{ authorize: true }, '`authorize`'],
    [{ subprotocols: ['chat'] }, '`subprotocols`'],
    [{ owns: '/omni' }, '`owns`'],
    [{ onError: console }, '`onError`'],
  ])('%j is refused, and %s named', (given, name) => {
    expect(() => attachSettings(given)).toThrow(name);
    expect(() => attachSettings(given)).toThrow(TypeError);
  });
});

describe('the options of a server that is made', () => {
  it('have these defaults', () => {
    expect(serverSettings({ keepAliveTimeout: 70_000 })).toEqual({
      expressPrototypes: true,
      headersTimeout: 15_000,
      requestTimeout: 30_000,
      keepAliveTimeout: 70_000,
      connectionsCheckingInterval: 5_000,
    });
  });

  it.each([
    'headersTimeout',
    'requestTimeout',
    'keepAliveTimeout',
    'connectionsCheckingInterval',
    'expressPrototypes',
  ] as const)('%s is not for a server of your own', (name) => {
    const given = name === 'expressPrototypes' ? false : 1_000;

    expect(() => serverSettings({ server: createServer(), [name]: given })).toThrow(
      `Expected \`${name}\` only without \`server\``,
    );
    expect(serverSettings({ [name]: given })[name]).toBe(given);
  });

  it.each([
    [{ headersTimeout: -1 }, '`headersTimeout`'],
    [{ requestTimeout: '30s' }, '`requestTimeout`'],
    [{ expressPrototypes: 1 }, '`expressPrototypes` to be a boolean'],
  ])('%j is refused', (given, name) => {
    expect(() => serverSettings(given as AttachOptions)).toThrow(name);
  });
});

describe('the options of close', () => {
  it('are the time after which what is left is cut: 10 s, or from 0 up', () => {
    expect([closeTimeout({}), closeTimeout({ timeout: 0 })]).toEqual([10_000, 0]);
  });

  it.each([{ timeout: -1 }, { timeout: '10s' }, { seconds: 1 }])('%j is refused', (given) => {
    expect(() => closeTimeout(given as never)).toThrow(TypeError);
  });
});
