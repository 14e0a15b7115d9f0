import {
  array,
  integer,
  max,
  min,
  nonempty,
  number,
  pattern,
  refine,
  size,
  string,
} from 'superstruct';
import { expect, it } from 'vitest';
import { notesOf } from '../../../lib/cli/gleam/notes.ts';
import { type AnyStruct } from '../../../lib/codecs/any-struct.ts';
import { definitionOf, dict, nullable, tuple } from '../../../lib/codecs.ts';

it.each<[title: string, struct: AnyStruct, notes: readonly string[]]>([
  ['nothing', string(), []],
  ['a length', size(string(), 1, 64), ['1 to 64 characters.']],
  ['one length', size(string(), 1), ['Exactly 1 character.']],
  ['a longest', size(string(), 0, 5), ['At most 5 characters.']],
  ['a shortest', nonempty(array(string())), ['At least 1 element.']],
  ['a pattern', pattern(string(), /^a/), ['Matches `^a`.']],
  ['two bounds', min(max(integer(), 9), 1), ['1 to 9.']],
  ['a lower bound', min(number(), 1), ['At least 1.']],
  ['an upper bound', max(number(), 9), ['At most 9.']],
  ['an open lower bound', min(number(), 1, { exclusive: true }), ['More than 1.']],
  ['an open upper bound', max(number(), 9, { exclusive: true }), ['Less than 9.']],
  [
    'two open bounds',
    min(max(number(), 9, { exclusive: true }), 1, { exclusive: true }),
    ['More than 1.', 'Less than 9.'],
  ],
  ['elements', array(size(string(), 2)), ['Each: Exactly 2 characters.']],
  ['values', dict(min(integer(), 0)), ['Each value: At least 0.']],
  ['places', tuple([string(), size(string(), 2)]), ['Element 1: Exactly 2 characters.']],
  ['what may be null', nullable(min(integer(), 0)), ['At least 0.']],
  [
    'what is not in the definition',
    refine(string(), 'word', () => true),
    ['Checked by the server: refine.'],
  ],
])('the constraints of %s', (_title, struct, notes) => {
  expect(notesOf(definitionOf(struct as never).root)).toEqual(notes);
});
