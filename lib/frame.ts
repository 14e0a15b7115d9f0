/**
 * WebSocket frames as a server sends them: final, unmasked, header and payload in one buffer.
 *
 * Source: RFC 6455 section 5.2.
 */
import { type Wire } from './codec.ts';

const FINAL_TEXT = 0x81;
const FINAL_BINARY = 0x82;

/** The size of a frame's payload, in bytes. */
export function payloadSize(encoded: Wire): number {
  return typeof encoded === 'string' ? Buffer.byteLength(encoded) : encoded.byteLength;
}

/** The size of the whole frame, in bytes. */
export function frameSize(payload: number): number {
  return payload + (payload < 126 ? 2 : payload < 65_536 ? 4 : 10);
}

/**
 * Writes a frame into a buffer that has room for it.
 * @param payload - the `payloadSize` of `encoded`
 * @returns where the next one begins
 */
export function writeFrame(buffer: Buffer, at: number, encoded: Wire, payload: number): number {
  let start = at;
  buffer[start++] = typeof encoded === 'string' ? FINAL_TEXT : FINAL_BINARY;
  if (payload < 126) {
    buffer[start++] = payload;
  } else if (payload < 65_536) {
    buffer[start++] = 126;
    buffer[start++] = payload >>> 8;
    buffer[start++] = payload & 0xff;
  } else {
    buffer[start++] = 127;
    buffer.writeBigUInt64BE(BigInt(payload), start);
    start += 8;
  }
  if (typeof encoded !== 'string') buffer.set(encoded, start);
  // As many bytes as characters: all of them are ASCII, which latin1 copies without looking.
  else if (payload === encoded.length) buffer.write(encoded, start, payload, 'latin1');
  else buffer.write(encoded, start, payload, 'utf8');
  return start + payload;
}

/** An encoded message that goes to many sockets: framed once, however many there are. */
export class Frame {
  /** What was encoded: a text makes a text frame, bytes a binary one. */
  readonly encoded: Wire;
  #bytes: Buffer | undefined;

  constructor(encoded: Wire) {
    this.encoded = encoded;
  }

  /** The frame as it stands on the wire. */
  get bytes(): Buffer {
    if (this.#bytes === undefined) {
      const payload = payloadSize(this.encoded);
      this.#bytes = Buffer.allocUnsafeSlow(frameSize(payload));
      writeFrame(this.#bytes, 0, this.encoded, payload);
    }
    return this.#bytes;
  }
}
