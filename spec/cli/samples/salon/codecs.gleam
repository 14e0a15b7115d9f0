//// Codecs of messages, from the Gleam package salon (interface.json).
////
//// Written by `npx express-omnimessage typescript`: change the Gleam types, and run it again.

import gleam/dict
import gleam/dynamic
import gleam/dynamic/decode
import gleam/float
import gleam/int
import gleam/json
import gleam/list
import gleam/option.{type Option}
import salon/account
import salon/board/types as board_types
import salon/chat/types
import salon/message
import salon/page

pub fn role_to_json(role: account.Role) -> json.Json {
  case role {
    account.Guest -> json.string("guest")
    account.Member -> json.string("member")
    account.Moderator -> json.string("moderator")
    account.SystemAdministrator -> json.string("system_administrator")
  }
}

pub fn role_decoder() -> decode.Decoder(account.Role) {
  use tag <- decode.then(decode.string)
  case tag {
    "guest" -> decode.success(account.Guest)
    "member" -> decode.success(account.Member)
    "moderator" -> decode.success(account.Moderator)
    "system_administrator" -> decode.success(account.SystemAdministrator)
    _ -> decode.failure(account.Guest, "Role")
  }
}

pub fn user_to_json(user: account.User) -> json.Json {
  let account.User(id:, name:, role:, picture_url:, karma:, rating:, is_online:) =
    user
  json.object([
    #("id", json.string(id)),
    #("name", json.string(name)),
    #("role", role_to_json(role)),
    #("picture_url", json.nullable(picture_url, json.string)),
    #("karma", json.int(karma)),
    #("rating", json.float(rating)),
    #("is_online", json.bool(is_online)),
  ])
}

pub fn user_decoder() -> decode.Decoder(account.User) {
  use id <- decode.field("id", decode.string)
  use name <- decode.field("name", decode.string)
  use role <- decode.field("role", role_decoder())
  use picture_url <- nullable_field("picture_url", decode.string)
  use karma <- decode.field("karma", decode_integer())
  use rating <- decode.field("rating", decode_number())
  use is_online <- decode.field("is_online", decode.bool)
  decode.success(account.User(
    id:,
    name:,
    role:,
    picture_url:,
    karma:,
    rating:,
    is_online:,
  ))
}

