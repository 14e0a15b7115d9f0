import { integer, object, string, union } from 'superstruct';
import { describe, expect, it } from 'vitest';
import { definitionsIn } from '../../lib/cli/definitions.ts';
import * as codecs from '../../lib/codecs.ts';

const none = { client: [], server: [] };
const a = object({ a: string() });
const b = object({ b: integer() });

/** The roots of a module, as `name from the sender`. */
const rootsOf = (exports: Record<string, unknown>, sides = {}): string[] =>
  definitionsIn({ exports, codecs }, 'messages.ts', { ...none, ...sides }).file.roots.map(
    ({ name, sender }) => `${name}: ${sender}`,
  );

describe('the messages of a module', () => {
  it.each<[why: string, exports: Record<string, unknown>, sides: object, roots: string[]]>([
    [
      'have Client or Server in their names',
      { FromClient: a, ServerMessage: b, Note: b },
      {},
      ['FromClient: client', 'ServerMessage: server'],
    ],
    [
      'may have names that say where they go',
      { ToServer: a, ToTheClient: b, AutoClient: b },
      {},
      ['ToServer: client', 'ToTheClient: server', 'AutoClient: client'],
    ],
    ['are all structs, where no name has', { Note: a, Sent: b }, {}, ['Note: both', 'Sent: both']],
    [
      'are not those whose name has both',
      { ClientServer: a, FromClient: b },
      {},
      ['FromClient: client'],
    ],
    [
      'are those that are named',
      { FromClient: a, Note: b },
      { server: ['Note'] },
      ['Note: server'],
    ],
    [
      'are not the objects that another export holds',
      {
        ClientProfile: codecs.named('ClientProfile', a),
        Command: object({ profile: codecs.named('ClientProfile', a) }),
      },
      {},
      ['ClientProfile: both', 'Command: both'],
    ],
    ['may go both ways', { Note: b }, { client: ['Note'], server: ['Note'] }, ['Note: both']],
    [
      'are no other exports',
      { FromClient: a, limit: 5, nothing: null, codec: { decode: () => 1 } },
      {},
      ['FromClient: client'],
    ],
  ])('%s', (_why, exports, sides, roots) => {
    expect(rootsOf(exports, sides)).toEqual(roots);
  });

  it.each([
    [
      { FromClient: a, FromServer: b },
      none,
      'by their names, the page sends FromClient; the server sends FromServer (--client and --server name them otherwise)\n',
    ],
    [
      Object.fromEntries(['A', 'B', 'C', 'D', 'E', 'F', 'G'].map((name) => [name, a])),
      none,
      'by their names, both may send A, B, C, D, E and 2 more (--client and --server name them otherwise)\n',
    ],
    [{ FromClient: a, Note: b }, { client: ['Note'], server: [] }, ''],
  ])('are told where the options do not name them', (exports, sides, note) => {
    expect(definitionsIn({ exports, codecs }, 'm.ts', sides).note).toBe(note);
  });

  it('leave a name to the structs that are none', () => {
    const { others } = definitionsIn({ exports: { FromClient: a, Note: b }, codecs }, 'm.ts', none);

    expect(others.map(({ name, shape }) => `${name} ${shape.kind}`)).toEqual(['Note object']);
  });

  it('have a hash that a further struct does not change', () => {
    const hashOf = (exports: Record<string, unknown>): string =>
      definitionsIn({ exports, codecs }, 'm.ts', none).file.hash;

    expect(hashOf({ FromClient: a, Note: b })).toBe(hashOf({ FromClient: a }));
    expect(hashOf({ FromClient: b })).not.toBe(hashOf({ FromClient: a }));
  });

  it.each<[why: string, exports: Record<string, unknown>, sides: object, line: string]>([
    ['there is none', { limit: 5 }, {}, 'messages.ts exports no struct'],
    [
      'the one that is named is none',
      { FromClient: a, limit: 5 },
      { client: ['limit'] },
      'messages.ts exports no struct `limit`',
    ],
    [
      'one cannot be read',
      { FromClient: object({ a: union([a, b]) }) },
      {},
      "messages.ts: at FromClient.a: superstruct's `union`",
    ],
    [
      'two are named alike',
      { FromClient: codecs.named('Note', a), FromServer: codecs.named('Note', b) },
      {},
      'messages.ts: two different structs are named `Note`: give one of them another name',
    ],
  ])('are refused in one line: %s', (_why, exports, sides, line) => {
    expect(() => rootsOf(exports, sides)).toThrow(line);
  });
});
