//// Messages, from messages.ts.
////
//// Written by `npx express-omnimessage gleam`: change the structs, and run it again.

import gleam/dynamic
import gleam/dynamic/decode
import gleam/float
import gleam/int
import gleam/json
import gleam/list
import gleam/option.{type Option}

pub type ClientMessage {
  ClientMessage0(Chat)
  /// 1 to 64 characters.
  ClientMessage1(String)
  ClientMessage2
}

pub type ServerMessage {
  ServerMessage0(List(Chat))
  ServerMessage1(Int)
}

pub type Chat {
  Chat(
    /// 1 to 64 characters.
    id: String,
    content: String,
    status: ChatStatus,
    /// In seconds since 1970.
    /// 0 to 253402300799.
    sent_at: Int,
    /// What the author calls themselves. Absent where the original's page wrote.
    /// 1 to 24 characters.
    author: Option(String),
  )
}

/// How far it is: an error of the client, one of the server, sent, received, on its way.
pub type ChatStatus {
  ChatStatus0
  ChatStatus1
  ChatStatus2
  ChatStatus3
  ChatStatus4
}

pub fn client_message_to_json(client_message: ClientMessage) -> json.Json {
  case client_message {
    ClientMessage0(payload) ->
      json.preprocessed_array([
        json.int(0),
        chat_to_json(payload),
      ])
    ClientMessage1(payload) ->
      json.preprocessed_array([
        json.int(1),
        json.string(payload),
      ])
    ClientMessage2 ->
      json.preprocessed_array([
        json.int(2),
        json.null(),
      ])
  }
}

pub fn client_message_decoder() -> decode.Decoder(ClientMessage) {
  use elements <- decode.then(decode.list(decode.dynamic))
  use tag, elements <- next_element(elements, "0", 0, decode_integer())
  case tag {
    0 -> {
      use payload, _ <- next_element(elements, "1", chat_zero(), chat_decoder())
      decode.success(ClientMessage0(payload))
    }
    1 -> {
      use payload, _ <- next_element(elements, "1", "", decode.string)
      decode.success(ClientMessage1(payload))
    }
    2 -> {
      use _, _ <- next_element(or_null(elements), "1", Nil, decode_nil())
      decode.success(ClientMessage2)
    }
    _ -> decode.failure(ClientMessage2, "ClientMessage")
  }
}

pub fn server_message_to_json(server_message: ServerMessage) -> json.Json {
  case server_message {
    ServerMessage0(payload) ->
      json.preprocessed_array([
        json.int(0),
        json.array(payload, chat_to_json),
      ])
    ServerMessage1(payload) ->
      json.preprocessed_array([
        json.int(1),
        json.int(payload),
      ])
  }
}

pub fn server_message_decoder() -> decode.Decoder(ServerMessage) {
  use elements <- decode.then(decode.list(decode.dynamic))
  use tag, elements <- next_element(elements, "0", 0, decode_integer())
  case tag {
    0 -> {
      use payload, _ <- next_element(
        elements,
        "1",
        [],
        decode.list(chat_decoder()),
      )
      decode.success(ServerMessage0(payload))
    }
    1 -> {
      use payload, _ <- next_element(elements, "1", 0, decode_integer())
      decode.success(ServerMessage1(payload))
    }
    _ -> decode.failure(server_message_zero(), "ServerMessage")
  }
}

pub fn chat_to_json(chat: Chat) -> json.Json {
  let Chat(id:, content:, status:, sent_at:, author:) = chat
  [
    #("id", json.string(id)),
    #("content", json.string(content)),
    #("status", chat_status_to_json(status)),
    #("sent_at", json.int(sent_at)),
  ]
  |> with_optional("author", author, json.string)
  |> json.object
}

pub fn chat_decoder() -> decode.Decoder(Chat) {
  use id <- decode.field("id", decode.string)
  use content <- decode.field("content", decode.string)
  use status <- decode.field("status", chat_status_decoder())
  use sent_at <- decode.field("sent_at", decode_integer())
  use author <- nullable_field("author", decode.string)
  decode.success(Chat(id:, content:, status:, sent_at:, author:))
}

pub fn chat_status_to_json(chat_status: ChatStatus) -> json.Json {
  case chat_status {
    ChatStatus0 -> json.int(0)
    ChatStatus1 -> json.int(1)
    ChatStatus2 -> json.int(2)
    ChatStatus3 -> json.int(3)
    ChatStatus4 -> json.int(4)
  }
}

pub fn chat_status_decoder() -> decode.Decoder(ChatStatus) {
  use tag <- decode.then(decode_integer())
  case tag {
    0 -> decode.success(ChatStatus0)
    1 -> decode.success(ChatStatus1)
    2 -> decode.success(ChatStatus2)
    3 -> decode.success(ChatStatus3)
    4 -> decode.success(ChatStatus4)
    _ -> decode.failure(ChatStatus0, "ChatStatus")
  }
}

fn server_message_zero() -> ServerMessage {
  ServerMessage0([])
}

fn chat_zero() -> Chat {
  Chat(
    id: "",
    content: "",
    status: ChatStatus0,
    sent_at: 0,
    author: option.None,
  )
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

/// Decodes a field that may be null or absent.
fn nullable_field(
  key: name,
  decoder: decode.Decoder(a),
  next: fn(Option(a)) -> decode.Decoder(b),
) -> decode.Decoder(b) {
  decode.optional_field(key, option.None, decode.optional(decoder), next)
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

fn decode_nil() -> decode.Decoder(Nil) {
  decode.optional(decode.failure(Nil, "Nil"))
  |> decode.map(fn(_) { Nil })
}
