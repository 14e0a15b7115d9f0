/**
 * The text of a superstruct failure. Its own `message` quotes what was received, its path
 * holds keys that were received, and its error carries the whole value: none of that may reach a
 * client or a log. So the text is written anew, from what the structs say alone.
 */
import { type Failure, is, type Struct } from 'superstruct';
import { type Fault } from '../core/refusal.ts';
import { aside } from './superstruct.ts';
import { expectation, oneOf } from './tags.ts';

/** Stands in a path for a key that was received. */
const RECEIVED = '*';

/** What this reads of a failure. */
export type StructFailure = Pick<Failure, 'type' | 'refinement' | 'path' | 'branch'> & {
  readonly [expectation]?: string;
};

/**
 * Says what the first failure of a message is.
 * @param root - the struct that the message failed
 * @param words - what was expected, where it was not the struct that refused
 */
export function faultOf(failure: StructFailure, root: Struct, words?: string): Fault {
  const path: (string | number)[] = [];
  let struct: Struct | undefined = root;
  let isLastKnown = true;
  for (const [depth, key] of (failure.path as unknown[]).entries()) {
    const value: unknown = failure.branch[depth];
    const isLast = depth === failure.path.length - 1;
    // Where a tag was expected, the key is the tag's.
    isLastKnown =
      (isLast && failure[expectation] !== undefined) ||
      isPlace(value, key, failure.branch[depth + 1]) ||
      (struct !== undefined && isField(struct, value, key));
    path.push(isLastKnown ? (key as string | number) : RECEIVED);
    struct = struct && partOf(struct, value, key, isLast ? failure : undefined);
  }
  if (failure.type === 'never' && !isLastKnown) {
    return { expected: 'no further field', path: path.slice(0, -1) };
  }
  return { expected: words ?? wordsFor(failure, struct), path };
}

/** Whether a key is a place in an array. The key of a `Set` or `Map` is what was received. */
function isPlace(value: unknown, key: unknown, part: unknown): boolean {
  return typeof key === 'number' && Array.isArray(value) && (value[key] ?? null) === (part ?? null);
}

/** Whether a struct asks for a field, which it then does where it is absent, too. */
function isField(struct: Struct, value: unknown, key: unknown): boolean {
  if (typeof key !== 'string') return false;
  const { [key]: _, ...others } = Object(value) as Record<string, unknown>;
  return partOf(struct, others, key) !== undefined;
}

/**
 * The struct of one part, as the whole's `entries` yield it: so also behind `lazy` and `optional`.
 * @param failure - when it was this part that failed
 */
function partOf(
  struct: Struct,
  value: unknown,
  key: unknown,
  failure?: StructFailure,
): Struct | undefined {
  let part: Struct | undefined;
  try {
    for (const [at, content, its] of struct.entries(value, aside)) {
      if (at !== key) continue;
      // A record gives two structs for each key, that of the key and that of the value.
      if (isOf(failure, its as Struct, content)) return its as Struct;
      part = its as Struct;
    }
  } catch {
    // A function given to `dynamic` need not like that; it is only about words.
  }
  return part;
}

function isOf(failure: StructFailure | undefined, { type }: Struct, content: unknown): boolean {
  return type === failure?.type && Object.is(content, failure.branch.at(-1));
}

function wordsFor(failure: StructFailure, struct: Struct | undefined): string {
  if (failure[expectation] !== undefined) return failure[expectation];
  const words = struct?.type === failure.type ? describe(struct) : named(failure.type);
  return failure.refinement === undefined ? words : `${words} that passes ${failure.refinement}`;
}

/** By its name, or by its choices where the struct has them. */
function describe(struct: Struct): string {
  const { type, schema } = struct;
  if (type === 'enums' && typeof schema === 'object' && schema !== null) {
    return oneOf(Object.values(schema));
  }
  if (type !== 'literal') return named(type);
  const isTold =
    typeof schema === 'string' || typeof schema === 'number' || typeof schema === 'boolean';
  if (isTold) return oneOf([schema]);
  return schema === null && is(null, struct) ? 'null' : named(type);
}

function named(type: string): string {
  if (type === 'never') return 'nothing';
  return `${/^[aeio]/i.test(type) ? 'an' : 'a'} ${type}`;
}
