/**
 * Messages, from the Gleam package salon (interface.json).
 *
 * Written by `npx express-omnimessage typescript`: change the Gleam types, and run it again.
 */
import {
  dict,
  named,
  nullable,
  recursive,
  structCodec,
  tuple,
  variants,
} from 'express-omnimessage/codecs';
import {
  array,
  boolean,
  enums,
  type Infer,
  integer,
  literal,
  number,
  object,
  string,
  type Struct,
} from 'superstruct';

/** What one may do. No constructor has fields. */
export const Role = named('Role', enums(['guest', 'member', 'moderator', 'system_administrator']));
export type Role = Infer<typeof Role>;

/** One constructor, named as its type, with labelled fields. */
export const User = named(
  'User',
  object({
    id: string(),
    name: string(),
    role: Role,
    picture_url: nullable(string()),
    karma: integer(),
    rating: number(),
    is_online: boolean(),
  }),
);
export type User = Infer<typeof User>;

/** Recursive, through a list. */
export type Inline =
  | { type: 'text'; text: string }
  | { type: 'mention'; user: string }
  | { type: 'emphasis'; of: Inline[] }
  | { type: 'link'; url: string; label: Inline[] }
  | { type: 'line_break' };
export const Inline: Struct<Inline> = recursive<Inline>('Inline', () =>
  variants('type', {
    text: { text: string() },
    mention: { user: string() },
    emphasis: { of: array(Inline) },
    link: { url: string(), label: array(Inline) },
    line_break: {},
  }),
);

/** Where a message has got to. */
export const Status = named(
  'Status',
  variants('type', {
    sending: {},
    sent: {},
    received: {},
    client_error: { reason: string() },
    server_error: { status: integer(), reason: nullable(string()) },
  }),
);
export type Status = Infer<typeof Status>;

/**
 * A message of the chat; `salon/board/types` has a `Message` too.
 *
 * More than one paragraph, with "quotes", `code`, a *\/ and a \ in it,
 * and an umlaut: ä.
 */
export const ChatTypesMessage = named(
  'ChatTypesMessage',
  object({
    id: string(),
    author: User,
    content: array(Inline),
    status: Status,
    sent_at: integer(),
    reactions: dict(array(string())),
    reply_to: nullable(string()),
  }),
);
export type ChatTypesMessage = Infer<typeof ChatTypesMessage>;

/** Labels that are reserved words of JavaScript, but not of Gleam. */
export const Shape = named(
  'Shape',
  variants('type', {
    line: { from: tuple([number(), number()]), to: tuple([number(), number()]), class: string() },
    polygon: { points: array(tuple([number(), number()])), default: boolean(), new: boolean() },
    note: {
      at: tuple([number(), number()]),
      text: string(),
      function: nullable(string()),
      delete: boolean(),
    },
    picture: {
      at: tuple([tuple([number(), number()]), tuple([integer(), integer()])]),
      var: string(),
      constructor: literal(null),
    },
  }),
);
export type Shape = Infer<typeof Shape>;

/** Directly recursive. */
export type Layer =
  | { type: 'leaf'; shape: Shape }
  | { type: 'group'; name: string; children: Layer[]; mask: Layer | null };
export const Layer: Struct<Layer> = recursive<Layer>('Layer', () =>
  variants('type', {
    leaf: { shape: Shape },
    group: { name: string(), children: array(Layer), mask: nullable(Layer) },
  }),
);

/** The name of a type of `salon/chat/types` as well. */
export const BoardTypesMessage = named(
  'BoardTypesMessage',
  variants('type', {
    drawn: { by: string(), layer: Layer },
    wiped: { by: string() },
  }),
);
export type BoardTypesMessage = Infer<typeof BoardTypesMessage>;

/** A label as people write it where they mean the word `type`. */
export const Tool = named(
  'Tool',
  object({
    type_: string(),
    width: number(),
    options: dict(nullable(integer())),
  }),
);
export type Tool = Infer<typeof Tool>;

