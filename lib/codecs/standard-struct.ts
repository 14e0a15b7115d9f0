/** A struct as a Standard Schema, for tools that take any library's schemas. */
import { type Struct, validate } from 'superstruct';
import { expectStruct } from './any-struct.ts';
import { type JsonSchema, jsonSchemaOf } from './json-schema.ts';
import { type SchemaResult, type StandardSchema } from './standard-schema.ts';
import { faultOf } from './struct-failure.ts';

/** A Standard Schema that can also give its JSON Schema. */
export interface StandardStruct<Type> extends StandardSchema<unknown, Type> {
  readonly '~standard': StandardSchema<unknown, Type>['~standard'] & {
    readonly jsonSchema: {
      readonly input: (options: { readonly target: string }) => JsonSchema;
      readonly output: (options: { readonly target: string }) => JsonSchema;
    };
  };
}

const TARGET = 'draft-2020-12';

/**
 * Wraps a struct, so that it can be given where a Standard Schema or a Standard JSON Schema is
 * expected. Its issues say what was expected where, and hold nothing of what was received.
 *
 * @throws TypeError when `struct` is no struct; `jsonSchema` throws a DefinitionError when it cannot
 * be read, and an Error for another target than `draft-2020-12`
 *
 * Source: https://standardschema.dev
 */
export function standardSchemaOf<Type>(struct: Struct<Type>): StandardStruct<Type> {
  const plain: unknown = struct;
  expectStruct(plain, 'struct');
  const schema =
    (direction: 'incoming' | 'outgoing') =>
    ({ target }: { readonly target: string }): JsonSchema => {
      if (target !== TARGET) throw new Error(`Expected the target ${TARGET}, got ${target}`);
      return jsonSchemaOf(plain, { direction });
    };
  return {
    '~standard': {
      version: 1,
      vendor: 'express-omnimessage',
      validate: (value) => resultOf(value, plain) as SchemaResult<Type>,
      jsonSchema: { input: schema('incoming'), output: schema('outgoing') },
    },
  };
}

function resultOf(value: unknown, struct: Struct): SchemaResult<unknown> {
  const [error, created] = validate(value, struct, { coerce: true });
  if (error === undefined) return { value: created };
  const { expected, path } = faultOf(error, struct);
  return { issues: [{ message: `Expected ${expected}`, path }] };
}
