//// Messages, from messages.ts.
////
//// Written by `npx express-omnimessage gleam`: change the structs, and run it again.

import gleam/dynamic/decode
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
  use tag <- decode.field(0, decode.int)
  case tag {
    0 -> {
      use payload <- required_field(1, chat_zero(), chat_decoder())
      decode.success(ClientMessage0(payload))
    }
    1 -> {
      use payload <- decode.field(1, decode.string)
      decode.success(ClientMessage1(payload))
    }
    2 -> {
      use _ <- decode.optional_field(1, Nil, decode_nil())
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
  use tag <- decode.field(0, decode.int)
  case tag {
    0 -> {
      use payload <- required_field(1, [], decode.list(chat_decoder()))
      decode.success(ServerMessage0(payload))
    }
    1 -> {
      use payload <- decode.field(1, decode.int)
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
  use sent_at <- decode.field("sent_at", decode.int)
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
  use tag <- decode.then(decode.int)
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

/// Decodes a field that must be there. `decode.field` alone would run the decoder on the value
/// around a missing field, and a hostile message could make that take forever.
fn required_field(
  key: name,
  zero: a,
  decoder: decode.Decoder(a),
  next: fn(a) -> decode.Decoder(b),
) -> decode.Decoder(b) {
  use _ <- decode.field(key, decode.success(Nil))
  decode.optional_field(key, zero, decoder, next)
}

/// Decodes a field that may be null or absent.
fn nullable_field(
  key: name,
  decoder: decode.Decoder(a),
  next: fn(Option(a)) -> decode.Decoder(b),
) -> decode.Decoder(b) {
  decode.optional_field(key, option.None, decode.optional(decoder), next)
}

fn decode_nil() -> decode.Decoder(Nil) {
  decode.optional(decode.failure(Nil, "Nil"))
  |> decode.map(fn(_) { Nil })
}
