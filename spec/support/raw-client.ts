/** A WebSocket client made of a TCP connection, which can say what a decent one never would. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/** What the server answered to a handshake. */
export interface HandshakeAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Empty when the answer was 101. */
  readonly body: string;
}

/** A frame from the server. */
export interface ServerFrame {
  readonly opcode: number;
  readonly payload: Buffer;
}

export interface Handshake {
  readonly port: number;
  readonly path?: string;
  readonly method?: string;
  /** In place of those of a browser, or besides them; undefined leaves one out. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** Bytes that travel in the same packet as the handshake. */
  readonly head?: Buffer;
  /** Leaves out the empty line that ends the headers. */
  readonly isUnfinished?: boolean;
}

/** The bytes of a client's frame. */
export function frame(
  payload: string | Buffer,
  { opcode = 1, fin = true, masked = true, rsv = 0 } = {},
): Buffer {
  const data = Buffer.from(payload);
  const first = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  const bit = masked ? 0x80 : 0;
  let header: Buffer;
  if (data.length < 126) header = Buffer.from([first, bit | data.length]);
  else if (data.length < 65_536) {
    header = Buffer.from([first, bit | 126, data.length >> 8, data.length & 255]);
  } else {
    header = Buffer.alloc(10);
    header[0] = first;
    header[1] = bit | 127;
    header.writeBigUInt64BE(BigInt(data.length), 2);
  }
  // A mask of zeros leaves the payload as it is.
  return Buffer.concat([header, masked ? Buffer.alloc(4) : Buffer.alloc(0), data]);
}

/** The frame with which a client closes. */
export function closeFrame(code: number): Buffer {
  return frame(Buffer.from([code >> 8, code & 255]), { opcode: 8 });
}

/** Opens a TCP connection and sends the handshake; it is destroyed when the test is over. */
export class RawClient {
  readonly socket: Socket;
  #received: Buffer = Buffer.alloc(0);
  #isEnded = false;

  constructor({
    port,
    path = '/',
    method = 'GET',
    headers = {},
    head,
    isUnfinished = false,
  }: Handshake) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
    });
    this.socket.on('close', () => {
      this.#isEnded = true;
    });
    this.socket.on('error', () => {});
    onTestFinished(() => {
      this.socket.destroy();
    });
    const all: Record<string, string | undefined> = {
      host: `127.0.0.1:${port}`,
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      ...headers,
    };
    const lines = Object.entries(all)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => `${name}: ${value}`);
    const text = [`${method} ${path} HTTP/1.1`, ...lines, ...(isUnfinished ? [''] : ['', ''])].join(
      '\r\n',
    );
    this.socket.write(Buffer.concat([Buffer.from(text), head ?? Buffer.alloc(0)]));
  }

  /** The status line, the headers, and the body of a refusal. */
  async answer(): Promise<HandshakeAnswer> {
    const end = await this.#until(() => {
      const at = this.#received.indexOf('\r\n\r\n');
      return at === -1 ? undefined : at;
    });
    const [statusLine = '', ...lines] = this.#received.subarray(0, end).toString().split('\r\n');
    this.#received = this.#received.subarray(end + 4);
    const headers = Object.fromEntries(
      lines.map((line) => [
        line.slice(0, line.indexOf(':')).toLowerCase(),
        line.slice(line.indexOf(':') + 1).trim(),
      ]),
    );
    const status = Number(statusLine.split(' ')[1]);
    if (status === 101) return { status, headers, body: '' };
    const length = Number(headers['content-length'] ?? 0);
    await this.#until(() => (this.#received.length >= length ? true : undefined));
    return { status, headers, body: this.#received.subarray(0, length).toString() };
  }

  /** The next frame of the server. */
  async frame(): Promise<ServerFrame> {
    return this.#until(() => this.#takeFrame());
  }

  /** The code of the close frame, after whatever frames stand before it; 1006 when there is none. */
  async closeCode(): Promise<number> {
    try {
      for (;;) {
        const { opcode, payload } = await this.frame();
        if (opcode === 8) return payload.length < 2 ? 1005 : payload.readUInt16BE();
      }
    } catch {
      return 1006;
    }
  }

  /** Until the connection is closed, by whomever. */
  async ended(): Promise<void> {
    // Not by once(), which a reset would reject: that ends a connection, too.
    if (!this.#isEnded) await new Promise((resolve) => this.socket.once('close', resolve));
  }

  #takeFrame(): ServerFrame | undefined {
    const bytes = this.#received;
    if (bytes.length < 2) return undefined;
    let length = bytes.readUInt8(1) & 0x7f;
    let at = 2;
    if (length === 126) {
      if (bytes.length < 4) return undefined;
      length = bytes.readUInt16BE(2);
      at = 4;
    } else if (length === 127) {
      if (bytes.length < 10) return undefined;
      length = Number(bytes.readBigUInt64BE(2));
      at = 10;
    }
    if (bytes.length < at + length) return undefined;
    this.#received = bytes.subarray(at + length);
    return { opcode: bytes.readUInt8(0) & 15, payload: bytes.subarray(at, at + length) };
  }

  async #until<Value>(look: () => Value | undefined): Promise<Value> {
    for (;;) {
      const found = look();
      if (found !== undefined) return found;
      if (this.#isEnded) throw new Error('The connection ended before the answer');
      await Promise.race([once(this.socket, 'data'), once(this.socket, 'close')]);
    }
  }
}
