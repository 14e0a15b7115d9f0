/**
 * What travels, for the server and for the page. It is the encoding of omnimessage's own chat, so a
 * page made with its client works against this server unchanged.
 *
 *     client → server   [0, chat]          send a message
 *                       [1, "id"]          delete one
 *                       [2, null]          fetch all
 *     server → client   [0, [chat, ...]]   all messages, oldest first
 *                       [1, 3]             so many people are here; pushed by the application alone
 *
 * Two things are ours. The last message: the original's decoder refuses the tag, and its chat ignores
 * that, so a tag that a client does not know is safe where another payload under a known tag is not.
 * And the `author` of a chat, which the original drops, as it drops every field that it does not know.
 *
 * This file is the one definition. Beside it stands what the command line writes from it:
 *
 *     express-omnimessage gleam messages.ts --out messages.gleam        for a page in Gleam
 *     express-omnimessage definition messages.ts --out messages.json    for `check`, before a deploy
 */
import {
  type Codec,
  described,
  type JsonCodec,
  named,
  optional,
  structCodec,
  tupleVariants,
} from 'express-omnimessage/codecs';
import {
  array,
  enums,
  type Infer,
  integer,
  literal,
  max,
  min,
  object,
  size,
  string,
} from 'superstruct';

/** The state of a message. The page begins with Sending, the server answers Sent. */
export const Status = { ClientError: 0, ServerError: 1, Sent: 2, Received: 3, Sending: 4 } as const;

/** How long the content of a message may be, in UTF-16 units, as `maxlength` of HTML counts. */
export const CONTENT_LIMIT = 1_000;

/** How long the name of an author may be, in UTF-16 units. */
export const AUTHOR_LIMIT = 24;

/** The last second of the year 9999: many programs do not take a later one for a date. */
const LAST_SECOND = 253_402_300_799;

const Id = size(string(), 1, 64);
export const Chat = named(
  'Chat',
  object({
    id: Id,
    content: string(),
    status: described(
      'How far it is: an error of the client, one of the server, sent, received, on its way.',
      enums([0, 1, 2, 3, 4]),
    ),
    sent_at: described('In seconds since 1970.', max(min(integer(), 0), LAST_SECOND)),
    author: described(
      "What the author calls themselves. Absent where the original's page wrote.",
      optional(size(string(), 1, AUTHOR_LIMIT)),
    ),
  }),
);
// A new page meets an old server at every deploy: fields that one of them does not know are dropped.
export const ClientMessage = tupleVariants(
  { 0: Chat, 1: Id, 2: literal(null) },
  { unknownFields: 'drop' },
);
export const ServerMessage = tupleVariants(
  { 0: array(Chat), 1: integer() },
  { unknownFields: 'drop' },
);

export type Chat = Infer<typeof Chat>;
export type ClientMessage = Infer<typeof ClientMessage>;
export type ServerMessage = Infer<typeof ServerMessage>;

/** For the routes that answer each message with one. */
export const serverCodec: JsonCodec<ClientMessage, ServerMessage> = structCodec({
  incoming: ClientMessage,
  outgoing: ServerMessage,
});

/** For the page. */
export const pageCodec: JsonCodec<ServerMessage, ClientMessage> = structCodec({
  incoming: ServerMessage,
  outgoing: ClientMessage,
});

/** A message where both directions meet, in the application and in the page: their tags overlap. */
export type Directed =
  | { readonly from: 'client'; readonly message: ClientMessage }
  | { readonly from: 'server'; readonly message: ServerMessage };

export type FromClient = Extract<Directed, { readonly from: 'client' }>;
export type FromServer = Extract<Directed, { readonly from: 'server' }>;

/** For the application: the client's messages go in, the server's go out. */
export const applicationCodec: Codec<Directed, Directed> = {
  decode: (text) => ({ from: 'client', message: serverCodec.decode(text) }),
  encode: (directed) => (directed.from === 'server' ? encodedOnce(directed.message) : undefined),
};

/** The same for the page: the server's go in, the page's own go out. */
export const directedCodec: Codec<FromServer, FromClient> = {
  decode: (text) => ({ from: 'server', message: pageCodec.decode(text) }),
  encode: ({ message }) => pageCodec.encode(message),
};

const encoded = new WeakMap<object, string | undefined>();

/** Every window gets the same list: it is encoded once, not once for each of them. */
function encodedOnce(message: ServerMessage): string | undefined {
  const [, content] = message;
  if (typeof content === 'number') return serverCodec.encode(message);
  if (!encoded.has(content)) encoded.set(content, serverCodec.encode(message));
  return encoded.get(content);
}
