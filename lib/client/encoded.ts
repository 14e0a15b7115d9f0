/** Messages, and what they are on the wire. */
import { type Codec, type Wire } from '../core/codec.ts';
import { type LineOptions } from './transport.ts';
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
  const fault = encoded === undefined && !maySkip ? takeRefusal() : undefined;
  if (fault !== undefined) throw Object.assign(new TypeError(`expected ${fault.expected}`), fault);
  return encoded;
}

/** @returns a function that decodes a message and gives it away; false when it cannot be decoded */
export function createReader<In>(
  { decode }: Pick<Codec<In, never, Wire>, 'decode'>,
  failed: (error: unknown) => void,
): (payload: Wire, take: (message: In) => void) => boolean {
  return (payload, take) => {
    let message: In;
    try {
      message = decode(payload);
    } catch (error) {
      failed(error);
      return false;
    }
    take(message);
    return true;
  };
}

const utf8 = new TextEncoder();

/** Where short strings are encoded to be measured: that takes a quarter of the time of a new array. */
const scratch = new Uint8Array(3_000);

/** The size of what is sent, in bytes. */
export function sizeOf(encoded: Wire): number {
  if (typeof encoded !== 'string') return encoded.length;
  return encoded.length > 1_000
    ? utf8.encode(encoded).length
    : utf8.encodeInto(encoded, scratch).written;
}

/** What the protocol itself says, without what makes no sense; undefined when it is no object. */
export function jsonOf(payload: Wire): Partial<LineOptions> | undefined {
  try {
    const value: unknown = JSON.parse(
      typeof payload === 'string' ? payload : String.fromCharCode(...payload),
      (name, each: unknown) => (name === '' || isSensible(each) ? each : undefined),
    );
    return Object(value) === value ? (value as object) : undefined;
  } catch {
    return undefined;
  }
}

/** A text, true, or a number that a timer takes. */
const isSensible = (value: unknown): boolean =>
  typeof value === 'number' ? value > 0 && value < 2 ** 30 : Object(value) !== value && !!value;
