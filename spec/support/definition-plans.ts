/** Plans of random structs: data, so that they can be shrunk. */
import * as fc from 'fast-check';

/** Keys that are labels, keys that are none, and names that mean something on either side. */
const KEYS: readonly string[] = [
  ...'id content sent_at sentAt userID HTTPStatus x y2 a b 0 1 12 _ -x x-y ä 日本'.split(' '),
  ...'type case use fn test echo auto class default function this Some'.split(' '),
  ...'constructor toString valueOf length keys hasOwnProperty'.split(' '),
  ...'json decode option list int dict dynamic value tag depth key payload zero next'.split(' '),
  ...'a_key_so_long_that_it_does_not_fit_a_line_of_eighty_characters_in_any_place_at_all'.split(
    ' ',
  ),
  ...'quite_a_long_key_of_a_field another_long_key_of_a_field theLastLongKeyOfAField'.split(' '),
  'a b',
  '',
  '"quoted"',
  '\\',
  '\n\u2028',
];

const TAGS: readonly string[] = [
  ...'user_send user_delete sent ok error nil none some true false type json'.split(' '),
  ...'client-error HTTPProblem 2d ä constructor __proto " \\n'.split(' '),
  'everything_that_was_selected_by_the_current_user_was_moved_to_another_place',
  '',
  'a b',
];

const NAMES = 'Author Message Json Decoder Zero Number Type Value'.split(' ');

/** What a struct is made from, so that it can be shrunk, and made again. */
export type Plan =
  | { readonly kind: 'string' | 'integer' | 'number' | 'boolean' | 'null' }
  | { readonly kind: 'bounded' }
  | { readonly kind: 'literal'; readonly value: string | number | boolean }
  | { readonly kind: 'enums'; readonly values: readonly (string | number)[] }
  | { readonly kind: 'array' | 'dict' | 'nullable' | 'described'; readonly of: Plan }
  | { readonly kind: 'tuple' | 'oneOf'; readonly items: readonly Plan[] }
  | { readonly kind: 'object'; readonly fields: readonly PlannedField[] }
  | {
      readonly kind: 'variants';
      readonly tag: string;
      readonly variants: readonly (readonly [string, readonly PlannedField[]])[];
    }
  | { readonly kind: 'tuples'; readonly variants: readonly (readonly [string, Plan])[] }
  | { readonly kind: 'named'; readonly name: string; readonly of: Plan }
  | { readonly kind: 'recursive'; readonly fields: readonly PlannedField[]; readonly how: string };

export interface PlannedField {
  readonly key: string;
  readonly of: Plan;
  readonly isOptional: boolean;
}

const scalar: fc.Arbitrary<Plan> = fc.oneof(
  fc.constantFrom<Plan>(
    { kind: 'string' },
    { kind: 'integer' },
    { kind: 'number' },
    { kind: 'boolean' },
    { kind: 'bounded' },
  ),
  fc.record({
    kind: fc.constant('literal' as const),
    value: fc.constantFrom(...TAGS, 0, 12345, true),
  }),
  fc.record({
    kind: fc.constant('enums' as const),
    values: fc.oneof(
      fc.uniqueArray(fc.constantFrom(...TAGS), { minLength: 1, maxLength: 5 }),
      fc.uniqueArray(fc.constantFrom(0, 1, -1, 70_000, 123), { minLength: 1, maxLength: 4 }),
      fc.uniqueArray(fc.constantFrom('a', 1, '2', 0.5), { minLength: 1, maxLength: 4 }),
    ),
  }),
);

const made = fc.letrec<{ plan: Plan; fields: readonly PlannedField[] }>((tie) => ({
  fields: fc.uniqueArray(
    fc.record({ key: fc.constantFrom(...KEYS), of: tie('plan'), isOptional: fc.boolean() }),
    { selector: ({ key }) => key, maxLength: 6 },
  ),
  plan: fc.oneof(
    { depthSize: 'small', maxDepth: 4, withCrossShrink: true },
    { arbitrary: scalar, weight: 6 },
    {
      arbitrary: fc.record({
        kind: fc.constantFrom(
          'array' as const,
          'dict' as const,
          'nullable' as const,
          'described' as const,
        ),
        of: tie('plan'),
      }),
      weight: 4,
    },
    {
      arbitrary: fc.record({
        kind: fc.constant('tuple' as const),
        items: fc.array(tie('plan'), { minLength: 1, maxLength: 4 }),
      }),
      weight: 1,
    },
    {
      arbitrary: fc.record({
        kind: fc.constant('oneOf' as const),
        items: fc.array(tie('plan'), { minLength: 1, maxLength: 4 }),
      }),
      weight: 1,
    },
    {
      arbitrary: fc.record({ kind: fc.constant('object' as const), fields: tie('fields') }),
      weight: 3,
    },
    {
      arbitrary: fc.record({
        kind: fc.constant('variants' as const),
        tag: fc.constantFrom('type', 'kind', 'constructor', 'the tag'),
        variants: fc.uniqueArray(
          fc.tuple(fc.constantFrom(...TAGS, '0', '1', '-7'), tie('fields')),
          {
            selector: ([tag]) => tag,
            minLength: 1,
            maxLength: 5,
          },
        ),
      }),
      weight: 3,
    },
    {
      arbitrary: fc.record({
        kind: fc.constant('tuples' as const),
        variants: fc.uniqueArray(fc.tuple(fc.constantFrom('0', '1', '2', 'x'), tie('plan')), {
          selector: ([tag]) => tag,
          minLength: 1,
          maxLength: 4,
        }),
      }),
      weight: 1,
    },
    {
      arbitrary: fc.record({
        kind: fc.constant('named' as const),
        name: fc.constantFrom(...NAMES),
        of: tie('plan'),
      }),
      weight: 2,
    },
    {
      arbitrary: fc.record({
        kind: fc.constant('recursive' as const),
        fields: tie('fields'),
        how: fc.constantFrom(
          'array',
          'nullable',
          'optional',
          'dict',
          'tuple',
          'two',
          'bare',
          'variant',
        ),
      }),
      weight: 2,
    },
  ),
}));

/** Plans of any struct that can be read, and written in Gleam. */
export const plans: fc.Arbitrary<Plan> = made.plan;
