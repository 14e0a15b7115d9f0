/** The private functions that printed modules bring with them, each only where it is used. */
import { TIME_SOURCES } from './time-helpers.ts';

/** Their names, in the order in which they are printed. */
export const HELPERS = [
  'with_optional',
  'encode_result',
  'decode_result',
  'required_field',
  'nullable_field',
  'inherited_field',
  'decode_object',
  'next_element',
  'or_null',
  'decode_nested',
  'decode_integer',
  'decode_number',
  'decode_nil',
  'decode_exactly',
  'decode_mapped',
  'timestamp_to_string',
  'date_to_string',
  'date_from_string',
  'duration_to_milliseconds',
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
  // What is added is visited, too.
  for (const name of context.helpers) {
    for (const called of CALLS[name] ?? []) context.helpers.add(called);
  }
  const sources: string[] = [];
  for (const name of HELPERS) {
    if (!context.helpers.has(name)) continue;
    if (SOURCES[name].includes('Option(')) context.unqualifiedType('gleam/option', 'Option');
    sources.push(
      SOURCES[name]
        .trim()
        .replaceAll(
          /\b(calendar|decode|dict|duration|dynamic|float|int|json|list|option|string|timestamp)\.(?=\w)/g,
          (_, alias: string) =>
            context.qualified(
              `gleam/${Object.hasOwn(FOLDERS, alias) ? FOLDERS[alias] : ''}${alias}`,
              '',
            ),
        ),
    );
  }
  return sources;
}

/** Where modules of the standard library and of gleam_time do not stand right under `gleam`. */
const FOLDERS: Readonly<Record<string, string>> = {
  decode: 'dynamic/',
  calendar: 'time/',
  duration: 'time/',
  timestamp: 'time/',
};

const CALLS: Partial<Record<Helper, readonly Helper[]>> = {
  decode_result: ['required_field'],
  date_from_string: ['date_to_string'],
};

const SOURCES: Readonly<Record<Helper, string>> = {
  ...TIME_SOURCES,
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
  let decoder = decode.map(decoder, option.Some)
  use found <- decode.optional_field(key, option.None, decoder)
  case found {
    option.Some(value) -> next(value)
    option.None -> {
      use _ <- decode.field(key, decode.success(Nil))
      next(zero)
    }
  }
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
  inherited_field: `
/// A nullable field with a name that every object of JavaScript has: an absent \`constructor\` is a
/// function there, and JSON has none.
fn inherited_field(
  key: name,
  decoder: decode.Decoder(a),
  next: fn(Option(a)) -> decode.Decoder(b),
) -> decode.Decoder(b) {
  let own = {
    use value <- decode.then(decode.dynamic)
    case dynamic.classify(value) {
      "Function" -> decode.success(option.None)
      _ -> decode.optional(decoder)
    }
  }
  decode.optional_field(key, option.None, own, next)
}`,
  decode_object: `
/// In JavaScript an array has fields, too: \`length\`, and those that are functions.
fn decode_object() -> decode.Decoder(Nil) {
  use value <- decode.then(decode.dynamic)
  case dynamic.classify(value) {
    "Object" | "Dict" -> decode.success(Nil)
    _ -> decode.failure(Nil, "Object")
  }
}`,
  next_element: `
/// Decodes the first of the elements that are left of an array.
fn next_element(
  elements: List(dynamic.Dynamic),
  at: String,
  zero: a,
  decoder: decode.Decoder(a),
  next: fn(a, List(dynamic.Dynamic)) -> decode.Decoder(b),
) -> decode.Decoder(b) {
  let #(found, rest) = case elements {
    [first, ..rest] -> #(decode.run(first, decoder), rest)
    [] -> #(Error([decode.DecodeError("Field", "Nothing", [])]), [])
  }
  case found {
    Ok(value) -> next(value, rest)
    Error(errors) -> {
      use others <- decode.map_errors(next(zero, rest))
      list.map(errors, fn(error) {
        decode.DecodeError(..error, path: [at, ..error.path])
      })
      |> list.append(others)
    }
  }
}`,
  or_null: `
/// A payload of null may be missing.
fn or_null(elements: List(dynamic.Dynamic)) -> List(dynamic.Dynamic) {
  case elements {
    [] -> [dynamic.nil()]
    _ -> elements
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
  decode_integer: `
/// A whole number is an integer however it is written: JavaScript prints 1e21, and others 1.0.
fn decode_integer() -> decode.Decoder(Int) {
  let from_float = {
    use number <- decode.then(decode.float)
    let whole = float.truncate(number)
    // Infinity, which JavaScript reads from 1e400, is no number.
    case number -. number == 0.0 && int.to_float(whole) == number {
      True -> decode.success(whole)
      False -> decode.failure(0, "Int")
    }
  }
  decode.one_of(decode.int, [from_float])
}`,
  decode_number: `
/// JavaScript prints 1.0 as 1. Too large an integer would crash on the BEAM when it is converted.
fn decode_number() -> decode.Decoder(Float) {
  let from_int = {
    use whole <- decode.then(decode.int)
    case int.bitwise_shift_right(int.absolute_value(whole), 1023) {
      0 -> decode.success(int.to_float(whole))
      _ -> decode.failure(0.0, "Float")
    }
  }
  use number <- decode.then(decode.one_of(decode.float, [from_int]))
  // Infinity, which JavaScript reads from 1e400, is no number.
  case number -. number == 0.0 {
    True -> decode.success(number)
    False -> decode.failure(0.0, "Float")
  }
}`,
  decode_nil: `
fn decode_nil() -> decode.Decoder(Nil) {
  decode.optional(decode.failure(Nil, "Nil"))
  |> decode.map(fn(_) { Nil })
}`,
  decode_mapped: `
fn decode_mapped(
  decoder: decode.Decoder(a),
  from: fn(a) -> Result(b, c),
  zero: b,
  name: String,
) -> decode.Decoder(b) {
  use value <- decode.then(decoder)
  case from(value) {
    Ok(value) -> decode.success(value)
    Error(_) -> decode.failure(zero, name)
  }
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
