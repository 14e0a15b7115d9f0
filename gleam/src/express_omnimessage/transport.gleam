//// Transports for omnimessage_lustre, on the client of express-omnimessage:
//// they come back when the connection breaks, keep what cannot be sent yet,
//// and say what became of a message that failed.
////
//// A transport is one connection, however many applications and components
//// are given it: make it once, and hand the same value to all of them. It is
//// opened by the first of them.
////
//// What they are told:
////
//// - `TransportUp` at every new connection, and at once for one that begins to
////   listen later. Join, log in or fetch there: what a topic had meanwhile does
////   not come by itself, on a route with `resume` either. What is sent while
////   that of a new connection is handled goes before what waited, and belongs to
////   this connection. It is not kept for another one, since the next
////   `TransportUp` sends it again. Over a WebSocket it is not reported as
////   unconfirmed either; over HTTP it is. What is sent for the `TransportUp` of
////   one that listens later is a message like any other.
//// - `TransportDown(code, reason)` when the connection was lost or cannot be
////   made, and will be tried again. The code is the close code or HTTP status,
////   0 without one; the reason is one of express-omnimessage, such as
////   `"connection-lost"`, `"offline"` or `"server-restarting"`.
//// - `TransportError(InitError(reason))` when it will not be tried again: for
////   `"invalid-address"`, `"forbidden"`, `"unauthorized"` and so on. A page on
////   another host that `origins` of the server refuses is not among them: its
////   browser hides the 403, so it is told `TransportDown(0, "connection-lost")`,
////   and goes on trying.
//// - `TransportError(SendError(code))`, for the sender of a message alone:
////   `"unconfirmed"` when the connection broke before the server had confirmed
////   it (handled or not, nobody knows), a code of the server's such as
////   `"decode"` or `"handler"` when it failed there, and `"full"`,
////   `"too-large"`, `"not-connected"` or the reason of the end when it was not
////   sent. On a route with `resume` such a message is first sent again, and is
////   unconfirmed only if the server cannot say what became of it: it is told
////   after the next `TransportUp`, or when the time of the route is over.

import omnimessage/lustre/transports.{
  type Transport, type TransportHandlers, InitError, SendError, Transport,
}

/// A transport over WebSocket, for `omniWs` and `omniWsApplication`. Every
/// message waits while the server is away, up to 1,000 messages and 1 MiB.
///
/// The path is relative to the page; a whole address is fine too, and http
/// becomes ws. Every application and component that uses the transport gets
/// every message of the server.
///
pub fn websocket(path: String) -> Transport(String, decode_error) {
  websocket_with(path, keep: fn(_encoded) { True })
}

/// The same, where not every message may wait. `keep` gets the encoded message;
/// one that it says `False` to is sent now or never, and without a connection
/// its sender gets `SendError("not-connected")`. That is for typing and cursors.
///
pub fn websocket_with(
  path: String,
  keep keep: fn(String) -> Bool,
) -> Transport(String, decode_error) {
  from_link(open_websocket(path, keep))
}

/// A transport over HTTP, for `omniHttp`: a POST for each message, in order.
/// The reply is for the application or component that sent the message. There
/// is no connection: `TransportUp` says that nothing has failed yet, and the
/// first message that finds the server away is unconfirmed. What comes after it
/// waits.
///
pub fn http(path: String) -> Transport(String, decode_error) {
  from_link(open_http(path))
}

type Link

type Handlers

fn from_link(link: Link) -> Transport(String, decode_error) {
  Transport(
    listen: fn(handlers) { listen(link, to_javascript(handlers)) },
    send: fn(encoded, handlers) { send(link, encoded, to_javascript(handlers)) },
  )
}

fn to_javascript(handlers: TransportHandlers(String, decode_error)) -> Handlers {
  new_handlers(
    handlers.on_up,
    handlers.on_down,
    handlers.on_message,
    fn(reason) { handlers.on_error(InitError(reason)) },
    fn(code) { handlers.on_error(SendError(code)) },
  )
}

@external(javascript, "../express_omnimessage_ffi.mjs", "websocket")
fn open_websocket(path: String, keep: fn(String) -> Bool) -> Link

@external(javascript, "../express_omnimessage_ffi.mjs", "httpPost")
fn open_http(path: String) -> Link

@external(javascript, "../express_omnimessage_ffi.mjs", "newHandlers")
fn new_handlers(
  on_up: fn() -> Nil,
  on_down: fn(Int, String) -> Nil,
  on_message: fn(String) -> Nil,
  on_end: fn(String) -> Nil,
  on_unsent: fn(String) -> Nil,
) -> Handlers

@external(javascript, "../express_omnimessage_ffi.mjs", "listen")
fn listen(link: Link, handlers: Handlers) -> Nil

@external(javascript, "../express_omnimessage_ffi.mjs", "send")
fn send(link: Link, encoded: String, handlers: Handlers) -> Nil
