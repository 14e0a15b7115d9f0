import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeMessage } from '../../../lib/lustre/vdom/print.ts';
import { type WireMessage } from '../../../lib/lustre/vdom/wire.ts';

/** Strings with everything that JSON escapes, lone halves of surrogate pairs among them. */
const string = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('', '"', '\\', '\u0000', '\u001f', '\u007f', '\ud83d', '\ude00', '😀', '\u2028'),
);
const place = fc.nat();
const node = fc.record({ kind: fc.constant(2), content: string }, { requiredKeys: ['kind'] });

/** A record of which all fields but the kind may be left out. */
const of = (kind: number, fields: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<object> =>
  fc.record({ kind: fc.constant(kind), ...fields }, { requiredKeys: ['kind'] });

const change = fc.oneof(
  of(0, { content: string }),
  of(1, { inner_html: string }),
  of(2, { added: fc.array(of(0, { name: string, value: string })) }),
  fc.tuple(string, of(3, { before: place })).map(([key, move]) => ({ ...move, key })),
  of(4, { index: place }),
);
const insertion = fc.oneof(
  of(5, { index: place, with: node }),
  of(6, { before: place, children: fc.array(node) }),
);

const patchOf = (changes: fc.Arbitrary<object>): fc.Arbitrary<object> =>
  fc.letrec<{ patch: object }>((tie) => ({
    patch: fc.record(
      {
        index: place,
        path: fc.array(place),
        removed: place,
        changes: fc.array(changes),
        children: fc.array(tie('patch'), { maxLength: 3, depthIdentifier: 'patch' }),
      },
      { requiredKeys: [] },
    ),
  })).patch;

/** With it a patch is not printed by `JSON.stringify`. */
const MOVE = { kind: 3, key: 'a' };

/** As the page reads it, and as it would read what `JSON.stringify` prints. */
const read = (message: object): unknown => JSON.parse(encodeMessage(message as WireMessage));
const copied = (message: object): unknown => JSON.parse(JSON.stringify(message));

describe('messages are printed as JSON', () => {
  it('as patches, whatever is in them', () => {
    fc.assert(
      fc.property(patchOf(change), fc.array(change), (child, changes) => {
        const message = { kind: 1, patch: { changes: [MOVE, ...changes], children: [child] } };
        expect(read(message)).toEqual(copied(message));
      }),
    );
  });

  it('as patches with what they insert', () => {
    fc.assert(
      fc.property(patchOf(fc.oneof(change, insertion)), (patch) => {
        const message = { kind: 1, patch };
        expect(read(message)).toEqual(copied(message));
      }),
    );
  });

  it.each([
    { kind: 2, name: 'a"b', data: [1, null, { a: '\n' }] },
    { kind: 3, key: 'a', value: '\ud800' },
    { kind: 0, requested_contexts: [], vdom: { kind: 2, content: 'a' } },
  ])('as messages of kind $kind', (message) => {
    expect(read(message)).toEqual(message);
  });
});
