/**
 * What schema libraries have in common, written from the specification so that none of them is a
 * dependency.
 *
 * Source: Standard Schema and Standard JSON Schema, version 1, https://standardschema.dev
 */

/** A schema of any library that speaks Standard Schema (zod, valibot, arktype and others). */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    /** Never there at run time: it only carries the types. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** What a schema takes. */
export type SchemaInput<Schema extends StandardSchema> = NonNullable<
  Schema['~standard']['types']
>['input'];

/** What a schema gives. */
export type SchemaOutput<Schema extends StandardSchema> = NonNullable<
  Schema['~standard']['types']
>['output'];

/** What a schema answers. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** One thing that is wrong. */
export interface SchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/**
 * Checks an argument of a maker. Whether a schema is asynchronous shows only when it is run.
 * @throws TypeError when it is no such schema
 */
export function expectSchema(schema: StandardSchema, name: string): void {
  const standard = (schema as Partial<StandardSchema> | null | undefined)?.['~standard'];
  if (typeof standard?.validate !== 'function') {
    throw new TypeError(`Expected \`${name}\` to be a Standard Schema, got ${typeof schema}`);
  }
}

/**
 * Runs a schema.
 * @param name - which one, for the error
 * @throws TypeError when it answers by a promise
 */
export function runSchema<Output>(
  schema: StandardSchema<unknown, Output>,
  value: unknown,
  name: string,
): SchemaResult<Output> {
  const result = schema['~standard'].validate(value);
  if (!('then' in result)) return result;
  // It is not awaited: its rejection must not end the process.
  result.then(undefined, () => {});
  // zod tries once more, with a promise, whatever a refinement or a transform of it threw.
  throw new TypeError(
    `Expected \`${name}\` to answer at once, got a promise: it is asynchronous, or a part of it threw`,
  );
}

/** The names of fields that stand in a schema, if it can say them (as JSON Schema). */
export function namesIn(schema: StandardSchema): ReadonlySet<string> {
  const names = new Set<string>();
  try {
    const { jsonSchema } = schema['~standard'] as { jsonSchema?: JsonSchemaMaker };
    // zod would rather throw than leave out what JSON Schema cannot say, a date for instance.
    collect(
      jsonSchema?.input({
        target: 'draft-2020-12',
        libraryOptions: { unrepresentable: 'any' },
      }),
      names,
    );
  } catch {
    // Then no name is known: paths hold indexes of arrays alone.
  }
  return names;
}

interface JsonSchemaMaker {
  readonly input: (options: { target: string; libraryOptions: unknown }) => unknown;
}

function collect(node: unknown, names: Set<string>): void {
  if (typeof node !== 'object' || node === null) return;
  const { properties } = node as { properties?: unknown };
  if (typeof properties === 'object' && properties !== null) {
    for (const name of Object.keys(properties)) names.add(name);
  }
  for (const part of Object.values(node)) collect(part, names);
}
