/** What was received, as the codec takes it. */
import { type Wire } from '../core/codec.ts';
import { DecodeError } from '../core/errors.ts';
import { bytesOf, textOf } from './inbox.ts';
import { type Received } from './line.ts';

/**
 * What a frame holds for the codec.
 * @param isExpected - whether the codec is binary
 * @throws {@link DecodeError} when the frame is not of the codec's kind
 */
export function encodedIn(data: Received, isBinary: boolean, isExpected: boolean): Wire {
  if (!isExpected) {
    // guard: a binary frame is no text → const text = textOf(data, false);
    const text = textOf(data, isBinary);
    if (text !== undefined) return text;
    throw new DecodeError('expected a text frame');
  }
  if (!isBinary || typeof data === 'string') throw new DecodeError('expected a binary frame');
  const bytes = bytesOf(data);
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** The frame as it was received, to look at its header. */
export function frameOf(data: Received): Wire {
  return typeof data === 'string' ? data : bytesOf(data);
}
