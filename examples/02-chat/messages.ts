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
 * The last one is not of that encoding. The original's decoder refuses the tag, its transport tells
 * the page of a decode error, and its chat ignores that: a tag that a client does not know is safe
 * where a further element or another payload under a known tag need not be.
 */
import { type Codec, type JsonCodec, structCodec, tupleVariants } from 'express-omnimessage/codecs';
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

/** What has become of a message. The page begins with Sending, the server answers Sent. */
export const Status = { ClientError: 0, ServerError: 1, Sent: 2, Received: 3, Sending: 4 } as const;

/** How long the content of a message may be, in UTF-16 units, as `maxlength` of HTML counts. */
export const CONTENT_LIMIT = 1_000;

/** The last second of the year 9999: later ones are no dates to many programs. */
const LAST_SECOND = 253_402_300_799;

const Id = size(string(), 1, 64);
const Chat = object({
  id: Id,
  content: string(),
  status: enums([0, 1, 2, 3, 4]),
  /** Seconds since 1970. */
  sent_at: max(min(integer(), 0), LAST_SECOND),
});
// A new page and an old server meet at every deploy: what one of them does not know is dropped.
const FromClient = tupleVariants({ 0: Chat, 1: Id, 2: literal(null) }, { unknownFields: 'drop' });
const FromServer = tupleVariants({ 0: array(Chat), 1: integer() }, { unknownFields: 'drop' });

export type Chat = Infer<typeof Chat>;
export type ClientMessage = Infer<typeof FromClient>;
export type ServerMessage = Infer<typeof FromServer>;

/** For the routes that answer each message with one. */
export const serverCodec: JsonCodec<ClientMessage, ServerMessage> = structCodec({
  incoming: FromClient,
  outgoing: FromServer,
});

/** For the page. */
export const pageCodec: JsonCodec<ServerMessage, ClientMessage> = structCodec({
  incoming: FromServer,
  outgoing: FromClient,
});

/** A message in the application, through which both directions go: their tags overlap. */
export type Said =
  | { readonly from: 'client'; readonly message: ClientMessage }
  | { readonly from: 'server'; readonly message: ServerMessage };

/** For the application: what clients say goes in, what the server says goes out. */
export const applicationCodec: Codec<Said, Said> = {
  decode: (text) => ({ from: 'client', message: serverCodec.decode(text) }),
  encode: (said) => (said.from === 'server' ? encodedOnce(said.message) : undefined),
};

const encoded = new WeakMap<object, string | undefined>();

/** Every window is pushed the same list: it is encoded once, not once for each of them. */
function encodedOnce(message: ServerMessage): string | undefined {
  const [, content] = message;
  if (typeof content === 'number') return serverCodec.encode(message);
  if (!encoded.has(content)) encoded.set(content, serverCodec.encode(message));
  return encoded.get(content);
}
