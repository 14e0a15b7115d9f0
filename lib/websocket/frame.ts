/**
 * WebSocket frames as a server sends them: final, unmasked, header and payload in one buffer.
 *
 * Source: RFC 6455 section 5.2.
 */
import { type Wire } from '../core/codec.ts';

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
  const start = writeHeader(buffer, at, encoded, payload);
  if (typeof encoded !== 'string') buffer.set(encoded, start);
  // As many bytes as characters, so all is ASCII, which latin1 copies without decoding.
  else if (isAscii(encoded, payload)) buffer.write(encoded, start, payload, 'latin1');
  else buffer.write(encoded, start, payload, 'utf8');
  return start + payload;
}

/** A chunk for a stream: bytes, or ASCII. */
export type Piece = Buffer | string;

/** From this size on, in bytes, a string is not copied into a buffer: the garbage costs more than a second chunk. */
export const LARGE = 16_384;

/**
 * The frame of a message, in one piece or two.
 * @param payload - the `payloadSize` of `encoded`
 */
export function piecesOf(encoded: Wire, payload: number): readonly Piece[] {
  if (payload >= LARGE && typeof encoded === 'string' && isAscii(encoded, payload)) {
    const header = Buffer.allocUnsafe(frameSize(payload) - payload);
    writeHeader(header, 0, encoded, payload);
    return [header, encoded];
  }
  const buffer = Buffer.allocUnsafe(frameSize(payload));
  writeFrame(buffer, 0, encoded, payload);
  return [buffer];
}

/** As many bytes as characters. */
function isAscii(text: string, size: number): boolean {
  return text.length === size;
}

function writeHeader(buffer: Buffer, at: number, encoded: Wire, payload: number): number {
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
  return start;
}

/** The frame of a message for many sockets, made once. */
export class Frame {
  /** The encoded message: a string makes a text frame, bytes a binary one. */
  readonly encoded: Wire;
  readonly #payload: number;
  #bytes: Buffer | undefined;

  constructor(encoded: Wire) {
    this.encoded = encoded;
    this.#payload = payloadSize(encoded);
  }

  /** Its size on the wire, in bytes. */
  get size(): number {
    return frameSize(this.#payload);
  }

  /** The frame as it is on the wire. */
  get bytes(): Buffer {
    if (this.#bytes === undefined) {
      this.#bytes = Buffer.allocUnsafeSlow(this.size);
      writeFrame(this.#bytes, 0, this.encoded, this.#payload);
    }
    return this.#bytes;
  }
}

/** How a WebSocket writes an encoded message. */
export function frameOf(encoded: Wire): Frame {
  return new Frame(encoded);
}
