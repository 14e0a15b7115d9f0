import { array, integer, literal, number, object, string } from 'superstruct';
import { describe, expect, it } from 'vitest';
import { type AnyStruct } from '../../../lib/codecs/any-struct.ts';
import {
  dict,
  nullable,
  oneOf,
  optional,
  tuple,
  tupleVariants,
  variants,
} from '../../../lib/codecs.ts';
import { bodyOf, moduleOf } from '../../support/printed.ts';

/** The body of `message_to_json`. */
const encoderOf = (Message: AnyStruct): string => bodyOf(moduleOf({ Message }), 'message_to_json');

describe('an encoder', () => {
  it('writes the tag first, then what is constant, then the fields', () => {
    expect(encoderOf(variants('kind', { a: { x: string(), v: literal(2) }, b: {} })))
      .toBe(`  case message {
    A(x:) ->
      json.object([
        #("kind", json.string("a")),
        #("v", json.int(2)),
        #("x", json.string(x)),
      ])
    B -> json.object([#("kind", json.string("b"))])
  }
`);
  });

  it('leaves an optional field out where there is no value, and writes null for a nullable one', () => {
    expect(encoderOf(object({ a: optional(string()), b: nullable(integer()) })))
      .toBe(`  let Message(a:, b:) = message
  [#("b", json.nullable(b, json.int))]
  |> with_optional("a", a, json.string)
  |> json.object
`);
  });

  it('writes the tag and the payload of an array, and null where there is none', () => {
    expect(encoderOf(tupleVariants({ 0: literal(null), people: array(number()) })))
      .toBe(`  case message {
    Message0 ->
      json.preprocessed_array([
        json.int(0),
        json.null(),
      ])
    People(payload) ->
      json.preprocessed_array([
        json.string("people"),
        json.array(payload, json.float),
      ])
  }
`);
  });

  it('writes the value alone of one of several shapes', () => {
    expect(encoderOf(object({ any: oneOf([string(), integer()]) }))).toBe(
      `  let Message(any:) = message
  json.object([#("any", message_any_to_json(any))])
`,
    );
  });

  it('writes tuples and dictionaries by what is in them', () => {
    expect(encoderOf(object({ at: tuple([number(), string()]), by: dict(array(string())) })))
      .toBe(`  let Message(at:, by:) = message
  json.object([
    #(
      "at",
      json.preprocessed_array([
        json.float(at.0),
        json.string(at.1),
      ]),
    ),
    #(
      "by",
      json.dict(by, fn(key) { key }, fn(value) {
        json.array(value, json.string)
      }),
    ),
  ])
`);
  });
});
