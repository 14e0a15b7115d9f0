/** WebSocket frames as a client sends them, right or wrong in every bit, and as it reads them. */

/** What can be said of a frame beside its payload. */
export interface FrameOptions {
  readonly opcode?: number;
  readonly fin?: boolean;
  readonly rsv?: number;
  readonly masked?: boolean;
  /** The length that the header claims, when it is not that of the payload. */
  readonly claims?: bigint | number;
}

/** A client's frame. Its mask is zeros, which leave the payload as it is. */
export function frame(payload: string | Uint8Array, options: FrameOptions = {}): Buffer {
  const { opcode = 1, fin = true, rsv = 0, masked = true } = options;
  const data = Buffer.from(payload);
  const claims = BigInt(options.claims ?? data.length);
  const mask = masked ? 0x80 : 0;
  const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  let header: Buffer;
  if (claims < 126n) {
    header = Buffer.from([first, mask | Number(claims)]);
  } else if (claims < 65_536n) {
    header = Buffer.from([first, mask | 126, 0, 0]);
    header.writeUInt16BE(Number(claims), 2);
  } else {
    header = Buffer.alloc(10);
    header[0] = first;
    header[1] = mask | 127;
    header.writeBigUInt64BE(claims, 2);
  }
  return Buffer.concat([header, Buffer.alloc(masked ? 4 : 0), data]);
}

/** A client's close frame. */
export function closeFrame(code: number, reason = ''): Buffer {
  const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
  payload.writeUInt16BE(code);
  payload.write(reason, 2);
  return frame(payload, { opcode: 8 });
}

/** A client's ping. */
export function pingFrame(): Buffer {
  return frame('', { opcode: 9 });
}

/** A frame of the server's. */
export interface ServerFrame {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** Takes the server's frames out of the bytes that arrive. */
export class FrameReader {
  #bytes: Buffer = Buffer.alloc(0);

  /** @returns the frames that are complete now */
  read(chunk: Buffer): ServerFrame[] {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    const frames: ServerFrame[] = [];
    for (let next = this.#take(); next !== undefined; next = this.#take()) frames.push(next);
    return frames;
  }

  #take(): ServerFrame | undefined {
    const bytes = this.#bytes;
    if (bytes.length < 2) return undefined;
    const short = bytes.readUInt8(1) & 0x7f;
    const start = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (bytes.length < start) return undefined;
    const size =
      short < 126
        ? short
        : short === 126
          ? bytes.readUInt16BE(2)
          : Number(bytes.readBigUInt64BE(2));
    if (bytes.length < start + size) return undefined;
    this.#bytes = bytes.subarray(start + size);
    return { opcode: bytes.readUInt8(0) & 0x0f, payload: bytes.subarray(start, start + size) };
  }
}