/** What a page sends. */
export const ClientMessage = named(
  'ClientMessage',
  variants(
    'type',
    {
      /** Keeps the line open. */
      ping: {},
      log_in: { name: string(), password: string() },
      /** Says something. */
      user_send: { message: ChatTypesMessage },
      user_delete: { id: string() },
      user_draw: { message: BoardTypesMessage },
      pick_tool: { tool: Tool },
      fetch_history: { before: nullable(string()), limit: integer() },
      set_roles: { roles: dict(Role) },
      move_everything_that_was_selected_by_the_current_user_to_another_place: {
        selected_shapes_in_the_order_of_selection: array(tuple([string(), integer()])),
        where_to_put_the_first_of_them: tuple([number(), number()]),
      },
    },
    { unknownFields: 'drop' },
  ),
);
export type ClientMessage = Infer<typeof ClientMessage>;

/** One constructor, named otherwise than its type. */
export const Session = named(
  'Session',
  object({
    user: User,
    token: string(),
    expires_at: integer(),
  }),
);
export type Session = Infer<typeof Session>;

/** A part of a longer list. */
export const PageOfChatTypesMessage = named(
  'PageOfChatTypesMessage',
  object({
    items: array(ChatTypesMessage),
    next: nullable(string()),
    total: integer(),
  }),
);
export type PageOfChatTypesMessage = Infer<typeof PageOfChatTypesMessage>;

/** Recursive, with one constructor. */
export type Thread = {
  message: ChatTypesMessage;
  replies: Thread[];
};
export const Thread: Struct<Thread> = recursive<Thread>('Thread', () =>
  object({
    message: ChatTypesMessage,
    replies: array(Thread),
  }),
);

/** A part of a longer list. */
export const PageOfThread = named(
  'PageOfThread',
  object({
    items: array(Thread),
    next: nullable(string()),
    total: integer(),
  }),
);
export type PageOfThread = Infer<typeof PageOfThread>;

/** What is asked for from afar. */
export const RemoteOfPageOfThreadAndString = named(
  'RemoteOfPageOfThreadAndString',
  variants('type', {
    not_asked: {},
    loading: { since: integer() },
    loaded: { value: PageOfThread },
    failed: { problem: string(), attempts: integer() },
  }),
);
export type RemoteOfPageOfThreadAndString = Infer<typeof RemoteOfPageOfThreadAndString>;

/** A part of a longer list. */
export const PageOfListOfChatTypesMessage = named(
  'PageOfListOfChatTypesMessage',
  object({
    items: array(array(ChatTypesMessage)),
    next: nullable(string()),
    total: integer(),
  }),
);
export type PageOfListOfChatTypesMessage = Infer<typeof PageOfListOfChatTypesMessage>;

/** Why not. */
export const Refusal = named('Refusal', enums(['login_needed', 'too_fast', 'forbidden']));
export type Refusal = Infer<typeof Refusal>;

/** What is asked for from afar. */
export const RemoteOfPageOfListOfChatTypesMessageAndRefusal = named(
  'RemoteOfPageOfListOfChatTypesMessageAndRefusal',
  variants('type', {
    not_asked: {},
    loading: { since: integer() },
    loaded: { value: PageOfListOfChatTypesMessage },
    failed: { problem: Refusal, attempts: integer() },
  }),
);
export type RemoteOfPageOfListOfChatTypesMessageAndRefusal = Infer<
  typeof RemoteOfPageOfListOfChatTypesMessageAndRefusal
>;

/** What the server sends. */
export const ServerMessage = named(
  'ServerMessage',
  variants(
    'type',
    {
      pong: {},
      welcome: { session: Session },
      people: { users: dict(User) },
      history: { page: PageOfChatTypesMessage },
      threads: { page: RemoteOfPageOfThreadAndString },
      search: { result: RemoteOfPageOfListOfChatTypesMessageAndRefusal },
      board_is: { layers: array(Layer), at: tuple([integer(), integer()]) },
      refused: { refusal: Refusal, retry_after: nullable(number()) },
    },
    { unknownFields: 'drop' },
  ),
);
export type ServerMessage = Infer<typeof ServerMessage>;

/** For the server. */
export const serverCodec = structCodec({ incoming: ClientMessage, outgoing: ServerMessage });

/** For a page in TypeScript. */
export const pageCodec = structCodec({ incoming: ServerMessage, outgoing: ClientMessage });
