/** A WebSocket client made of a TCP connection: it can do what a decent client never would. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { frame, FrameReader, type ServerFrame } from './wire.ts';

/** What a handshake may differ in. */
export interface Handshake {
  /** Besides those of a client, or in their place; undefined leaves one out. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** Bytes in the same packet as the handshake. */
  readonly early?: Buffer;
  /** In place of the address's own, which cannot hold every path. */
  readonly path?: string;
  /** Never answers a close frame, and stays. */
  readonly isStubborn?: boolean;
  /** Does not even end its side of the TCP connection when the server has ended the other. */
  readonly isHalfOpen?: boolean;
}

/** How a connection ended: the code of the server's close frame, or 1006 when there was none. */
export interface Ending {
  readonly code: number;
  readonly reason: string;
}

/** The bytes of a handshake. */
export function handshake(url: string, shake: Handshake = {}): Buffer {
  const { host, pathname, search } = new URL(url);
  const { headers = {}, early, path = `${pathname}${search}` } = shake;
  const all: Record<string, string | undefined> = {
    host,
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
  };
  const lines = Object.entries(all)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}: ${value}\r\n`);
  const text = `GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`;
  return Buffer.concat([Buffer.from(text), early ?? Buffer.alloc(0)]);
}

/** One end of a connection, byte by byte. */
export class RawPeer {
  readonly socket: Socket;
  /** How it ends; when the server cut it, or said nothing, with 1006. */
  readonly ended: Promise<Ending>;
  /** The status of the server's answer to the handshake. */
  readonly status: Promise<number>;
  readonly #frames: ServerFrame[] = [];
  #ending: Ending = { code: 1006, reason: '' };
  #isEnded = false;
  readonly #isStubborn: boolean;

  constructor(url: string, shake: Handshake = {}) {
    this.#isStubborn = shake.isStubborn === true;
    const { hostname, port } = new URL(url);
    const allowHalfOpen = shake.isHalfOpen === true;
    this.socket = connect({ port: Number(port), host: hostname, allowHalfOpen });
    this.socket.setNoDelay(true);
    this.socket.on('error', () => {});
    this.socket.write(handshake(url, shake));
    this.ended = new Promise((resolve) => {
      this.socket.once('close', () => {
        this.#isEnded = true;
        resolve(this.#ending);
      });
    });
    this.status = new Promise((resolve) => {
      this.#read(resolve);
      void this.ended.then(() => {
        resolve(0);
      });
    });
  }

  /** Connects, and waits until the server has upgraded. */
  static async open(url: string, shake: Handshake = {}): Promise<RawPeer> {
    const peer = new RawPeer(url, shake);
    const status = await peer.status;
    if (status !== 101) throw new Error(`Expected the status 101, got ${status}`);
    return peer;
  }

  write(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  /** Waits until the kernel has taken all that was written, or the server has cut the connection. */
  async flushed(): Promise<void> {
    if (this.socket.writableLength === 0) return;
    await Promise.race([once(this.socket, 'drain').catch(() => {}), this.ended]);
  }

  /** The next data frame, as text. Rejects when the connection ends before it. */
  async next(): Promise<string> {
    return (await this.nextFrame((opcode) => opcode === 1 || opcode === 2)).payload.toString();
  }

  /** The next frame of a kind; others that stand before it are dropped. */
  async nextFrame(isWanted: (opcode: number) => boolean): Promise<ServerFrame> {
    for (;;) {
      for (let head = this.#frames.shift(); head !== undefined; head = this.#frames.shift()) {
        if (isWanted(head.opcode)) return head;
      }
      if (this.#isEnded) throw new Error(`ended with ${this.#ending.code} while waiting`);
      await Promise.race([once(this.socket, 'read'), this.ended]);
    }
  }

  /** All frames of data that came so far and were not asked for. */
  get texts(): string[] {
    return this.#frames
      .splice(0)
      .filter(({ opcode }) => opcode === 1 || opcode === 2)
      .map(({ payload }) => payload.toString());
  }

  /** Cuts the connection with a RST, without any farewell. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  #read(onStatus: (status: number) => void): void {
    const reader = new FrameReader();
    let head: Buffer | undefined = Buffer.alloc(0);
    this.socket.on('data', (chunk: Buffer) => {
      let bytes = chunk;
      if (head !== undefined) {
        head = Buffer.concat([head, chunk]);
        const end = head.indexOf('\r\n\r\n');
        if (end === -1) return;
        const status = Number(head.toString('latin1', 9, 12));
        bytes = head.subarray(end + 4);
        head = undefined;
        onStatus(status);
      }
      for (const one of reader.read(bytes)) this.#take(one);
      this.socket.emit('read');
    });
  }

  #take(one: ServerFrame): void {
    if (one.opcode !== 8) {
      this.#frames.push(one);
      return;
    }
    const { payload } = one;
    this.#ending =
      payload.length < 2
        ? { code: 1005, reason: '' }
        : { code: payload.readUInt16BE(), reason: payload.toString('utf8', 2) };
    if (!this.#isStubborn) this.write(frame(payload, { opcode: 8 }));
  }
}
