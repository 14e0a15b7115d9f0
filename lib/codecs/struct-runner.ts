/**
 * Runs a struct as superstruct does, without its reports. superstruct keeps a path, a branch and
 * three generators for every value that it looks at, which only a failure needs; here a failure is
 * one constant, and superstruct itself finds the reason.
 *
 * The verdict is superstruct's own, because a struct is what its functions do: its `type` proves
 * nothing, anybody may define another one of that name. So its validator, refiner and coercer are
 * called as they are, in superstruct's order. What is left out is only what certainly does nothing
 * (the functions that superstruct puts where none was given), and walks that are known to the letter
 * (the `entries` and coercers of superstruct's `object` and `array`, and those of our variants).
 *
 * One verdict differs. superstruct finds an absent field `constructor` or `toString` on the prototype
 * of the object, and refuses that function; here it is absent.
 */
import { type Context, type Struct } from 'superstruct';
import { unmasked } from './masked.ts';
import {
  elementOf,
  fieldsOf,
  hasCoercer,
  hasEntries,
  hasRefiner,
  hasValidator,
  walksArray,
  walksObject,
} from './superstruct.ts';
import { knownOf } from './tree.ts';
import { type KnownTuples, tupleVariantsOf } from './tuple-variants.ts';
import { type ObjectVariants, objectVariantsOf } from './variants.ts';

/** The outcome where superstruct would have a failure to report. */
export const FAILED: unique symbol = Symbol('failed');

/** A run over one message. Its arrays are those of the contexts, and stand for the value at hand. */
interface Run {
  readonly coerces: boolean;
  readonly path: unknown[];
  readonly branch: unknown[];
  readonly context: Context;
  readonly maskedContext: Context;
}

/** How the parts of a value are walked. */
type Parts =
  | { readonly kind: 'none' | 'any' }
  | { readonly kind: 'array'; readonly element: Struct }
  | {
      readonly kind: 'object';
      readonly fields: ReadonlyMap<string, Struct>;
      readonly ownOnly: boolean;
    }
  | { readonly kind: 'variants'; readonly its: ObjectVariants }
  | { readonly kind: 'tuple'; readonly its: KnownTuples };

/** What is known of a struct. */
interface Plan {
  readonly struct: Struct;
  /** Under superstruct's `mask`. */
  readonly masks: boolean;
  readonly coerces: boolean;
  readonly validates: boolean;
  readonly refines: boolean;
  readonly parts: Parts;
}

/**
 * What superstruct's `create` makes of a value; {@link FAILED} where it would throw a StructError.
 * Throws what the struct's own functions throw.
 */
export function create(value: unknown, struct: Struct): unknown {
  return start(value, struct, true);
}

/** What superstruct's `is` says of a value. Throws what the struct's own functions throw. */
export function accepts(value: unknown, struct: Struct): boolean {
  return start(value, struct, false) !== FAILED;
}

function start(value: unknown, struct: Struct, coerces: boolean): unknown {
  const path: unknown[] = [];
  const branch: unknown[] = [value];
  const context = { path, branch, mask: false };
  const maskedContext = { path, branch, mask: true };
  return walk(value, planOf(struct, false), { coerces, path, branch, context, maskedContext });
}

function walk(received: unknown, plan: Plan, run: Run): unknown {
  const { struct, parts } = plan;
  const context = plan.masks ? run.maskedContext : run.context;
  let value = received;
  if (run.coerces && plan.coerces) value = struct.coercer(value, context);
  if (plan.validates && hasFailure(struct.validator(value, context))) return FAILED;
  switch (parts.kind) {
    case 'none':
      break;
    case 'array':
      value = walkArray(value, parts.element, plan, run);
      break;
    case 'object':
      value = isObject(value)
        ? walkFields(value, undefined, parts.fields, parts.ownOnly, plan, run)
        : value;
      break;
    case 'variants':
      value = walkVariant(value, parts.its, plan, run);
      break;
    case 'tuple':
      value = walkTuple(value, parts.its, plan, run);
      break;
    case 'any':
      value = walkEntries(value, plan, context, run);
  }
  if (value === FAILED) return FAILED;
  if (plan.refines && hasFailure(struct.refiner(value, context))) return FAILED;
  return value;
}

/** Whatever has entries, by its own account of them. */
function walkEntries(whole: unknown, { struct, masks }: Plan, context: Context, run: Run): unknown {
  let value = whole;
  for (const [key, found, its] of struct.entries(value, context)) {
    const part: unknown = isFoundOn(value, key, found) ? undefined : found;
    if (key === undefined) {
      // Not a part of it, but the whole once more: an intersection, say.
      const outcome = walk(part, planOf(its as Struct, masks), run);
      if (outcome === FAILED) return FAILED;
      if (run.coerces) value = outcome;
      continue;
    }
    const outcome = walkPart(key, part, planOf(its as Struct, masks), run);
    if (outcome === FAILED) return FAILED;
    if (!run.coerces) continue;
    if (value instanceof Map) value.set(key, outcome);
    else if (value instanceof Set) value.add(outcome);
    else if (isObject(value)) put(value, key, outcome);
  }
  return value;
}

