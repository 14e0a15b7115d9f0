/** A codec of JSON texts, made from schemas of any library that speaks Standard Schema. */
import { type JsonCodec } from '../core/codec.ts';
import { DecodeError } from '../core/errors.ts';
import { checkJson, parseJson } from './json.ts';
import {
  expectSchema,
  namesIn,
  runSchema,
  type SchemaInput,
  type SchemaIssue,
  type SchemaOutput,
  type StandardSchema,
} from './standard-schema.ts';

/** What {@link schemaCodec} is made from. */
export interface SchemaCodecOptions<
  Incoming extends StandardSchema,
  Outgoing extends StandardSchema,
> {
  /** What this side receives: a message is what this schema gives. */
  readonly incoming: Incoming;
  /** What this side sends: a message is what this schema takes, and what it gives is sent. */
  readonly outgoing: Outgoing;
}

/**
 * Makes a codec of JSON texts from two schemas of zod, valibot, arktype, or any other library that
 * speaks Standard Schema.
 *
 * `encode` sends what `outgoing` makes of a message (a schema that strips unknown fields strips
 * them), and skips what it does not accept.
 *
 * The guards and errors are those of `structCodec`. Standard Schema has no word for what was
 * expected that would not quote what was received, so the error tells the place alone; names of
 * fields stand in it where the library can give JSON Schema (zod 4.2 can), else `*`.
 *
 * An asynchronous schema cannot be used: at a message for which it answers with a promise, decoding
 * fails with a {@link DecodeError} whose `cause` is a TypeError that says so, and encoding throws
 * that TypeError.
 *
 * @throws TypeError when `incoming` or `outgoing` is no Standard Schema
 *
 * Source: https://standardschema.dev
 */
export function schemaCodec<Incoming extends StandardSchema, Outgoing extends StandardSchema>({
  incoming,
  outgoing,
}: SchemaCodecOptions<Incoming, Outgoing>): JsonCodec<
  SchemaOutput<Incoming>,
  SchemaInput<Outgoing>
> {
  expectSchema(incoming, 'incoming');
  expectSchema(outgoing, 'outgoing');
  let names: ReadonlySet<string> | undefined;
  const decodeChecked = (value: unknown): SchemaOutput<Incoming> => {
    let issue: SchemaIssue | undefined;
    try {
      const result = runSchema(incoming, value, 'incoming');
      if (result.issues === undefined) return result.value;
      [issue] = result.issues;
    } catch (cause) {
      throw cause instanceof DecodeError ? cause : new DecodeError(undefined, { cause });
    }
    names ??= namesIn(incoming);
    throw new DecodeError('expected what the schema asks for', {
      path: pathOf(issue, value, names),
    });
  };
  return {
    decode: (text) => decodeChecked(parseJson(text)),
    decodeValue: (value) => decodeChecked(checkJson(value)),
    encode: (message: unknown) => {
      const result = runSchema(outgoing, message, 'outgoing');
      return result.issues === undefined ? JSON.stringify(result.value) : undefined;
    },
  };
}

/** The path of an issue, without keys that were received. */
function pathOf(
  issue: SchemaIssue | undefined,
  root: unknown,
  names: ReadonlySet<string>,
): (string | number)[] {
  let value = root;
  return (issue?.path ?? []).map((step) => {
    const key = typeof step === 'object' ? step.key : step;
    const isPlace = typeof key === 'number' && Array.isArray(value);
    value = (value as Record<PropertyKey, unknown> | null | undefined)?.[key];
    return isPlace || (typeof key === 'string' && names.has(key)) ? key : '*';
  });
}
