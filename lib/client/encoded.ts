/** What a message is on the wire. */
import { type Codec, type Wire } from '../core/codec.ts';
import { forgetRefusal, takeRefusal, UnsendableError } from '../core/refusal.ts';

/**
 * Encodes a message that is meant to be sent.
 * @returns undefined when the codec skips it
 * @throws UnsendableError when the codec refuses it, and what the codec throws
 */
export function encodedOf<Out>(
  codec: Pick<Codec<unknown, Out, Wire>, 'encode'>,
  message: Out,
): Wire | undefined {
  forgetRefusal();
  const encoded = codec.encode(message);
  const fault = encoded === undefined ? takeRefusal() : undefined;
  if (fault !== undefined) throw new UnsendableError(fault);
  return encoded;
}

const utf8 = new TextEncoder();

/** The size of what is sent, in bytes. */
export const sizeOf = (encoded: Wire): number =>
  typeof encoded === 'string' ? utf8.encode(encoded).length : encoded.length;