pub fn inline_to_json(inline: types.Inline) -> json.Json {
  case inline {
    types.Text(text:) ->
      json.object([
        #("type", json.string("text")),
        #("text", json.string(text)),
      ])
    types.Mention(user:) ->
      json.object([
        #("type", json.string("mention")),
        #("user", json.string(user)),
      ])
    types.Emphasis(of:) ->
      json.object([
        #("type", json.string("emphasis")),
        #("of", json.array(of, inline_to_json)),
      ])
    types.Link(url:, label:) ->
      json.object([
        #("type", json.string("link")),
        #("url", json.string(url)),
        #("label", json.array(label, inline_to_json)),
      ])
    types.LineBreak -> json.object([#("type", json.string("line_break"))])
  }
}

pub fn inline_decoder() -> decode.Decoder(types.Inline) {
  inline_decoder_within(64)
}

fn inline_decoder_within(depth: Int) -> decode.Decoder(types.Inline) {
  use <- decode_nested(depth, types.LineBreak)
  use tag <- decode.field("type", decode.string)
  case tag {
    "text" -> {
      use text <- decode.field("text", decode.string)
      decode.success(types.Text(text:))
    }
    "mention" -> {
      use user <- decode.field("user", decode.string)
      decode.success(types.Mention(user:))
    }
    "emphasis" -> {
      use of <- required_field(
        "of",
        [],
        decode.list(inline_decoder_within(depth - 1)),
      )
      decode.success(types.Emphasis(of:))
    }
    "link" -> {
      use url <- decode.field("url", decode.string)
      use label <- required_field(
        "label",
        [],
        decode.list(inline_decoder_within(depth - 1)),
      )
      decode.success(types.Link(url:, label:))
    }
    "line_break" -> decode.success(types.LineBreak)
    _ -> decode.failure(types.LineBreak, "Inline")
  }
}

pub fn status_to_json(status: types.Status) -> json.Json {
  case status {
    types.Sending -> json.object([#("type", json.string("sending"))])
    types.Sent -> json.object([#("type", json.string("sent"))])
    types.Received -> json.object([#("type", json.string("received"))])
    types.ClientError(reason:) ->
      json.object([
        #("type", json.string("client_error")),
        #("reason", json.string(reason)),
      ])
    types.ServerError(status:, reason:) ->
      json.object([
        #("type", json.string("server_error")),
        #("status", json.int(status)),
        #("reason", json.nullable(reason, json.string)),
      ])
  }
}

pub fn status_decoder() -> decode.Decoder(types.Status) {
  use tag <- decode.field("type", decode.string)
  case tag {
    "sending" -> decode.success(types.Sending)
    "sent" -> decode.success(types.Sent)
    "received" -> decode.success(types.Received)
    "client_error" -> {
      use reason <- decode.field("reason", decode.string)
      decode.success(types.ClientError(reason:))
    }
    "server_error" -> {
      use status <- decode.field("status", decode_integer())
      use reason <- nullable_field("reason", decode.string)
      decode.success(types.ServerError(status:, reason:))
    }
    _ -> decode.failure(types.Sending, "Status")
  }
}

pub fn chat_types_message_to_json(
  chat_types_message: types.Message,
) -> json.Json {
  let types.Message(
    id:,
    author:,
    content:,
    status:,
    sent_at:,
    reactions:,
    reply_to:,
  ) = chat_types_message
  json.object([
    #("id", json.string(id)),
    #("author", user_to_json(author)),
    #("content", json.array(content, inline_to_json)),
    #("status", status_to_json(status)),
    #("sent_at", json.int(sent_at)),
    #(
      "reactions",
      json.dict(reactions, fn(key) { key }, fn(value) {
        json.array(value, json.string)
      }),
    ),
    #("reply_to", json.nullable(reply_to, json.string)),
  ])
}

pub fn chat_types_message_decoder() -> decode.Decoder(types.Message) {
  use id <- decode.field("id", decode.string)
  use author <- required_field("author", user_zero(), user_decoder())
  use content <- required_field("content", [], decode.list(inline_decoder()))
  use status <- required_field("status", types.Sending, status_decoder())
  use sent_at <- decode.field("sent_at", decode_integer())
  use reactions <- decode.field(
    "reactions",
    decode.dict(decode.string, decode.list(decode.string)),
  )
  use reply_to <- nullable_field("reply_to", decode.string)
  decode.success(types.Message(
    id:,
    author:,
    content:,
    status:,
    sent_at:,
    reactions:,
    reply_to:,
  ))
}

pub fn shape_to_json(shape: board_types.Shape) -> json.Json {
  case shape {
    board_types.Line(from:, to:, class:) ->
      json.object([
        #("type", json.string("line")),
        #(
          "from",
          json.preprocessed_array([
            json.float(from.0),
            json.float(from.1),
          ]),
        ),
        #(
          "to",
          json.preprocessed_array([
            json.float(to.0),
            json.float(to.1),
          ]),
        ),
        #("class", json.string(class)),
      ])
    board_types.Polygon(points:, default:, new:) ->
      json.object([
        #("type", json.string("polygon")),
        #(
          "points",
          json.array(points, fn(value) {
            json.preprocessed_array([
              json.float(value.0),
              json.float(value.1),
            ])
          }),
        ),
        #("default", json.bool(default)),
        #("new", json.bool(new)),
      ])
    board_types.Note(at:, text:, function:, delete:) ->
      json.object([
        #("type", json.string("note")),
        #(
          "at",
          json.preprocessed_array([
            json.float(at.0),
            json.float(at.1),
          ]),
        ),
        #("text", json.string(text)),
        #("function", json.nullable(function, json.string)),
        #("delete", json.bool(delete)),
      ])
    board_types.Picture(at:, var:, constructor: _) ->
      json.object([
        #("type", json.string("picture")),
        #(
          "at",
          json.preprocessed_array([
            json.preprocessed_array([
              json.float(at.0.0),
              json.float(at.0.1),
            ]),
            json.preprocessed_array([
              json.int(at.1.0),
              json.int(at.1.1),
            ]),
          ]),
        ),
        #("var", json.string(var)),
        #("constructor", json.null()),
      ])
  }
}

pub fn shape_decoder() -> decode.Decoder(board_types.Shape) {
  use tag <- decode.field("type", decode.string)
  case tag {
    "line" -> {
      use from <- decode.field("from", {
        use elements <- decode.then(decode.list(decode.dynamic))
        use a, elements <- next_element(elements, "0", 0.0, decode_number())
        use b, _ <- next_element(elements, "1", 0.0, decode_number())
        decode.success(#(a, b))
      })
      use to <- decode.field("to", {
        use elements <- decode.then(decode.list(decode.dynamic))
        use a, elements <- next_element(elements, "0", 0.0, decode_number())
        use b, _ <- next_element(elements, "1", 0.0, decode_number())
        decode.success(#(a, b))
      })
      use class <- decode.field("class", decode.string)
      decode.success(board_types.Line(from:, to:, class:))
    }
    "polygon" -> {
      use points <- decode.field(
        "points",
        decode.list({
          use elements <- decode.then(decode.list(decode.dynamic))
          use a, elements <- next_element(elements, "0", 0.0, decode_number())
          use b, _ <- next_element(elements, "1", 0.0, decode_number())
          decode.success(#(a, b))
        }),
      )
      use default <- decode.field("default", decode.bool)
      use new <- decode.field("new", decode.bool)
      decode.success(board_types.Polygon(points:, default:, new:))
    }
    "note" -> {
      use at <- decode.field("at", {
        use elements <- decode.then(decode.list(decode.dynamic))
        use a, elements <- next_element(elements, "0", 0.0, decode_number())
        use b, _ <- next_element(elements, "1", 0.0, decode_number())
        decode.success(#(a, b))
      })
      use text <- decode.field("text", decode.string)
      use function <- nullable_field("function", decode.string)
      use delete <- decode.field("delete", decode.bool)
      decode.success(board_types.Note(at:, text:, function:, delete:))
    }
    "picture" -> {
      use at <- decode.field("at", {
        use elements <- decode.then(decode.list(decode.dynamic))
        use a, elements <- next_element(elements, "0", #(0.0, 0.0), {
          use elements <- decode.then(decode.list(decode.dynamic))
          use a, elements <- next_element(elements, "0", 0.0, decode_number())
          use b, _ <- next_element(elements, "1", 0.0, decode_number())
          decode.success(#(a, b))
        })
        use b, _ <- next_element(elements, "1", #(0, 0), {
          use elements <- decode.then(decode.list(decode.dynamic))
          use a, elements <- next_element(elements, "0", 0, decode_integer())
          use b, _ <- next_element(elements, "1", 0, decode_integer())
          decode.success(#(a, b))
        })
        decode.success(#(a, b))
      })
      use var <- decode.field("var", decode.string)
      use constructor <- decode.field("constructor", decode_nil())
      decode.success(board_types.Picture(at:, var:, constructor:))
    }
    _ -> decode.failure(shape_zero(), "Shape")
  }
}

pub fn layer_to_json(layer: board_types.Layer) -> json.Json {
  case layer {
    board_types.Leaf(shape:) ->
      json.object([
        #("type", json.string("leaf")),
        #("shape", shape_to_json(shape)),
      ])
    board_types.Group(name:, children:, mask:) ->
      json.object([
        #("type", json.string("group")),
        #("name", json.string(name)),
        #("children", json.array(children, layer_to_json)),
        #("mask", json.nullable(mask, layer_to_json)),
      ])
  }
}

pub fn layer_decoder() -> decode.Decoder(board_types.Layer) {
  layer_decoder_within(64)
}

fn layer_decoder_within(depth: Int) -> decode.Decoder(board_types.Layer) {
  use <- decode_nested(depth, layer_zero())
  use tag <- decode.field("type", decode.string)
  case tag {
    "leaf" -> {
      use shape <- required_field("shape", shape_zero(), shape_decoder())
      decode.success(board_types.Leaf(shape:))
    }
    "group" -> {
      use name <- decode.field("name", decode.string)
      use children <- required_field(
        "children",
        [],
        decode.list(layer_decoder_within(depth - 1)),
      )
      use mask <- nullable_field("mask", layer_decoder_within(depth - 1))
      decode.success(board_types.Group(name:, children:, mask:))
    }
    _ -> decode.failure(layer_zero(), "Layer")
  }
}

pub fn board_types_message_to_json(
  board_types_message: board_types.Message,
) -> json.Json {
  case board_types_message {
    board_types.Drawn(by:, layer:) ->
      json.object([
        #("type", json.string("drawn")),
        #("by", json.string(by)),
        #("layer", layer_to_json(layer)),
      ])
    board_types.Wiped(by:) ->
      json.object([
        #("type", json.string("wiped")),
        #("by", json.string(by)),
      ])
  }
}

pub fn board_types_message_decoder() -> decode.Decoder(board_types.Message) {
  use tag <- decode.field("type", decode.string)
  case tag {
    "drawn" -> {
      use by <- decode.field("by", decode.string)
      use layer <- required_field("layer", layer_zero(), layer_decoder())
      decode.success(board_types.Drawn(by:, layer:))
    }
    "wiped" -> {
      use by <- decode.field("by", decode.string)
      decode.success(board_types.Wiped(by:))
    }
    _ -> decode.failure(board_types_message_zero(), "Message")
  }
}

pub fn tool_to_json(tool: board_types.Tool) -> json.Json {
  let board_types.Tool(type_:, width:, options:) = tool
  json.object([
    #("type_", json.string(type_)),
    #("width", json.float(width)),
    #(
      "options",
      json.dict(options, fn(key) { key }, fn(value) {
        json.nullable(value, json.int)
      }),
    ),
  ])
}

pub fn tool_decoder() -> decode.Decoder(board_types.Tool) {
  use type_ <- decode.field("type_", decode.string)
  use width <- decode.field("width", decode_number())
  use options <- decode.field(
    "options",
    decode.dict(decode.string, decode.optional(decode_integer())),
  )
  decode.success(board_types.Tool(type_:, width:, options:))
}

pub fn client_message_to_json(
  client_message: message.ClientMessage,
) -> json.Json {
  case client_message {
    message.Ping -> json.object([#("type", json.string("ping"))])
    message.LogIn(name:, password:) ->
      json.object([
        #("type", json.string("log_in")),
        #("name", json.string(name)),
        #("password", json.string(password)),
      ])
    message.UserSend(message: message_) ->
      json.object([
        #("type", json.string("user_send")),
        #("message", chat_types_message_to_json(message_)),
      ])
    message.UserDelete(id:) ->
      json.object([
        #("type", json.string("user_delete")),
        #("id", json.string(id)),
      ])
    message.UserDraw(message: message_) ->
      json.object([
        #("type", json.string("user_draw")),
        #("message", board_types_message_to_json(message_)),
      ])
    message.PickTool(tool:) ->
      json.object([
        #("type", json.string("pick_tool")),
        #("tool", tool_to_json(tool)),
      ])
    message.FetchHistory(before:, limit:) ->
      json.object([
        #("type", json.string("fetch_history")),
        #("before", json.nullable(before, json.string)),
        #("limit", json.int(limit)),
      ])
    message.SetRoles(roles:) ->
      json.object([
        #("type", json.string("set_roles")),
        #("roles", json.dict(roles, fn(key) { key }, role_to_json)),
      ])
    message.MoveEverythingThatWasSelectedByTheCurrentUserToAnotherPlace(
      selected_shapes_in_the_order_of_selection:,
      where_to_put_the_first_of_them:,
    ) ->
      json.object([
        #(
          "type",
          json.string(
            "move_everything_that_was_selected_by_the_current_user_to_another_place",
          ),
        ),
        #(
          "selected_shapes_in_the_order_of_selection",
          json.array(selected_shapes_in_the_order_of_selection, fn(value) {
            json.preprocessed_array([
              json.string(value.0),
              json.int(value.1),
            ])
          }),
        ),
        #(
          "where_to_put_the_first_of_them",
          json.preprocessed_array([
            json.float(where_to_put_the_first_of_them.0),
            json.float(where_to_put_the_first_of_them.1),
          ]),
        ),
      ])
  }
}

pub fn client_message_decoder() -> decode.Decoder(message.ClientMessage) {
  use tag <- decode.field("type", decode.string)
  case tag {
    "ping" -> decode.success(message.Ping)
    "log_in" -> {
      use name <- decode.field("name", decode.string)
      use password <- decode.field("password", decode.string)
      decode.success(message.LogIn(name:, password:))
    }
    "user_send" -> {
      use message_ <- required_field(
        "message",
        chat_types_message_zero(),
        chat_types_message_decoder(),
      )
      decode.success(message.UserSend(message: message_))
    }
    "user_delete" -> {
      use id <- decode.field("id", decode.string)
      decode.success(message.UserDelete(id:))
    }
    "user_draw" -> {
      use message_ <- required_field(
        "message",
        board_types_message_zero(),
        board_types_message_decoder(),
      )
      decode.success(message.UserDraw(message: message_))
    }
    "pick_tool" -> {
      use tool <- required_field("tool", tool_zero(), tool_decoder())
      decode.success(message.PickTool(tool:))
    }
    "fetch_history" -> {
      use before <- nullable_field("before", decode.string)
      use limit <- decode.field("limit", decode_integer())
      decode.success(message.FetchHistory(before:, limit:))
    }
    "set_roles" -> {
      use roles <- decode.field(
        "roles",
        decode.dict(decode.string, role_decoder()),
      )
      decode.success(message.SetRoles(roles:))
    }
    "move_everything_that_was_selected_by_the_current_user_to_another_place" -> {
      use selected_shapes_in_the_order_of_selection <- decode.field(
        "selected_shapes_in_the_order_of_selection",
        decode.list({
          use elements <- decode.then(decode.list(decode.dynamic))
          use a, elements <- next_element(elements, "0", "", decode.string)
          use b, _ <- next_element(elements, "1", 0, decode_integer())
          decode.success(#(a, b))
        }),
      )
      use where_to_put_the_first_of_them <- decode.field(
        "where_to_put_the_first_of_them",
        {
          use elements <- decode.then(decode.list(decode.dynamic))
          use a, elements <- next_element(elements, "0", 0.0, decode_number())
          use b, _ <- next_element(elements, "1", 0.0, decode_number())
          decode.success(#(a, b))
        },
      )
      decode.success(
        message.MoveEverythingThatWasSelectedByTheCurrentUserToAnotherPlace(
          selected_shapes_in_the_order_of_selection:,
          where_to_put_the_first_of_them:,
        ),
      )
    }
    _ -> decode.failure(message.Ping, "ClientMessage")
  }
}

pub fn session_to_json(session: account.Session) -> json.Json {
  let account.LoggedIn(user:, token:, expires_at:) = session
  json.object([
    #("user", user_to_json(user)),
    #("token", json.string(token)),
    #("expires_at", json.int(expires_at)),
  ])
}

pub fn session_decoder() -> decode.Decoder(account.Session) {
  use user <- required_field("user", user_zero(), user_decoder())
  use token <- decode.field("token", decode.string)
  use expires_at <- decode.field("expires_at", decode_integer())
  decode.success(account.LoggedIn(user:, token:, expires_at:))
}

pub fn page_of_chat_types_message_to_json(
  page_of_chat_types_message: page.Page(types.Message),
) -> json.Json {
  let page.Page(items:, next:, total:) = page_of_chat_types_message
  json.object([
    #("items", json.array(items, chat_types_message_to_json)),
    #("next", json.nullable(next, json.string)),
    #("total", json.int(total)),
  ])
}

pub fn page_of_chat_types_message_decoder() -> decode.Decoder(
  page.Page(types.Message),
) {
  use items <- required_field(
    "items",
    [],
    decode.list(chat_types_message_decoder()),
  )
  use next <- nullable_field("next", decode.string)
  use total <- decode.field("total", decode_integer())
  decode.success(page.Page(items:, next:, total:))
}

pub fn thread_to_json(thread: types.Thread) -> json.Json {
  let types.Thread(message: message_, replies:) = thread
  json.object([
    #("message", chat_types_message_to_json(message_)),
    #("replies", json.array(replies, thread_to_json)),
  ])
}

pub fn thread_decoder() -> decode.Decoder(types.Thread) {
  thread_decoder_within(64)
}

fn thread_decoder_within(depth: Int) -> decode.Decoder(types.Thread) {
  use <- decode_nested(depth, thread_zero())
  use message_ <- required_field(
    "message",
    chat_types_message_zero(),
    chat_types_message_decoder(),
  )
  use replies <- required_field(
    "replies",
    [],
    decode.list(thread_decoder_within(depth - 1)),
  )
  decode.success(types.Thread(message: message_, replies:))
}

pub fn page_of_thread_to_json(
  page_of_thread: page.Page(types.Thread),
) -> json.Json {
  let page.Page(items:, next:, total:) = page_of_thread
  json.object([
    #("items", json.array(items, thread_to_json)),
    #("next", json.nullable(next, json.string)),
    #("total", json.int(total)),
  ])
}

pub fn page_of_thread_decoder() -> decode.Decoder(page.Page(types.Thread)) {
  use items <- required_field("items", [], decode.list(thread_decoder()))
  use next <- nullable_field("next", decode.string)
  use total <- decode.field("total", decode_integer())
  decode.success(page.Page(items:, next:, total:))
}

pub fn remote_of_page_of_thread_and_string_to_json(
  remote_of_page_of_thread_and_string: page.Remote(
    page.Page(types.Thread),
    String,
  ),
) -> json.Json {
  case remote_of_page_of_thread_and_string {
    page.NotAsked -> json.object([#("type", json.string("not_asked"))])
    page.Loading(since:) ->
      json.object([
        #("type", json.string("loading")),
        #("since", json.int(since)),
      ])
    page.Loaded(value:) ->
      json.object([
        #("type", json.string("loaded")),
        #("value", page_of_thread_to_json(value)),
      ])
    page.Failed(problem:, attempts:) ->
      json.object([
        #("type", json.string("failed")),
        #("problem", json.string(problem)),
        #("attempts", json.int(attempts)),
      ])
  }
}

pub fn remote_of_page_of_thread_and_string_decoder() -> decode.Decoder(
  page.Remote(page.Page(types.Thread), String),
) {
  use tag <- decode.field("type", decode.string)
  case tag {
    "not_asked" -> decode.success(page.NotAsked)
    "loading" -> {
      use since <- decode.field("since", decode_integer())
      decode.success(page.Loading(since:))
    }
    "loaded" -> {
      use value <- required_field(
        "value",
        page_of_thread_zero(),
        page_of_thread_decoder(),
      )
      decode.success(page.Loaded(value:))
    }
    "failed" -> {
      use problem <- decode.field("problem", decode.string)
      use attempts <- decode.field("attempts", decode_integer())
      decode.success(page.Failed(problem:, attempts:))
    }
    _ -> decode.failure(page.NotAsked, "Remote")
  }
}

pub fn page_of_list_of_chat_types_message_to_json(
  page_of_list_of_chat_types_message: page.Page(List(types.Message)),
) -> json.Json {
  let page.Page(items:, next:, total:) = page_of_list_of_chat_types_message
  json.object([
    #(
      "items",
      json.array(items, fn(value) {
        json.array(value, chat_types_message_to_json)
      }),
    ),
    #("next", json.nullable(next, json.string)),
    #("total", json.int(total)),
  ])
}

pub fn page_of_list_of_chat_types_message_decoder() -> decode.Decoder(
  page.Page(List(types.Message)),
) {
  use items <- required_field(
    "items",
    [],
    decode.list(decode.list(chat_types_message_decoder())),
  )
  use next <- nullable_field("next", decode.string)
  use total <- decode.field("total", decode_integer())
  decode.success(page.Page(items:, next:, total:))
}

pub fn refusal_to_json(refusal: message.Refusal) -> json.Json {
  case refusal {
    message.LoginNeeded -> json.string("login_needed")
    message.TooFast -> json.string("too_fast")
    message.Forbidden -> json.string("forbidden")
  }
}

pub fn refusal_decoder() -> decode.Decoder(message.Refusal) {
  use tag <- decode.then(decode.string)
  case tag {
    "login_needed" -> decode.success(message.LoginNeeded)
    "too_fast" -> decode.success(message.TooFast)
    "forbidden" -> decode.success(message.Forbidden)
    _ -> decode.failure(message.LoginNeeded, "Refusal")
  }
}

pub fn remote_of_page_of_list_of_chat_types_message_and_refusal_to_json(
  remote_of_page_of_list_of_chat_types_message_and_refusal: page.Remote(
    page.Page(List(types.Message)),
    message.Refusal,
  ),
) -> json.Json {
  case remote_of_page_of_list_of_chat_types_message_and_refusal {
    page.NotAsked -> json.object([#("type", json.string("not_asked"))])
    page.Loading(since:) ->
      json.object([
        #("type", json.string("loading")),
        #("since", json.int(since)),
      ])
    page.Loaded(value:) ->
      json.object([
        #("type", json.string("loaded")),
        #("value", page_of_list_of_chat_types_message_to_json(value)),
      ])
    page.Failed(problem:, attempts:) ->
      json.object([
        #("type", json.string("failed")),
        #("problem", refusal_to_json(problem)),
        #("attempts", json.int(attempts)),
      ])
  }
}

pub fn remote_of_page_of_list_of_chat_types_message_and_refusal_decoder() -> decode.Decoder(
  page.Remote(page.Page(List(types.Message)), message.Refusal),
) {
  use tag <- decode.field("type", decode.string)
  case tag {
    "not_asked" -> decode.success(page.NotAsked)
    "loading" -> {
      use since <- decode.field("since", decode_integer())
      decode.success(page.Loading(since:))
    }
    "loaded" -> {
      use value <- required_field(
        "value",
        page_of_list_of_chat_types_message_zero(),
        page_of_list_of_chat_types_message_decoder(),
      )
      decode.success(page.Loaded(value:))
    }
    "failed" -> {
      use problem <- decode.field("problem", refusal_decoder())
      use attempts <- decode.field("attempts", decode_integer())
      decode.success(page.Failed(problem:, attempts:))
    }
    _ -> decode.failure(page.NotAsked, "Remote")
  }
}

pub fn server_message_to_json(
  server_message: message.ServerMessage,
) -> json.Json {
  case server_message {
    message.Pong -> json.object([#("type", json.string("pong"))])
    message.Welcome(session:) ->
      json.object([
        #("type", json.string("welcome")),
        #("session", session_to_json(session)),
      ])
    message.People(users:) ->
      json.object([
        #("type", json.string("people")),
        #("users", json.dict(users, fn(key) { key }, user_to_json)),
      ])
    message.History(page: page_) ->
      json.object([
        #("type", json.string("history")),
        #("page", page_of_chat_types_message_to_json(page_)),
      ])
    message.Threads(page: page_) ->
      json.object([
        #("type", json.string("threads")),
        #("page", remote_of_page_of_thread_and_string_to_json(page_)),
      ])
    message.Search(result:) ->
      json.object([
        #("type", json.string("search")),
        #(
          "result",
          remote_of_page_of_list_of_chat_types_message_and_refusal_to_json(
            result,
          ),
        ),
      ])
    message.BoardIs(layers:, at:) ->
      json.object([
        #("type", json.string("board_is")),
        #("layers", json.array(layers, layer_to_json)),
        #(
          "at",
          json.preprocessed_array([
            json.int(at.0),
            json.int(at.1),
          ]),
        ),
      ])
    message.Refused(refusal:, retry_after:) ->
      json.object([
        #("type", json.string("refused")),
        #("refusal", refusal_to_json(refusal)),
        #("retry_after", json.nullable(retry_after, json.float)),
      ])
  }
}

pub fn server_message_decoder() -> decode.Decoder(message.ServerMessage) {
  use tag <- decode.field("type", decode.string)
  case tag {
    "pong" -> decode.success(message.Pong)
    "welcome" -> {
      use session <- required_field(
        "session",
        session_zero(),
        session_decoder(),
      )
      decode.success(message.Welcome(session:))
    }
    "people" -> {
      use users <- required_field(
        "users",
        dict.new(),
        decode.dict(decode.string, user_decoder()),
      )
      decode.success(message.People(users:))
    }
    "history" -> {
      use page_ <- required_field(
        "page",
        page_of_chat_types_message_zero(),
        page_of_chat_types_message_decoder(),
      )
      decode.success(message.History(page: page_))
    }
    "threads" -> {
      use page_ <- required_field(
        "page",
        page.NotAsked,
        remote_of_page_of_thread_and_string_decoder(),
      )
      decode.success(message.Threads(page: page_))
    }
    "search" -> {
      use result <- required_field(
        "result",
        page.NotAsked,
        remote_of_page_of_list_of_chat_types_message_and_refusal_decoder(),
      )
      decode.success(message.Search(result:))
    }
    "board_is" -> {
      use layers <- required_field("layers", [], decode.list(layer_decoder()))
      use at <- decode.field("at", {
        use elements <- decode.then(decode.list(decode.dynamic))
        use a, elements <- next_element(elements, "0", 0, decode_integer())
        use b, _ <- next_element(elements, "1", 0, decode_integer())
        decode.success(#(a, b))
      })
      decode.success(message.BoardIs(layers:, at:))
    }
    "refused" -> {
      use refusal <- decode.field("refusal", refusal_decoder())
      use retry_after <- nullable_field("retry_after", decode_number())
      decode.success(message.Refused(refusal:, retry_after:))
    }
    _ -> decode.failure(message.Pong, "ServerMessage")
  }
}

fn user_zero() -> account.User {
  account.User(
    id: "",
    name: "",
    role: account.Guest,
    picture_url: option.None,
    karma: 0,
    rating: 0.0,
    is_online: False,
  )
}

fn chat_types_message_zero() -> types.Message {
  types.Message(
    id: "",
    author: user_zero(),
    content: [],
    status: types.Sending,
    sent_at: 0,
    reactions: dict.new(),
    reply_to: option.None,
  )
}

fn shape_zero() -> board_types.Shape {
  board_types.Line(from: #(0.0, 0.0), to: #(0.0, 0.0), class: "")
}

fn layer_zero() -> board_types.Layer {
  board_types.Group(name: "", children: [], mask: option.None)
}

fn board_types_message_zero() -> board_types.Message {
  board_types.Wiped(by: "")
}

fn tool_zero() -> board_types.Tool {
  board_types.Tool(type_: "", width: 0.0, options: dict.new())
}

fn session_zero() -> account.Session {
  account.LoggedIn(user: user_zero(), token: "", expires_at: 0)
}

fn page_of_chat_types_message_zero() -> page.Page(types.Message) {
  page.Page(items: [], next: option.None, total: 0)
}

fn thread_zero() -> types.Thread {
  types.Thread(message: chat_types_message_zero(), replies: [])
}

fn page_of_thread_zero() -> page.Page(types.Thread) {
  page.Page(items: [], next: option.None, total: 0)
}

fn page_of_list_of_chat_types_message_zero() -> page.Page(List(types.Message)) {
  page.Page(items: [], next: option.None, total: 0)
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
