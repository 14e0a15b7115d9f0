import { array, boolean, integer, literal, number, object, string } from 'superstruct';
import { describe, expect, it } from 'vitest';
import { type AnyStruct } from '../../../lib/codecs/any-struct.ts';
import {
  named,
  nullable,
  oneOf,
  optional,
  recursive,
  tuple,
  tupleVariants,
  variants,
} from '../../../lib/codecs.ts';
import { bodyOf, moduleOf } from '../../support/printed.ts';

/** The body of `message_decoder`, and the whole module. */
function decoderOf(Message: AnyStruct): { readonly body: string; readonly module: string } {
  const module = moduleOf({ Message });
  return { body: bodyOf(module, 'message_decoder'), module };
}

describe('a decoder', () => {
  it('chooses by the tag, and reads the fields of that one variant', () => {
    const { body } = decoderOf(variants('kind', { a: { x: string() }, b: {} }));

    expect(body).toBe(`  use tag <- decode.field("kind", decode.string)
  case tag {
    "a" -> {
      use x <- decode.field("x", decode.string)
      decode.success(A(x:))
    }
    "b" -> decode.success(B)
    _ -> decode.failure(B, "Message")
  }
`);
  });

  it('chooses by the kind of JSON where there is no tag, and tries nothing in vain', () => {
    const { body, module } = decoderOf(
      object({
        any: nullable(
          oneOf([
            string(),
            integer(),
            boolean(),
            array(number()),
            named('Point', object({ a: string() })),
          ]),
        ),
      }),
    );

    expect(body).toContain('nullable_field("any", message_any_decoder())');
    expect(module).toContain(
      `  use value <- decode.then(decode.dynamic)
  case dynamic.classify(value) {
    "String" -> decode.map(decode.string, MessageAnyString)
    "Int" | "Float" -> decode.map(decode_integer(), MessageAnyInt)
    "Bool" -> decode.map(decode.bool, MessageAnyBool)
    "Array" | "List" -> decode.map(decode.list(decode_number()), MessageAnyList)
    "Object" | "Dict" -> decode.map(point_decoder(), MessageAnyPoint)
    _ -> decode.failure(message_any_zero(), "MessageAny")
  }
`,
    );
    expect(module).not.toContain('one_of(decode.map');
  });

  it('takes arrays apart, so that no object with a field 0 is one', () => {
    const { body } = decoderOf(object({ at: tuple([number(), string()]) }));

    expect(body).toContain(`decode.field("at", {
    use elements <- decode.then(decode.list(decode.dynamic))
    use a, elements <- next_element(elements, "0", 0.0, decode_number())
    use b, _ <- next_element(elements, "1", "", decode.string)
    decode.success(#(a, b))
  })`);
  });

  it('reads a missing payload as null, where it may be null', () => {
    const { body } = decoderOf(
      tupleVariants({ 0: literal(null), 1: nullable(string()), 2: string() }),
    );

    expect(body).toContain('use _, _ <- next_element(or_null(elements), "1", Nil, decode_nil())');
    expect(body.match(/or_null\(elements\)/g)).toHaveLength(2);
    expect(body).toContain('next_element(elements, "1", "", decode.string)');
  });

  it.each<[why: string, struct: AnyStruct, helper: string]>([
    [
      'an object has a constructor',
      object({ constructor: optional(string()), a: string() }),
      'inherited_field',
    ],
    ['an array has a length', object({ length: integer() }), 'decode_object'],
    ['an array has no fields to miss', object({ a: optional(string()) }), 'decode_object'],
    ['anything has no fields to miss', object({}), 'decode_object'],
    [
      'decode.field goes on around what is missing',
      object({ a: array(object({ b: string() })) }),
      'required_field',
    ],
    ['1.0 is an integer', object({ a: integer() }), 'decode_integer'],
    ['1 is a float', object({ a: number() }), 'decode_number'],
    ['a field may be null', object({ a: string(), b: nullable(string()) }), 'nullable_field'],
    ['one value is asked for', object({ a: literal('x') }), 'decode_exactly'],
  ])('knows that %s', (_why, struct, helper) => {
    const { body, module } = decoderOf(struct);

    expect(body).toContain(`${helper}(`);
    expect(module).toContain(`\nfn ${helper}(`);
  });

  it('counts how deep a type holds itself, and only then', () => {
    const flat = decoderOf(object({ a: string(), b: object({ c: string() }) }));
    const deep = decoderOf(recursive<unknown>('Message', (self) => object({ a: array(self) })));

    expect(flat.module).not.toContain('depth');
    expect(deep.body).toBe('  message_decoder_within(64)\n');
    expect(deep.module).toContain('decode.list(message_decoder_within(depth - 1))');
  });
});
