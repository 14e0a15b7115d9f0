/**
 * The work that every contender does: read a JSON text of about 200 bytes, validate it by the same
 * superstruct struct, make a reply of the same size, print it.
 */
import { create, type Infer, integer, literal, object, string } from 'superstruct';
import { type Codec, structCodec, variants } from 'express-omnimessage';

const fields = {
  id: string(),
  room: string(),
  author: string(),
  content: string(),
  at: integer(),
};

/** What a hand-written server validates with: the least that superstruct offers for one message. */
export const Sent = object({ type: literal('send'), ...fields });

/** A message of a chat. */
export type SentMessage = Infer<typeof Sent>;

/** Its reply. */
export type Said = Omit<SentMessage, 'type'> & { type: 'said' };

/** What everybody's handler does. */
export function answer(message: SentMessage): Said {
  const { id, room, author, content, at } = message;
  return { type: 'said', id, room, author, content, at };
}

/** Validating as one writes it by hand, for the peers that parse by themselves. */
export function validated(value: unknown): SentMessage {
  return create(value, Sent);
}

/** Decoding as one writes it by hand. */
export function decode(text: string): SentMessage {
  return create(JSON.parse(text), Sent);
}

/** The same as a codec, for ours: then both do the very same work. */
export const handWritten: Codec<SentMessage, unknown> = {
  decode,
  encode: (message) => JSON.stringify(message),
};

export const Incoming = variants('type', { send: fields, join: { room: string() }, leave: {} });
export const Outgoing = variants('type', { said: fields, joined: { room: string() }, left: {} });

export type IncomingMessage = Infer<typeof Incoming>;
export type OutgoingMessage = Infer<typeof Outgoing>;

/** Ours as the documentation has it: the message is one of three, and the reply is validated too. */
export const codec = structCodec({ incoming: Incoming, outgoing: Outgoing });

/** The handler for it. */
export function reply(message: IncomingMessage): OutgoingMessage {
  switch (message.type) {
    case 'send':
      return answer(message);
    case 'join':
      return { type: 'joined', room: message.room };
    case 'leave':
      return { type: 'left' };
  }
}

/** What the clients send: as JSON, of so many bytes. */
export function sample(size = 200): string {
  const message: SentMessage = {
    type: 'send',
    id: '0d9f1a52-6c1e-4a57-9f6b-0e5c2f6b9a11',
    room: 'lobby',
    author: 'Ada Lovelace',
    content: '',
    at: 1_764_000_000_000,
  };
  const rest = Math.max(1, size - JSON.stringify(message).length);
  return JSON.stringify({
    ...message,
    content: 'Is there anybody out there? '.repeat(rest).slice(0, rest),
  });
}