function walkArray(value: unknown, element: Struct, { masks }: Plan, run: Run): unknown {
  if (!Array.isArray(value)) return value;
  const plan = planOf(element, masks);
  for (let at = 0; at < value.length; at++) {
    const outcome = walkPart(at, value[at], plan, run);
    if (outcome === FAILED) return FAILED;
    if (run.coerces) put(value, at, outcome);
  }
  return value;
}

function walkVariant(value: unknown, its: ObjectVariants, plan: Plan, run: Run): unknown {
  const variant = its.find(value);
  if (variant === undefined) return plan.validates ? value : FAILED;
  return walkFields(value as Fields, its.tag, variant.fields, true, plan, run);
}

function walkTuple(value: unknown, its: KnownTuples, plan: Plan, run: Run): unknown {
  const variant = its.find(value);
  if (variant === undefined) return plan.validates ? value : FAILED;
  const all = value as unknown[];
  const outcome = walkPart(1, all[1], planOf(variant.payload, plan.masks), run);
  if (outcome === FAILED || all.length > 2) return FAILED;
  if (run.coerces) put(all, 1, outcome);
  return all;
}

/**
 * The known fields of an object, and no other one.
 *
 * @param tag - the one field that is known beside them
 * @param ownOnly - whether fields are looked for among own keys only
 */
function walkFields(
  value: Fields,
  tag: string | undefined,
  fields: ReadonlyMap<string, Struct>,
  ownOnly: boolean,
  { masks }: Plan,
  run: Run,
): unknown {
  for (const [key, field] of fields) {
    const part = !ownOnly || Object.hasOwn(value, key) ? value[key] : undefined;
    const outcome = walkPart(key, part, planOf(field, masks), run);
    if (outcome === FAILED) return FAILED;
    // Nearly every part is as it was.
    const isKept = Object.is(outcome, part) && Object.hasOwn(value, key);
    if (run.coerces && !isKept) put(value, key, outcome);
  }
  for (const key of Object.keys(value)) {
    if (!fields.has(key) && key !== tag) return FAILED;
  }
  return value;
}

function walkPart(key: unknown, part: unknown, plan: Plan, run: Run): unknown {
  run.path.push(key);
  run.branch.push(part);
  const outcome = walk(part, plan, run);
  run.path.pop();
  run.branch.pop();
  return outcome;
}

type Fields = Record<string | number, unknown>;

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null;
}

/** Whether what was found under a key is the prototype's. */
function isFoundOn(value: unknown, key: unknown, found: unknown): boolean {
  return (
    isInherited(key) &&
    isObject(value) &&
    !Object.hasOwn(value, key) &&
    Object.is(value[key], found)
  );
}

/** Whether every object has a key, though nothing was received under it. */
export function isInherited(key: unknown): key is string {
  return typeof key === 'string' && key in Object.prototype;
}

/** As superstruct does it: a field that is absent stays so unless there is something to put there. */
function put(value: object, key: string | number, part: unknown): void {
  if (part !== undefined || key in value) (value as Fields)[key] = part;
}

function hasFailure(failures: Iterable<unknown>): boolean {
  if (Array.isArray(failures)) return failures.length > 0;
  return failures[Symbol.iterator]().next().done !== true;
}

const plans = new WeakMap<Struct, Plan>();
const maskedPlans = new WeakMap<Struct, Plan>();

function planOf(struct: Struct, masks: boolean): Plan {
  const known = (masks ? maskedPlans : plans).get(struct);
  if (known !== undefined) return known;
  const original = unmasked(struct);
  const plan = original === undefined ? planFor(struct, masks) : planOf(original, true);
  (masks ? maskedPlans : plans).set(struct, plan);
  return plan;
}

function planFor(struct: Struct, masks: boolean): Plan {
  const made = knownOf(struct);
  // A recursive struct does what the struct that it stands for does, and its parts are known.
  if (made?.tree.word === 'recursive' && made.struct === struct) {
    return planOf(made.tree.of(), masks);
  }
  const parts = partsOf(struct);
  // The validators of our variants say no more than their walk does.
  const isOwn = 'its' in parts && parts.its.validator === struct.validator;
  return {
    struct,
    masks,
    coerces: hasCoercer(struct),
    validates: !isOwn && hasValidator(struct),
    refines: hasRefiner(struct),
    parts,
  };
}

function partsOf(struct: Struct): Parts {
  const variants = objectVariantsOf(struct);
  if (variants !== undefined) return { kind: 'variants', its: variants };
  const tuple = tupleVariantsOf(struct);
  if (tuple !== undefined) return { kind: 'tuple', its: tuple };
  if (!hasEntries(struct)) return { kind: 'none' };
  if (walksArray(struct)) {
    const element = elementOf(struct);
    return element === undefined ? { kind: 'none' } : { kind: 'array', element };
  }
  if (!walksObject(struct)) return { kind: 'any' };
  const fields = fieldsOf(struct);
  if (fields === undefined) return { kind: 'none' };
  return { kind: 'object', fields, ownOnly: [...fields.keys()].some(isInherited) };
}
