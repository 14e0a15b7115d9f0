/**
 * Messages as server-sent events.
 *
 * Wire shape: PROTOCOL.md, "Server-sent events". Source: the HTML standard, section 9.2.
 */
import { type Wire } from '../core/codec.ts';
import { type Prepared } from '../core/prepared.ts';

/** The names of what is no message, by the header that says the same on a WebSocket. */
const NAMES: Readonly<Record<string, string>> = { '!': 'hello', '.': 'beat' };

/** A push as an event. */
export function pushEventOf(encoded: Wire): string {
  if (typeof encoded !== 'string') {
    return `event: bytes\ndata: ${Buffer.from(encoded).toString('base64')}\n\n`;
  }
  // A carriage return would end a line of data, and be lost.
  // guard: a carriage return is kept
  if (encoded.includes('\r')) return `event: quoted\ndata: ${JSON.stringify(encoded)}\n\n`;
  return `data: ${encoded.replaceAll('\n', '\ndata: ')}\n\n`;
}

/** An event whose id is the place of the message: a browser sends it back as `Last-Event-ID` when it reconnects. */
export function placedEventOf(encoded: Wire, { place }: Prepared): string {
  return place === '' ? pushEventOf(encoded) : `id: ${place}\n${pushEventOf(encoded)}`;
}

const TELL = '.;place=';
const GAP = '.;gap=';

/** What a marked line sends, as an event. Replies have no place here: the line receives nothing. */
export function eventOf(encoded: Wire, header: string): string {
  // Without data there is no event; a browser remembers the id all the same.
  if (header.startsWith(TELL)) return `id: ${header.slice(TELL.length)}\n\n`;
  if (header.startsWith(GAP)) return `event: gap\ndata: ${header.slice(GAP.length)}\n\n`;
  const name = NAMES[header];
  if (name === undefined) return pushEventOf(encoded);
  const data = typeof encoded === 'string' ? encoded : Buffer.from(encoded).toString();
  return `event: ${name}\ndata: ${data}\n\n`;
}
