/** Values of a definition, as they stand in JSON. */
import * as fc from 'fast-check';
import { type Field, type Shape } from '../../lib/codecs.ts';

const texts = fc.oneof(
  fc.string({ maxLength: 12 }),
  fc.constantFrom('', '"\\\n', 'Grüße', '日本', '__proto', 'constructor', '\u0000', '\u2028', '😀'),
);
const floats = fc.oneof(
  fc.constantFrom(
    0,
    1,
    -1.25,
    100.5,
    1e-7,
    1e20,
    1e21,
    2 ** 53,
    -(10 ** 15),
    1.7976931348623157e308,
  ),
  fc
    .double({ noNaN: true, noDefaultInfinity: true })
    .map((value) => (Object.is(value, -0) ? 0 : value)),
);

/** Values of a shape, as they stand in JSON. */
export function valuesOf(
  shape: Shape,
  types: Readonly<Record<string, Shape>>,
  depth = 0,
): fc.Arbitrary<unknown> {
  const within = (inner: Shape): fc.Arbitrary<unknown> => valuesOf(inner, types, depth + 1);
  const isDeep = depth > 6;
  switch (shape.kind) {
    case 'string':
      return shape.minLength === undefined && shape.maxLength === undefined
        ? texts
        : fc.string({
            minLength: shape.minLength ?? 0,
            maxLength: shape.maxLength ?? 40,
            unit: 'binary-ascii',
          });
    case 'integer':
      return fc.oneof(fc.constantFrom(0, -1, 2 ** 31, Number.MAX_SAFE_INTEGER), fc.integer());
    case 'number':
      return floats;
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'unknown':
      return fc.jsonValue();
    case 'literal':
      return fc.constant(shape.value);
    case 'enums':
      return fc.constantFrom(...shape.values);
    case 'array':
      return isDeep ? fc.constant([]) : fc.array(within(shape.items), { maxLength: 3 });
    case 'dict':
      return isDeep
        ? fc.constant({})
        : fc.dictionary(
            texts.filter((key) => key !== '__proto__'),
            within(shape.values),
            { maxKeys: 3, noNullPrototype: true },
          );
    case 'tuple':
      return fc.tuple(...shape.items.map(within));
    case 'nullable':
      return isDeep ? fc.constant(null) : fc.oneof(fc.constant(null), within(shape.of));
    case 'object':
      return fieldsOf(shape.fields, within, isDeep);
    case 'variants': {
      const made = shape.variants.map(({ tag, fields }) =>
        fieldsOf(fields, within, isDeep).map((value) => ({ [shape.tag]: tag, ...value })),
      );
      return isDeep ? (made[0] ?? fc.constant(null)) : fc.oneof(...made);
    }
    case 'tupleVariants':
      return fc.oneof(
        ...shape.variants.map(({ tag, payload }) => within(payload).map((value) => [tag, value])),
      );
    case 'oneOf':
      return fc.oneof(...shape.options.map(within));
    case 'reference': {
      const named = types[shape.name];
      // As deep as a variant that ends.
      return named === undefined ? fc.constant(null) : fc.constant(null).chain(() => within(named));
    }
  }
}

function fieldsOf(
  fields: readonly Field[],
  within: (shape: Shape) => fc.Arbitrary<unknown>,
  isDeep: boolean,
): fc.Arbitrary<Record<string, unknown>> {
  const kept = fields.filter(({ optional: mayBeAbsent }) => !(isDeep && mayBeAbsent === true));
  const absent = kept.filter(({ optional: mayBeAbsent }) => mayBeAbsent === true);
  return fc
    .tuple(
      fc.tuple(...kept.map(({ shape }) => within(shape))),
      fc.subarray(absent.map(({ key }) => key)),
    )
    .map(([values, without]) =>
      Object.fromEntries(
        kept.flatMap(({ key }, at) => (without.includes(key) ? [] : [[key, values[at]]])),
      ),
    );
}
