/** Counts what comes back over one connection, at as little cost as may be. */

/** Callbacks of a reader. */
export interface Reading {
  /** So many replies were completed by what was just read. */
  readonly replies: (count: number) => void;
  /** What the server wants to know: text of a greeting, or a ping. */
  readonly onText?: (text: string) => void;
  readonly pinged?: () => void;
}

/** Takes what a socket read. */
export interface Reader {
  readonly read: (chunk: Buffer) => void;
}

const PING = 9;
const CLOSE = 8;

/** Reads the frames of a server, once the handshake is over. */
export class FrameReader implements Reader {
  readonly #reading: Reading;
  /** Frames of text that are not counted: the server's own, by their length. */
  readonly #control: number;
  #rest: Buffer | undefined;
  #skip = 0;
  /** Until it is false, each text is handed over and none is counted. */
  isGreeting = true;

  constructor(reading: Reading, control: number) {
    this.#reading = reading;
    this.#control = control;
  }

  read(chunk: Buffer): void {
    let bytes = chunk;
    let at = 0;
    if (this.#rest !== undefined) {
      bytes = Buffer.concat([this.#rest, chunk]);
      this.#rest = undefined;
    }
    let replies = 0;
    while (at < bytes.length) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, bytes.length - at);
        at += skipped;
        this.#skip -= skipped;
        if (this.#skip === 0) replies += 1;
        continue;
      }
      const start = headerEnd(bytes, at);
      if (start === undefined) break;
      const length = payloadLength(bytes, at);
      const opcode = (bytes[at] as number) & 0x0f;
      const isWhole = start + length <= bytes.length;
      if (this.isGreeting || opcode >= CLOSE || length === this.#control) {
        if (!isWhole) break;
        if (opcode === CLOSE)
          throw new Error(`The server closed with ${bytes.readUInt16BE(start)}`);
        if (opcode === PING) this.#reading.pinged?.();
        else this.#reading.onText?.(bytes.toString('utf8', start, start + length));
        at = start + length;
      } else {
        at = start;
        this.#skip = length;
      }
    }
    if (at < bytes.length) this.#rest = bytes.subarray(at);
    if (replies > 0) this.#reading.replies(replies);
  }
}

/** Where the payload of a frame begins; undefined when its header is not there yet. */
function headerEnd(bytes: Buffer, at: number): number | undefined {
  if (bytes.length < at + 2) return undefined;
  const length = (bytes[at + 1] as number) & 0x7f;
  const end = at + (length < 126 ? 2 : length === 126 ? 4 : 10);
  return bytes.length < end ? undefined : end;
}

function payloadLength(bytes: Buffer, at: number): number {
  const length = (bytes[at + 1] as number) & 0x7f;
  if (length < 126) return length;
  return length === 126 ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
}

/** Reads responses, which are all as long as the first. */
export class ResponseReader implements Reader {
  readonly #reading: Reading;
  #text = '';
  #length = 0;
  #received = 0;

  constructor(reading: Reading) {
    this.#reading = reading;
  }

  read(chunk: Buffer): void {
    if (this.#length === 0) {
      this.#text += chunk.toString('latin1');
      this.#length = responseLength(this.#text);
      if (this.#length === 0) return;
      this.#received = this.#text.length;
    } else {
      this.#received += chunk.length;
    }
    const replies = Math.floor(this.#received / this.#length);
    this.#received -= replies * this.#length;
    if (replies > 0) this.#reading.replies(replies);
  }
}

/** The length of a response whose beginning has arrived; 0 while it is not known. */
function responseLength(text: string): number {
  const head = text.indexOf('\r\n\r\n');
  if (head === -1) return 0;
  if (!text.startsWith('HTTP/1.1 200 ')) throw new Error(`Expected a 200, got ${text}`);
  const length = /^content-length: (\d+)/im.exec(text)?.[1];
  if (length !== undefined) return head + 4 + Number(length);
  const end = text.indexOf('\r\n0\r\n\r\n', head);
  return end === -1 ? 0 : end + 7;
}
