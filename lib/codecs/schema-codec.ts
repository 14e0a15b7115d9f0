/** A JSON codec made from schemas of any library that implements Standard Schema. */
import { type JsonCodec } from '../core/codec.ts';
import { DecodeError } from '../core/errors.ts';
import { type Fault, refuse, UnsendableError } from '../core/refusal.ts';
import { type JsonFault, jsonFaultIn } from './json-value.ts';
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

/** Options of {@link schemaCodec}. */
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
 * Makes a JSON codec from two schemas of zod, valibot, arktype, or any other library that
 * speaks Standard Schema.
 *
 * `encode` sends what `outgoing` makes of a message (a schema that strips unknown fields strips
 * them). What it does not accept an application skips; for a reply, `send` and `publish` it is an
 * `EncodeError`, and so is everywhere what JSON cannot hold, as with `structCodec`.
 *
 * The guards and errors are those of `structCodec`. Standard Schema has no word for what was
 * expected that would not quote what was received, so the error holds the place alone; names of
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
    throw new DecodeError(`expected ${EXPECTED}`, {
      path: pathOf(issue, value, names),
    });
  };
  let outgoingNames: ReadonlySet<string> | undefined;
  const placeIn = (issue: SchemaIssue | undefined, value: unknown): (string | number)[] =>
    pathOf(issue, value, (outgoingNames ??= namesIn(outgoing)));
  const explain = (message: unknown): Fault => {
    const { issues } = runSchema(outgoing, message, 'outgoing');
    return { expected: EXPECTED, path: placeIn(issues?.[0], message) };
  };
  const unsendable = ({ expected, path }: JsonFault, sent: unknown): Error =>
    new UnsendableError({ expected, path: placeIn({ message: '', path }, sent) });
  return {
    decode: (text) => decodeChecked(parseJson(text)),
    decodeValue: (value) => decodeChecked(checkJson(value)),
    encode: (message: unknown) => {
      const result = runSchema(outgoing, message, 'outgoing');
      if (result.issues !== undefined) return refuse(explain, message);
      const fault = jsonFaultIn(result.value);
      if (fault !== undefined) throw unsendable(fault, result.value);
      return JSON.stringify(result.value);
    },
  };
}

/** Standard Schema has no word for it that would not quote the message. */
const EXPECTED = 'what the schema asks for';

/** The path of an issue, without keys that were received. */
function pathOf(
  issue: SchemaIssue | undefined,
  root: unknown,
  names: ReadonlySet<string>,
): (string | number)[] {
  let value = root;
  // Not `map`: arktype's paths are a class of their own, which would make one with the place 0.
  return Array.from(issue?.path ?? [], (step) => {
    const key = typeof step === 'object' ? step.key : step;
    const isPlace = typeof key === 'number' && Array.isArray(value);
    value = (value as Record<PropertyKey, unknown> | null | undefined)?.[key];
    return isPlace || (typeof key === 'string' && names.has(key)) ? key : '*';
  });
}
