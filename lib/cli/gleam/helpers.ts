/** The private functions that printed modules bring with them, each only where it is used. */

/** Their names. One that calls another stands before it. */
export const HELPERS = [
  'with_optional',
  'encode_result',
  'decode_result',
  'required_field',
  'nullable_field',
  'own_fields',
  'decode_nested',
  'decode_number',
  'decode_nil',
  'decode_exactly',
] as const;

export type Helper = (typeof HELPERS)[number];

/** What the source of a helper asks of the module that it stands in. */
export interface HelperContext {
  readonly helpers: Set<Helper>;
  readonly qualified: (module: string, name: string) => string;
  readonly unqualifiedType: (module: string, name: string) => string;
}

/** Prints the helpers that were asked for, and those that they call. */
export function helperSources(context: HelperContext): string[] {
  const sources: string[] = [];
  for (const name of HELPERS) {
    if (!context.helpers.has(name)) continue;
    for (const called of CALLS[name] ?? []) context.helpers.add(called);
    if (SOURCES[name].includes('Option(')) context.unqualifiedType('gleam/option', 'Option');
    sources.push(
      SOURCES[name]
        .trim()
        .replaceAll(/\b(decode|dict|dynamic|int|json|list|option)\.(?=\w)/g, (_, alias: string) =>
          context.qualified(alias === 'decode' ? 'gleam/dynamic/decode' : `gleam/${alias}`, ''),
        ),
    );
  }
  return sources;
}

const CALLS: Partial<Record<Helper, readonly Helper[]>> = { decode_result: ['required_field'] };

const SOURCES: Readonly<Record<Helper, string>> = {
  with_optional: `
/// Adds a field where there is a value for it.
fn with_optional(
  fields: List(#(String, json.Json)),
  key: String,
  value: Option(a),
  to_json: fn(a) -> json.Json,
) -> List(#(String, json.Json)) {
  case value {
    option.Some(value) -> list.append(fields, [#(key, to_json(value))])
    option.None -> fields
  }
}`,
  encode_result: `
fn encode_result(
  result: Result(a, b),
  ok_to_json: fn(a) -> json.Json,
  error_to_json: fn(b) -> json.Json,
) -> json.Json {
  let #(tag, value) = case result {
    Ok(value) -> #("ok", ok_to_json(value))
    Error(value) -> #("error", error_to_json(value))
  }
  json.object([#("type", json.string(tag)), #("value", value)])
}`,
  decode_result: `
fn decode_result(
  zero: Result(a, b),
  ok_decoder: decode.Decoder(a),
  error_decoder: decode.Decoder(b),
) -> decode.Decoder(Result(a, b)) {
  use tag <- decode.field("type", decode.string)
  let decoder = case tag {
    "ok" -> decode.map(ok_decoder, Ok)
    "error" -> decode.map(error_decoder, Error)
    _ -> decode.failure(zero, "Result")
  }
  required_field("value", zero, decoder, decode.success)
}`,
  required_field: `
/// Decodes a field that must be there. \`decode.field\` alone would run the decoder on the value
/// around a missing field, and a hostile message could make that take forever.
fn required_field(
  key: name,
  zero: a,
  decoder: decode.Decoder(a),
  next: fn(a) -> decode.Decoder(b),
) -> decode.Decoder(b) {
  use _ <- decode.field(key, decode.success(Nil))
  decode.optional_field(key, zero, decoder, next)
}`,
  nullable_field: `
/// Decodes a field that may be null or absent.
fn nullable_field(
  key: name,
  decoder: decode.Decoder(a),
  next: fn(Option(a)) -> decode.Decoder(b),
) -> decode.Decoder(b) {
  decode.optional_field(key, option.None, decode.optional(decoder), next)
}`,
  own_fields: `
/// Decodes an object by its own fields: in JavaScript every object has a field \`constructor\`, and
/// every array a field \`length\`.
fn own_fields(zero: a, next: fn() -> decode.Decoder(a)) -> decode.Decoder(a) {
  use fields <- decode.then(decode.dict(decode.string, decode.dynamic))
  let fields =
    dict.to_list(fields)
    |> list.map(fn(field) { #(dynamic.string(field.0), field.1) })
    |> dynamic.properties
  case decode.run(fields, next()) {
    Ok(value) -> decode.success(value)
    Error(errors) ->
      decode.failure(zero, "Object") |> decode.map_errors(fn(_) { errors })
  }
}`,
  decode_nested: `
/// Refuses what is nested too deep before it overflows the stack. Servers refuse it as well.
fn decode_nested(
  depth: Int,
  zero: a,
  next: fn() -> decode.Decoder(a),
) -> decode.Decoder(a) {
  use <- decode.recursive
  case depth > 0 {
    True -> next()
    False -> decode.failure(zero, "less nesting")
  }
}`,
  decode_number: `
/// JavaScript prints 1.0 as 1. Integers beyond those that it prints are refused: some are too
/// large for a float, and converting them would crash on the BEAM.
fn decode_number() -> decode.Decoder(Float) {
  let from_int = {
    use int <- decode.then(decode.int)
    case int.absolute_value(int) / 9_007_199_254_740_991 < 1_000_000 {
      True -> decode.success(int.to_float(int))
      False -> decode.failure(0.0, "Float")
    }
  }
  decode.one_of(decode.float, [from_int])
}`,
  decode_nil: `
fn decode_nil() -> decode.Decoder(Nil) {
  decode.optional(decode.failure(Nil, "Nil"))
  |> decode.map(fn(_) { Nil })
}`,
  decode_exactly: `
/// Decodes one value, and no other.
fn decode_exactly(
  decoder: decode.Decoder(a),
  expected: a,
) -> decode.Decoder(Nil) {
  use value <- decode.then(decoder)
  case value == expected {
    True -> decode.success(Nil)
    False -> decode.failure(Nil, "the constant of this field")
  }
}`,
};
