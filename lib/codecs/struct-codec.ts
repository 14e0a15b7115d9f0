/** A JSON codec made from superstruct structs. */
import { type Failure, type Struct, type StructError, validate } from 'superstruct';
import { expectStruct } from './any-struct.ts';
import { type JsonCodec } from '../core/codec.ts';
import { DecodeError } from '../core/errors.ts';
import { type Fault, refuse, UnsendableError } from '../core/refusal.ts';
import { type JsonFault, jsonFaultIn } from './json-value.ts';
import { checkJson, parseJson } from './json.ts';
import { isPart, isPrintable } from './sendable.ts';
import { faultOf, type StructFailure } from './struct-failure.ts';
import { accepts, create, FAILED, isInherited } from './struct-runner.ts';
import { tupleVariantsOf } from './tuple-variants.ts';
import { objectVariantsOf } from './variants.ts';

/** Options of {@link structCodec}. */
export interface StructCodecOptions<In, Out> {
  /** What this side receives. */
  readonly incoming: Struct<In>;
  /** What this side sends. */
  readonly outgoing: Struct<Out>;
}

/**
 * Makes a JSON codec from two structs.
 *
 * `decode` makes of a string what superstruct's `create` makes of its value: it coerces (`defaulted`,
 * `trimmed`, `coerce`). `encode` never coerces: a message that `outgoing` accepts is sent as it is,
 * or without the fields that `outgoing` drops. Any other gives undefined: an application skips it,
 * and for a reply, `send` and `publish` it is an `EncodeError` that says what was expected where.
 *
 * Refused whatever the struct: nesting deeper than 64, an own key `__proto__`, and `prototype`
 * under a key `constructor`.
 *
 * `decode` and `decodeValue` throw a {@link DecodeError}, and nothing else; its text says what the
 * structs expected where, and holds nothing of what was received. `encode` throws a TypeError at an
 * accepted message that JSON cannot hold as it is (NaN, Infinity, a bigint, a Map, undefined in an
 * array, a cycle, `toJSON`; a `Date` travels as its ISO text), and what a refiner throws.
 *
 * @throws TypeError when `incoming` or `outgoing` is no struct
 *
 * @example
 * const codec = structCodec({
 *   incoming: variants('type', { add: { amount: integer() }, reset: {} }),
 *   outgoing: variants('type', { total: { value: integer() } }),
 * });
 */
export function structCodec<In, Out>({
  incoming,
  outgoing,
}: StructCodecOptions<In, Out>): JsonCodec<In, Out> {
  expectStruct(incoming, 'incoming');
  expectStruct(outgoing, 'outgoing');
  const isForeign = foreignTo(outgoing);
  const incomingVariants = objectVariantsOf(incoming) ?? tupleVariantsOf(incoming);
  /** By superstruct itself, which can say what was expected where. */
  const decodeChecked = (value: unknown): In => {
    let failure;
    try {
      const [error, message] = validate(value, incoming, { coerce: true });
      if (error === undefined) return message as In;
      failure = firstReal(error);
      if (failure === undefined) {
        const created = create(value, incoming);
        if (created !== FAILED) return created as In;
        failure = error;
      }
    } catch (cause) {
      // superstruct fails to print some values that it refuses, and a refiner may throw.
      // guard: superstruct that throws → throw cause;
      throw cause instanceof DecodeError ? cause : new DecodeError(undefined, { cause });
    }
    const { expected, path } = faultOf(failure, incoming);
    throw new DecodeError(`expected ${expected}`, { path });
  };
  const explain = (message: unknown): Fault => faultOfRefused(message, outgoing);
  return {
    decode: (text) => {
      const value = parseJson(text);
      try {
        const message = create(value, incoming);
        if (message !== FAILED) return message as In;
      } catch {
        // superstruct will throw it again.
      }
      // Parsed once more, because some structs coerce in place.
      return decodeChecked(parseJson(text));
    },
    decodeValue: (value) => decodeChecked(checkJson(value)),
    encode: (message: unknown) => {
      if (isForeign(message)) return refuse(explain, message);
      const sent = accepted(message, outgoing);
      if (sent === refused) return refuse(explain, message);
      const fault = jsonFaultIn(sent);
      if (fault !== undefined) throw unsendable(fault, sent, outgoing);
      return JSON.stringify(sent);
    },
    tagOf: (message) => incomingVariants?.find(message)?.tag,
  };
}

const refused = Symbol('refused');

/**
 * The first failure that is about the message, and not about what superstruct found under the name of
 * an absent field on the prototype.
 */
function firstReal(error: StructError): StructFailure | undefined {
  const isReal = ({ path, branch }: Pick<Failure, 'path' | 'branch'>): boolean => {
    const key: unknown = path.at(-1);
    return !isInherited(key) || Object.hasOwn(Object(branch.at(-2)) as object, key);
  };
  // The others are collected only where they are needed: there may be thousands.
  return isReal(error) ? error : error.failures().find(isReal);
}

/** Why a struct refuses a message that was to be sent. */
function faultOfRefused(message: unknown, struct: Struct): Fault {
  try {
    // Coerced first, so that a field which would be left out is not what it is blamed for.
    const [error] = validate(message, struct, { coerce: true });
    const [failure = error] = validate(message, struct);
    const first = error ?? failure;
    if (first !== undefined) return faultOf(firstReal(first) ?? first, struct);
  } catch {
    // superstruct fails to print some of what it refuses.
  }
  return { expected: 'a message that `outgoing` accepts', path: [] };
}

function unsendable({ expected, path, branch }: JsonFault, root: unknown, struct: Struct): Error {
  // Keys of a dictionary are data: only those that stand in the struct are named.
  const failure = { type: '', refinement: undefined, path, branch: [root, ...branch] };
  return new UnsendableError(faultOf(failure, struct, expected));
}

/**
 * Makes a check for messages that have no tag of a struct's variants: refused whatever they
 * hold, coerced or not. An application offers its encoder every message that it receives, and a
 * failure of superstruct's costs as much as five messages.
 */
function foreignTo(struct: Struct): (message: unknown) => boolean {
  const variants = objectVariantsOf(struct) ?? tupleVariantsOf(struct);
  // Refined, optional or with a coercion it has another validator, and may take others too.
  if (variants?.validator !== struct.validator) return () => false;
  return (message) => {
    try {
      return variants.find(message) === undefined;
    } catch {
      // A proxy that throws; it is refused below.
      return false;
    }
  };
}

/**
 * The message as it is to be sent, or {@link refused}.
 * @throws what a refiner throws
 */
function accepted(message: unknown, struct: Struct): unknown {
  try {
    if (accepts(message, struct)) return message;
    // What `drop` leaves out does not make a message another one; what a coercion makes of it does.
    const created = create(message, struct);
    return created !== FAILED && isPart(created, message) ? created : refused;
  } catch (error) {
    // superstruct prints what it refuses, and throws at what cannot be printed: that is refused.
    if (!isPrintable(message)) return refused;
    throw error;
  }
}
