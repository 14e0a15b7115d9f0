/** What travels: one file for the server and for the page, so that a wrong message does not compile. */
import { structCodec, variants } from 'express-omnimessage/codecs';
import { array, boolean, type Infer, object, size, string } from 'superstruct';

const Item = object({ id: size(string(), 1, 64), text: size(string(), 1, 100), done: boolean() });
const FromPage = variants('type', {
  add: { id: size(string(), 1, 64), text: size(string(), 1, 100) },
  tick: { id: string(), done: boolean() },
});
const FromServer = variants('type', { list: { items: array(Item) } });

export type Item = Infer<typeof Item>;
export type PageMessage = Infer<typeof FromPage>;
export type ServerMessage = Infer<typeof FromServer>;
export const serverCodec = structCodec({ incoming: FromPage, outgoing: FromServer });
export const pageCodec = structCodec({ incoming: FromServer, outgoing: FromPage });
export const listCodec = structCodec({ incoming: FromServer, outgoing: FromServer });
