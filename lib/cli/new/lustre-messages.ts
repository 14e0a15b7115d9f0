/** What `gleam` writes for the messages of a new project; a spec compares them. */
export const PAGE_MESSAGES = `//// Messages, from messages.ts.
////
//// Written by \`npx express-omnimessage gleam\`: change the structs, and run it again.

import gleam/dynamic/decode
import gleam/json
import gleam/option

pub type FromClient {
  Add(
    /// 1 to 200 characters.
    text: String,
  )
  Fetch
}

pub type FromServer {
  Notes(notes: List(Note))
  Added(note: Note)
}

pub type Note {
  Note(
    /// Made by the server.
    id: String,
    text: String,
  )
}

pub fn from_client_to_json(from_client: FromClient) -> json.Json {
  case from_client {
    Add(text:) ->
      json.object([
        #("type", json.string("add")),
        #("text", json.string(text)),
      ])
    Fetch -> json.object([#("type", json.string("fetch"))])
  }
}

pub fn from_client_decoder() -> decode.Decoder(FromClient) {
  use tag <- decode.field("type", decode.string)
  case tag {
    "add" -> {
      use text <- decode.field("text", decode.string)
      decode.success(Add(text:))
    }
    "fetch" -> decode.success(Fetch)
    _ -> decode.failure(Fetch, "FromClient")
  }
}

pub fn from_server_to_json(from_server: FromServer) -> json.Json {
  case from_server {
    Notes(notes:) ->
      json.object([
        #("type", json.string("notes")),
        #("notes", json.array(notes, note_to_json)),
      ])
    Added(note:) ->
      json.object([
        #("type", json.string("added")),
        #("note", note_to_json(note)),
      ])
  }
}

pub fn from_server_decoder() -> decode.Decoder(FromServer) {
  use tag <- decode.field("type", decode.string)
  case tag {
    "notes" -> {
      use notes <- required_field("notes", [], decode.list(note_decoder()))
      decode.success(Notes(notes:))
    }
    "added" -> {
      use note <- required_field("note", note_zero(), note_decoder())
      decode.success(Added(note:))
    }
    _ -> decode.failure(from_server_zero(), "FromServer")
  }
}

pub fn note_to_json(note: Note) -> json.Json {
  let Note(id:, text:) = note
  json.object([
    #("id", json.string(id)),
    #("text", json.string(text)),
  ])
}

pub fn note_decoder() -> decode.Decoder(Note) {
  use id <- decode.field("id", decode.string)
  use text <- decode.field("text", decode.string)
  decode.success(Note(id:, text:))
}

fn from_server_zero() -> FromServer {
  Notes(notes: [])
}

fn note_zero() -> Note {
  Note(id: "", text: "")
}

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
}
`;
