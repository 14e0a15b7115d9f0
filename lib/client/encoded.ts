/** Messages, and what they are on the wire. */
import { type Codec, type Wire } from '../core/codec.ts';
import { type LineOptions } from './transport.ts';
import { FRAME_HEADER } from '../core/protocol.ts';
import { forgetRefusal, takeRefusal } from '../core/refusal.ts';

/**
 * Encodes a message that is meant to be sent.
 * @param maySkip - a store is given messages of its page alone, which a struct refuses
 * @returns undefined when the codec skips it
 * @throws TypeError with `expected` and `path` when the codec refuses it, and what the codec throws
 */
export function encodedOf<Out>(
  codec: Pick<Codec<unknown, Out, Wire>, 'encode'>,
  message: Out,
  maySkip: boolean,
): Wire | undefined {
  forgetRefusal();
  const encoded = codec.encode(message);
  const fault = encoded === undefined && !maySkip && takeRefusal();
  if (fault) throw Object.assign(new TypeError(`expected ${fault.expected}`), fault);
  return encoded;
}

/** @returns a function that decodes a message into a list of one; undefined when it cannot be decoded */
export const createReader =
  <In>(codec: Pick<Codec<In, never, Wire>, 'decode'>, failed: (error: unknown) => void) =>
  (payload: Wire): readonly [In] | undefined => {
    try {
      return [codec.decode(payload)];
    } catch (error) {
      failed(error);
      return undefined;
    }
  };

const utf8 = new TextEncoder();

export const bytesOf = (text: string): Uint8Array => utf8.encode(text);

/** The size of what is sent, in bytes. */
export const sizeOf = (encoded: Wire): number =>
  (typeof encoded === 'string' ? bytesOf(encoded) : encoded).length;

const asciiOf = (frame: Wire): string =>
  typeof frame === 'string' ? frame : String.fromCharCode(...frame);

/**
 * The header of a frame and its payload; a sign of life when it is none. Like {@link joined} it does
 * what `core/protocol` does for the server, in fewer bytes instead of less time.
 */
export function split(frame: Wire): readonly [header: string, payload: Wire] {
  const head = asciiOf(frame.slice(0, FRAME_HEADER));
  const end = head.indexOf('\n');
  return end < 0 ? ['.', ''] : [head.slice(0, end), frame.slice(end + 1)];
}

/** The frame of a header and a payload. */
export function joined(header: string, payload: Wire): Wire {
  const line = `${header}\n`;
  return typeof payload === 'string'
    ? line + payload
    : new Uint8Array([...bytesOf(line), ...payload]);
}

/** What the protocol itself says; undefined when it is no object. What is in it may be anything. */
export function jsonOf(payload: Wire): LineOptions | undefined {
  try {
    const value: unknown = JSON.parse(asciiOf(payload));
    return Object(value) === value ? (value as LineOptions) : undefined;
  } catch {
    return undefined;
  }
}
