/** A sample with every kind of shape: `messages.gleam` is what Gleam's compiler and formatter take. */
import {
  array,
  boolean,
  enums,
  integer,
  literal,
  max,
  min,
  number,
  object,
  pattern,
  size,
  string,
  type Struct,
} from 'superstruct';
import {
  described,
  dict,
  named,
  nullable,
  oneOf,
  optional,
  recursive,
  tuple,
  tupleVariants,
  variants,
} from '../../../lib/codecs.ts';

const Author = named(
  'Author',
  described(
    'Who wrote it.',
    object({
      id: size(string(), 1, 64),
      name: described('As it is shown.\nNever empty.', string()),
      type: nullable(string()),
      sentAt: optional(max(min(integer(), 0), 253_402_300_799)),
      'e-mail': optional(pattern(string(), /@/)),
    }),
  ),
);

interface Thread {
  readonly text: string;
  readonly parent: Thread | null;
  readonly replies: Thread[];
  readonly quotes: Thread[];
}
export const Thread: Struct<Thread> = recursive<Thread>('Thread', (thread) =>
  object({
    text: string(),
    parent: nullable(thread),
    replies: array(thread),
    quotes: array(thread),
  }),
);

export const Status = enums(['sent', 'received', 'client-error', 'nil']);
export const Level = enums([0, 1, 20_000, -3, 0.5]);

export const FromClient = variants('type', {
  user_send: { author: Author, status: Status, version: literal(2), nothing: literal(null) },
  user_delete: { id: string() },
  error: { reason: optional(array(string())), constructor: optional(string()) },
  fetch: {},
});

export const FromServer = tupleVariants({
  0: array(Thread),
  1: integer(),
  2: literal(null),
  people: nullable(dict(Author)),
});

export const Everything = object({
  json: boolean(),
  position: tuple([number(), number(), tuple([string(), integer()])]),
  rows: array(array(nullable(number()))),
  aRatherLongNameForADictionary: dict(nullable(array(tuple([string(), string()])))),
  owner: oneOf([string(), integer(), Author, array(number()), literal(true)]),
  level: nullable(Level),
  origin: object({ x: number(), y: number(), case: dict(integer()) }),
});

export const Boxes = array(object({ length: integer() }));
