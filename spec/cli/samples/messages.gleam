//// A sample.

import gleam/dict.{type Dict}
import gleam/dynamic
import gleam/dynamic/decode
import gleam/float
import gleam/int
import gleam/json
import gleam/list
import gleam/option.{type Option}

pub type Status {
  Sent
  Received
  ClientError
  StatusNil
}

pub type Level {
  Level0
  Level1
  Level20000
  LevelMinus3
  Level0Point5
}

pub type FromClient {
  UserSend(author: Author, status: Status)
  UserDelete(id: String)
  FromClientError(reason: Option(List(String)), constructor: Option(String))
  Fetch
}

pub type FromServer {
  FromServer0(List(Thread))
  FromServer1(Int)
  FromServer2
  People(Option(Dict(String, Author)))
}

pub type Everything {
  Everything(
    json: Bool,
    position: #(Float, Float, #(String, Int)),
    rows: List(List(Option(Float))),
    a_rather_long_name_for_a_dictionary: Dict(
      String,
      Option(List(#(String, String))),
    ),
    owner: EverythingOwner,
    level: Option(Level),
    origin: EverythingOrigin,
  )
}

pub type Thread {
  Thread(
    text: String,
    parent: Option(Thread),
    replies: List(Thread),
    quotes: List(Thread),
  )
}

/// Who wrote it.
pub type Author {
  Author(
    /// 1 to 64 characters.
    id: String,
    /// As it is shown.
    /// Never empty.
    name: String,
    type_: Option(String),
    /// 0 to 253402300799.
    sent_at: Option(Int),
    /// Matches `@`.
    e_mail: Option(String),
  )
}

pub type EverythingOwner {
  EverythingOwnerString(String)
  EverythingOwnerInt(Int)
  EverythingOwnerAuthor(Author)
  EverythingOwnerList(List(Float))
  EverythingOwnerEnums(EverythingOwnerEnums)
}

pub type EverythingOwnerEnums {
  EverythingOwnerEnumsTrue
}

pub type EverythingOrigin {
  EverythingOrigin(x: Float, y: Float, case_: Dict(String, Int))
}

pub type BoxesItem {
  BoxesItem(length: Int)
}

pub type Boxes =
  List(BoxesItem)

pub fn status_to_json(status: Status) -> json.Json {
  case status {
    Sent -> json.string("sent")
    Received -> json.string("received")
    ClientError -> json.string("client-error")
    StatusNil -> json.string("nil")
  }
}

pub fn status_decoder() -> decode.Decoder(Status) {
  use tag <- decode.then(decode.string)
  case tag {
    "sent" -> decode.success(Sent)
    "received" -> decode.success(Received)
    "client-error" -> decode.success(ClientError)
    "nil" -> decode.success(StatusNil)
    _ -> decode.failure(Sent, "Status")
  }
}

pub fn level_to_json(level: Level) -> json.Json {
  case level {
    Level0 -> json.int(0)
    Level1 -> json.int(1)
    Level20000 -> json.int(20_000)
    LevelMinus3 -> json.int(-3)
    Level0Point5 -> json.float(0.5)
  }
}

pub fn level_decoder() -> decode.Decoder(Level) {
  use tag <- decode.then(decode_number())
  case tag {
    0.0 -> decode.success(Level0)
    1.0 -> decode.success(Level1)
    20_000.0 -> decode.success(Level20000)
    -3.0 -> decode.success(LevelMinus3)
    0.5 -> decode.success(Level0Point5)
    _ -> decode.failure(Level0, "Level")
  }
}

pub fn from_client_to_json(from_client: FromClient) -> json.Json {
  case from_client {
    UserSend(author:, status:) ->
      json.object([
        #("type", json.string("user_send")),
        #("version", json.int(2)),
        #("nothing", json.null()),
        #("author", author_to_json(author)),
        #("status", status_to_json(status)),
      ])
    UserDelete(id:) ->
      json.object([
        #("type", json.string("user_delete")),
        #("id", json.string(id)),
      ])
    FromClientError(reason:, constructor:) ->
      [#("type", json.string("error"))]
      |> with_optional("reason", reason, fn(value) {
        json.array(value, json.string)
      })
      |> with_optional("constructor", constructor, json.string)
      |> json.object
    Fetch -> json.object([#("type", json.string("fetch"))])
  }
}

pub fn from_client_decoder() -> decode.Decoder(FromClient) {
  use tag <- decode.field("type", decode.string)
  case tag {
    "user_send" -> {
      use _ <- decode.field("version", decode_exactly(decode_integer(), 2))
      use _ <- decode.field("nothing", decode_nil())
      use author <- required_field("author", author_zero(), author_decoder())
      use status <- decode.field("status", status_decoder())
      decode.success(UserSend(author:, status:))
    }
    "user_delete" -> {
      use id <- decode.field("id", decode.string)
      decode.success(UserDelete(id:))
    }
    "error" -> {
      use reason <- nullable_field("reason", decode.list(decode.string))
      use constructor <- inherited_field("constructor", decode.string)
      decode.success(FromClientError(reason:, constructor:))
    }
    "fetch" -> decode.success(Fetch)
    _ -> decode.failure(Fetch, "FromClient")
  }
}

pub fn from_server_to_json(from_server: FromServer) -> json.Json {
  case from_server {
    FromServer0(payload) ->
      json.preprocessed_array([
        json.int(0),
        json.array(payload, thread_to_json),
      ])
    FromServer1(payload) ->
      json.preprocessed_array([
        json.int(1),
        json.int(payload),
      ])
    FromServer2 ->
      json.preprocessed_array([
        json.int(2),
        json.null(),
      ])
    People(payload) ->
      json.preprocessed_array([
        json.string("people"),
        json.nullable(payload, fn(value) {
          json.dict(value, fn(key) { key }, author_to_json)
        }),
      ])
  }
}

pub fn from_server_decoder() -> decode.Decoder(FromServer) {
  use elements <- decode.then(decode.list(decode.dynamic))
  use tag, elements <- next_element(
    elements,
    "0",
    Ok(""),
    decode.one_of(decode.map(decode.string, Ok), [
      decode.map(decode_integer(), Error),
    ]),
  )
  case tag {
    Error(0) -> {
      use payload, _ <- next_element(
        elements,
        "1",
        [],
        decode.list(thread_decoder()),
      )
      decode.success(FromServer0(payload))
    }
    Error(1) -> {
      use payload, _ <- next_element(elements, "1", 0, decode_integer())
      decode.success(FromServer1(payload))
    }
    Error(2) -> {
      use _, _ <- next_element(or_null(elements), "1", Nil, decode_nil())
      decode.success(FromServer2)
    }
    Ok("people") -> {
      use payload, _ <- next_element(
        or_null(elements),
        "1",
        option.None,
        decode.optional(decode.dict(decode.string, author_decoder())),
      )
      decode.success(People(payload))
    }
    _ -> decode.failure(FromServer2, "FromServer")
  }
}

pub fn everything_to_json(everything: Everything) -> json.Json {
  let Everything(
    json: json_,
    position:,
    rows:,
    a_rather_long_name_for_a_dictionary:,
    owner:,
    level:,
    origin:,
  ) = everything
  json.object([
    #("json", json.bool(json_)),
    #(
      "position",
      json.preprocessed_array([
        json.float(position.0),
        json.float(position.1),
        json.preprocessed_array([
          json.string(position.2.0),
          json.int(position.2.1),
        ]),
      ]),
    ),
    #(
      "rows",
      json.array(rows, fn(value) {
        json.array(value, fn(value) { json.nullable(value, json.float) })
      }),
    ),
    #(
      "aRatherLongNameForADictionary",
      json.dict(a_rather_long_name_for_a_dictionary, fn(key) { key }, fn(value) {
        json.nullable(value, fn(value) {
          json.array(value, fn(value) {
            json.preprocessed_array([
              json.string(value.0),
              json.string(value.1),
            ])
          })
        })
      }),
    ),
    #("owner", everything_owner_to_json(owner)),
    #("level", json.nullable(level, level_to_json)),
    #("origin", everything_origin_to_json(origin)),
  ])
}

pub fn everything_decoder() -> decode.Decoder(Everything) {
  use json_ <- decode.field("json", decode.bool)
  use position <- decode.field("position", {
    use elements <- decode.then(decode.list(decode.dynamic))
    use a, elements <- next_element(elements, "0", 0.0, decode_number())
    use b, elements <- next_element(elements, "1", 0.0, decode_number())
    use c, _ <- next_element(elements, "2", #("", 0), {
      use elements <- decode.then(decode.list(decode.dynamic))
      use a, elements <- next_element(elements, "0", "", decode.string)
      use b, _ <- next_element(elements, "1", 0, decode_integer())
      decode.success(#(a, b))
    })
    decode.success(#(a, b, c))
  })
  use rows <- decode.field(
    "rows",
    decode.list(decode.list(decode.optional(decode_number()))),
  )
  use a_rather_long_name_for_a_dictionary <- decode.field(
    "aRatherLongNameForADictionary",
    decode.dict(
      decode.string,
      decode.optional(
        decode.list({
          use elements <- decode.then(decode.list(decode.dynamic))
          use a, elements <- next_element(elements, "0", "", decode.string)
          use b, _ <- next_element(elements, "1", "", decode.string)
          decode.success(#(a, b))
        }),
      ),
    ),
  )
  use owner <- required_field(
    "owner",
    everything_owner_zero(),
    everything_owner_decoder(),
  )
  use level <- nullable_field("level", level_decoder())
  use origin <- required_field(
    "origin",
    everything_origin_zero(),
    everything_origin_decoder(),
  )
  decode.success(Everything(
    json: json_,
    position:,
    rows:,
    a_rather_long_name_for_a_dictionary:,
    owner:,
    level:,
    origin:,
  ))
}

pub fn thread_to_json(thread: Thread) -> json.Json {
  let Thread(text:, parent:, replies:, quotes:) = thread
  json.object([
    #("text", json.string(text)),
    #("parent", json.nullable(parent, thread_to_json)),
    #("replies", json.array(replies, thread_to_json)),
    #("quotes", json.array(quotes, thread_to_json)),
  ])
}

pub fn thread_decoder() -> decode.Decoder(Thread) {
  thread_decoder_within(64)
}

fn thread_decoder_within(depth: Int) -> decode.Decoder(Thread) {
  use <- decode_nested(depth, thread_zero())
  use text <- decode.field("text", decode.string)
  use parent <- nullable_field("parent", thread_decoder_within(depth - 1))
  use replies <- required_field(
    "replies",
    [],
    decode.list(thread_decoder_within(depth - 1)),
  )
  use quotes <- required_field(
    "quotes",
    [],
    decode.list(thread_decoder_within(depth - 1)),
  )
  decode.success(Thread(text:, parent:, replies:, quotes:))
}

pub fn author_to_json(author: Author) -> json.Json {
  let Author(id:, name:, type_:, sent_at:, e_mail:) = author
  [
    #("id", json.string(id)),
    #("name", json.string(name)),
    #("type", json.nullable(type_, json.string)),
  ]
  |> with_optional("sentAt", sent_at, json.int)
  |> with_optional("e-mail", e_mail, json.string)
  |> json.object
}

pub fn author_decoder() -> decode.Decoder(Author) {
  use id <- decode.field("id", decode.string)
  use name <- decode.field("name", decode.string)
  use type_ <- nullable_field("type", decode.string)
  use sent_at <- nullable_field("sentAt", decode_integer())
  use e_mail <- nullable_field("e-mail", decode.string)
  decode.success(Author(id:, name:, type_:, sent_at:, e_mail:))
}

pub fn everything_owner_to_json(everything_owner: EverythingOwner) -> json.Json {
  case everything_owner {
    EverythingOwnerString(value) -> json.string(value)
    EverythingOwnerInt(value) -> json.int(value)
    EverythingOwnerAuthor(value) -> author_to_json(value)
    EverythingOwnerList(value) -> json.array(value, json.float)
    EverythingOwnerEnums(value) -> everything_owner_enums_to_json(value)
  }
}

pub fn everything_owner_decoder() -> decode.Decoder(EverythingOwner) {
  use value <- decode.then(decode.dynamic)
  case dynamic.classify(value) {
    "String" -> decode.map(decode.string, EverythingOwnerString)
    "Int" | "Float" -> decode.map(decode_integer(), EverythingOwnerInt)
    "Object" | "Dict" -> decode.map(author_decoder(), EverythingOwnerAuthor)
    "Array" | "List" ->
      decode.map(decode.list(decode_number()), EverythingOwnerList)
    "Bool" -> decode.map(everything_owner_enums_decoder(), EverythingOwnerEnums)
    _ -> decode.failure(everything_owner_zero(), "EverythingOwner")
  }
}

pub fn everything_owner_enums_to_json(
  everything_owner_enums: EverythingOwnerEnums,
) -> json.Json {
  case everything_owner_enums {
    EverythingOwnerEnumsTrue -> json.bool(True)
  }
}

pub fn everything_owner_enums_decoder() -> decode.Decoder(EverythingOwnerEnums) {
  use tag <- decode.then(decode.bool)
  case tag {
    True -> decode.success(EverythingOwnerEnumsTrue)
    _ -> decode.failure(EverythingOwnerEnumsTrue, "EverythingOwnerEnums")
  }
}

pub fn everything_origin_to_json(
  everything_origin: EverythingOrigin,
) -> json.Json {
  let EverythingOrigin(x:, y:, case_:) = everything_origin
  json.object([
    #("x", json.float(x)),
    #("y", json.float(y)),
    #("case", json.dict(case_, fn(key) { key }, json.int)),
  ])
}

pub fn everything_origin_decoder() -> decode.Decoder(EverythingOrigin) {
  use x <- decode.field("x", decode_number())
  use y <- decode.field("y", decode_number())
  use case_ <- decode.field(
    "case",
    decode.dict(decode.string, decode_integer()),
  )
  decode.success(EverythingOrigin(x:, y:, case_:))
}

pub fn boxes_item_to_json(boxes_item: BoxesItem) -> json.Json {
  let BoxesItem(length:) = boxes_item
  json.object([#("length", json.int(length))])
}

pub fn boxes_item_decoder() -> decode.Decoder(BoxesItem) {
  use _ <- decode.then(decode_object())
  use length <- decode.field("length", decode_integer())
  decode.success(BoxesItem(length:))
}

pub fn boxes_to_json(boxes: Boxes) -> json.Json {
  json.array(boxes, boxes_item_to_json)
}

pub fn boxes_decoder() -> decode.Decoder(Boxes) {
  decode.list(boxes_item_decoder())
}

fn thread_zero() -> Thread {
  Thread(text: "", parent: option.None, replies: [], quotes: [])
}

fn author_zero() -> Author {
  Author(
    id: "",
    name: "",
    type_: option.None,
    sent_at: option.None,
    e_mail: option.None,
  )
}

fn everything_owner_zero() -> EverythingOwner {
  EverythingOwnerString("")
}

fn everything_origin_zero() -> EverythingOrigin {
  EverythingOrigin(x: 0.0, y: 0.0, case_: dict.new())
}

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
}

/// Decodes a field that must be there. `decode.field` alone would run the decoder on the value
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
}

/// Decodes a field that may be null or absent.
fn nullable_field(
  key: name,
  decoder: decode.Decoder(a),
  next: fn(Option(a)) -> decode.Decoder(b),
) -> decode.Decoder(b) {
  decode.optional_field(key, option.None, decode.optional(decoder), next)
}

/// A nullable field with a name that every object of JavaScript has: an absent `constructor` is a
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
}

/// In JavaScript an array has fields, too: `length`, and those that are functions.
fn decode_object() -> decode.Decoder(Nil) {
  use value <- decode.then(decode.dynamic)
  case dynamic.classify(value) {
    "Object" | "Dict" -> decode.success(Nil)
    _ -> decode.failure(Nil, "Object")
  }
}

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
}

/// A payload of null may be missing.
fn or_null(elements: List(dynamic.Dynamic)) -> List(dynamic.Dynamic) {
  case elements {
    [] -> [dynamic.nil()]
    _ -> elements
  }
}

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
}

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
}

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
}

fn decode_nil() -> decode.Decoder(Nil) {
  decode.optional(decode.failure(Nil, "Nil"))
  |> decode.map(fn(_) { Nil })
}

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
}
