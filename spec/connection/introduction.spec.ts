import { type IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import {
  forgetIntroduction,
  introductionOf,
  lastEventIdOf,
  ownerOf,
  ownerTag,
  resumeFrameOf,
} from '../../lib/connection/introduction.ts';

const withHeaders = (headers: Record<string, string>): IncomingMessage =>
  ({ headers }) as unknown as IncomingMessage;
const introduced = (token: unknown, before = 'omnimessage.1, '): IncomingMessage => {
  const json = typeof token === 'string' ? token : JSON.stringify(token);
  return withHeaders({
    'sec-websocket-protocol': `${before}omnimessage.1.${Buffer.from(json).toString('base64url')}`,
  });
};

const client = 'c'.repeat(22);

/** An introduction with a token of so many characters, some of which say nothing. */
const tokenOfLength = (length: number): IncomingMessage => {
  const token = Buffer.from(JSON.stringify({ client }).padEnd(768)).toString('base64url');
  const more = 'IA'.repeat(2_000).slice(0, length - token.length);
  return withHeaders({ 'sec-websocket-protocol': `omnimessage.1, omnimessage.1.${token}${more}` });
};

describe('the introduction in a handshake', () => {
  it('is who the client is, whether it resumes, and what its page was built with', () => {
    expect(introductionOf(introduced({ client, resumes: true, definition: 'abc' }))).toEqual({
      client,
      resumes: true,
      definition: 'abc',
      from: undefined,
    });
    expect(introductionOf(introduced({ client }, 'chat, omnimessage.1,'))).toEqual({
      client,
      resumes: false,
      definition: undefined,
      from: undefined,
    });
  });

  it.each<[name: string, request: IncomingMessage]>([
    ['no such header', withHeaders({})],
    ['the subprotocol alone', withHeaders({ 'sec-websocket-protocol': 'omnimessage.1' })],
    ['no token', withHeaders({ 'sec-websocket-protocol': 'omnimessage.1, omnimessage.1.' })],
    ['a token that is no JSON', introduced('{')],
    ['null', introduced('null')],
    ['no client', introduced({ resumes: true })],
    ['a client of 21 characters', introduced({ client: 'c'.repeat(21) })],
    ['a client of 65 characters', introduced({ client: 'c'.repeat(65) })],
    ['a client with other characters', introduced({ client: `${client}\n` })],
    ['a token of 1,025 characters', tokenOfLength(1_025)],
    ['a token past that', introduced({ client, more: 'x'.repeat(2_000) })],
  ])('is none in %s', (_name, request) => {
    expect(introductionOf(request)).toBeUndefined();
  });

  it('may have 1,024 characters', () => {
    expect(introductionOf(tokenOfLength(1_024))?.client).toBe(client);
  });

  it('has what the client goes on from, where that fits', () => {
    const from = { owner: `${'t'.repeat(22)}.w`, sent: 3, pushes: 2, places: { topic: '1-0' } };

    expect(introductionOf(introduced({ client, resumes: true, from }))?.from).toEqual({
      tag: 't'.repeat(22),
      window: 'w',
      foreign: 0,
      sent: 3,
      pushes: 2,
      places: new Map([['topic', '1-0']]),
    });
  });

  it.each<[name: string, more: object]>([
    ['does not resume', { from: { sent: 0, pushes: 0, places: {} } }],
    ['has none', { resumes: true }],
    ['has null', { resumes: true, from: null }],
    ['has a text', { resumes: true, from: '{}' }],
    ['has no places', { resumes: true, from: { sent: 0, pushes: 0 } }],
    ['has a count below nothing', { resumes: true, from: { sent: -1, pushes: 0, places: {} } }],
  ])('says from nowhere where it %s', (_name, more) => {
    expect(introductionOf(introduced({ client, ...more }))).toMatchObject({ from: undefined });
  });

  it.each([1, 'x'.repeat(65), 'with space', ''])(
    'has no definition where it is %j',
    (definition) => {
      expect(introductionOf(introduced({ client, definition }))?.definition).toBeUndefined();
    },
  );

  it.each([1, 'true', null])('does not resume where it says %j', (resumes) => {
    expect(introductionOf(introduced({ client, resumes }))?.resumes).toBe(false);
  });
});

describe('what a client goes on from', () => {
  const tag = 't'.repeat(22);

  it('has the owner in its parts, what was sent, and its places', () => {
    const frame = { owner: `${tag}.window`, sent: 3, pushes: 2, places: { topic: '1-0' } };

    expect(resumeFrameOf(JSON.stringify(frame))).toEqual({
      tag,
      window: 'window',
      foreign: 0,
      sent: 3,
      pushes: 2,
      places: new Map([['topic', '1-0']]),
    });
  });

  it.each([0, 1, Number.MAX_SAFE_INTEGER])('has the owner that it was told: %i', (foreign) => {
    const owner = ownerOf(tag, 'w'.repeat(20), foreign);

    // What a client takes.
    expect(owner).toMatch(/^[!-~]{1,64}$/);
    expect(resumeFrameOf(JSON.stringify({ owner, sent: 0, pushes: 0, places: {} }))).toMatchObject({
      tag,
      window: 'w'.repeat(20),
      foreign,
    });
  });

  it.each<[owner: unknown, tag: string | undefined]>([
    [tag, tag],
    [`${tag}.`, undefined],
    [`${tag}.window.`, undefined],
    [`${tag}.window.-1`, undefined],
    [`${tag}.window.${'1'.repeat(17)}`, undefined],
    [`${tag}.${'w'.repeat(33)}`, undefined],
    ['short', undefined],
    [7, undefined],
  ])('has of the owner %j the tag %j, and no window', (owner, expected) => {
    const resume = resumeFrameOf(JSON.stringify({ owner, sent: 0, pushes: 0, places: {} }));

    expect([resume?.tag, resume?.window]).toEqual([expected, undefined]);
  });

  it.each([
    '',
    '[]',
    'null',
    '{"sent":-1,"pushes":0,"places":{}}',
    '{"sent":0.5,"pushes":0,"places":{}}',
    '{"sent":0,"pushes":"0","places":{}}',
    '{"sent":0,"pushes":9007199254740992,"places":{}}',
    '{"sent":0,"pushes":0}',
    '{"sent":0,"pushes":0,"places":null}',
  ])('is nothing in %s', (payload) => {
    expect(resumeFrameOf(payload)).toBeUndefined();
  });

  it('leaves out places that cannot be ones', () => {
    const places = {
      good: '1-0',
      number: 1,
      'a topic': '1-0',
      ['t'.repeat(33)]: '1-0',
      semicolon: 'a;b',
      space: 'a b',
      empty: '',
      long: 'p'.repeat(181),
    };
    const resume = resumeFrameOf(JSON.stringify({ sent: 0, pushes: 0, places }));

    expect([...(resume?.places ?? [])]).toEqual([['good', '1-0']]);
  });
});

describe('a handshake that is through', () => {
  it.each<[name: string, given: string[], left: string | undefined, leftRaw: string[]]>([
    [
      'has no introduction in it any more',
      ['Sec-WebSocket-Protocol', 'omnimessage.1, omnimessage.1.abc'],
      'omnimessage.1',
      ['Sec-WebSocket-Protocol', 'omnimessage.1'],
    ],
    [
      'keeps what else was offered',
      ['Sec-WebSocket-Protocol', 'omnimessage.1.abc,token.x,omnimessage.1'],
      'token.x, omnimessage.1',
      ['Sec-WebSocket-Protocol', 'token.x, omnimessage.1'],
    ],
    [
      'in as many headers as it came',
      ['sec-websocket-protocol', 'omnimessage.1', 'sec-websocket-protocol', 'omnimessage.1.abc'],
      'omnimessage.1',
      ['sec-websocket-protocol', 'omnimessage.1', 'sec-websocket-protocol', ''],
    ],
    [
      'stays as it is without one',
      ['sec-websocket-protocol', 'omnimessage.1,other'],
      'omnimessage.1,other',
      ['sec-websocket-protocol', 'omnimessage.1,other'],
    ],
    [
      'stays as it is without any offer',
      ['host', 'omnimessage.1.abc'],
      undefined,
      ['host', 'omnimessage.1.abc'],
    ],
  ])('%s', (_name, rawHeaders, left, leftRaw) => {
    const offers = rawHeaders.filter((_each, at) => at % 2 === 1 && rawHeaders[at - 1] !== 'host');
    const headers: Record<string, string> =
      offers.length === 0 ? {} : { 'sec-websocket-protocol': offers.join(', ') };
    const request = Object.assign(withHeaders(headers), { rawHeaders: [...rawHeaders] });
    forgetIntroduction(request);

    expect(request.headers['sec-websocket-protocol']).toBe(left);
    expect(request.rawHeaders).toEqual(leftRaw);
  });
});

describe('the Last-Event-ID of a client', () => {
  it('has its places, and nothing else', () => {
    expect(lastEventIdOf(withHeaders({ 'last-event-id': 'a,1-0 b,2-0 c' }))).toEqual({
      tag: undefined,
      window: undefined,
      foreign: 0,
      sent: 0,
      pushes: 0,
      places: new Map([
        ['a', '1-0'],
        ['b', '2-0'],
      ]),
    });
  });

  it.each([{}, { 'last-event-id': '' }])('is nothing in %j', (headers: Record<string, string>) => {
    expect(lastEventIdOf(withHeaders(headers))).toBeUndefined();
  });
});

describe('the name of a client and its user', () => {
  it('is the same for both, and another one for either', () => {
    const tags = [
      ownerTag(client, 'ada'),
      ownerTag(client, 'ada'),
      ownerTag(client, 'bob'),
      ownerTag('d'.repeat(22), 'ada'),
    ];

    expect(tags[0]).toBe(tags[1]);
    expect(new Set(tags).size).toBe(3);
    expect(tags[0]).toMatch(/^[\w-]{22}$/);
  });
});
