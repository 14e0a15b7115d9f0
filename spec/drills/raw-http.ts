/** An HTTP client that sends whatever bytes it is told. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** One answer of the server. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** One connection. */
export class RawHttp {
  readonly socket: Socket;
  /** Resolves at the end of the connection, whoever ended it. */
  readonly ended: Promise<void>;
  #bytes: Buffer = Buffer.alloc(0);
  #isEnded = false;

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.socket = connect(Number(port), hostname);
    this.socket.on('error', () => {});
    this.socket.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.socket.emit('read');
    });
    this.ended = new Promise((resolve) => {
      this.socket.once('close', () => {
        this.#isEnded = true;
        resolve();
      });
    });
  }

  /** A POST to /omni of a whole body, or of a part of one. */
  post(body: string | Uint8Array, headers: Readonly<Record<string, string>> = {}): void {
    const all = { host: 'omni.example', 'content-length': String(Buffer.byteLength(body)) };
    const lines = Object.entries({ ...all, ...headers })
      .filter(([, value]) => value !== '')
      .map(([name, value]) => `${name}: ${value}\r\n`);
    this.write(`POST /omni HTTP/1.1\r\n${lines.join('')}\r\n`, body);
  }

  write(...parts: readonly (string | Uint8Array)[]): void {
    this.socket.write(Buffer.concat(parts.map((part) => Buffer.from(part))), () => {});
  }

  /** The next answer; undefined when the connection ends before one is complete. */
  async answer(): Promise<RawAnswer | undefined> {
    for (;;) {
      const found = this.#take();
      if (found !== undefined || this.#isEnded) return found;
      await Promise.race([once(this.socket, 'read'), this.ended]);
    }
  }

  #take(): RawAnswer | undefined {
    const end = this.#bytes.indexOf('\r\n\r\n');
    if (end === -1) return undefined;
    const [line = '', ...fields] = this.#bytes.toString('latin1', 0, end).split('\r\n');
    const status = Number(line.split(' ')[1]);
    const headers = Object.fromEntries(
      fields.map((field) => {
        const colon = field.indexOf(':');
        return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()];
      }),
    );
    if (status === 100) {
      this.#bytes = this.#bytes.subarray(end + 4);
      return this.#take();
    }
    const from = end + 4;
    const isChunked = headers['transfer-encoding'] === 'chunked';
    // A body without a length ends with the connection.
    const size = isChunked
      ? this.#bytes.indexOf('0\r\n\r\n', from) + 5 - from
      : Number(headers['content-length'] ?? 0);
    if (size < 0 || (isChunked && size < 5) || this.#bytes.length < from + size) return undefined;
    const body = this.#bytes.toString('utf8', from, from + size);
    this.#bytes = this.#bytes.subarray(from + size);
    return { status, headers, body };
  }
}
