/** One connection of the generator. */
import { connect, type Socket } from 'node:net';
import { type Target } from '../protocol.ts';
import { type Speech } from './dialect.ts';
import { FrameReader, type Reader, ResponseReader } from './reader.ts';

const END_OF_HEAD = Buffer.from('\r\n\r\n');

/** Sends the messages of its speech, and counts the replies. */
export class Client {
  readonly #speech: Speech;
  readonly #socket: Socket;
  readonly #replied: (client: Client, count: number) => void;
  /** When each that is on the way was sent, oldest first. */
  readonly #sent: number[] = [];
  readonly #joined = new Map<number, Buffer>();
  readonly #number: number;
  #next = 0;

  private constructor(
    socket: Socket,
    number: number,
    speech: Speech,
    replied: (client: Client, count: number) => void,
  ) {
    this.#socket = socket;
    this.#number = number;
    this.#speech = speech;
    this.#replied = replied;
  }

  /** Connects as client number n; resolves when the greeting is over. */
  static open(
    { port, dialect }: Target,
    number: number,
    speech: Speech,
    replied: (client: Client, count: number) => void,
  ): Promise<Client> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      const client = new Client(socket, number, speech, replied);
      socket.on('error', reject);
      socket.on('close', () => {
        if (!client.isClosing) throw new Error(`A connection to ${dialect} was lost`);
      });
      const ready = (): void => {
        resolve(client);
      };
      socket.once('connect', () => {
        if (dialect === 'http') {
          const reader = new ResponseReader({ replies: (count) => replied(client, count) });
          socket.on('data', (chunk) => reader.read(chunk));
          ready();
        } else {
          client.#shakeHands(ready);
        }
      });
    });
  }

  isClosing = false;

  /** Sends so many messages in one write. */
  send(count: number, now: number): void {
    const done = this.#next - this.#sent.length;
    for (let sent = 0; sent < count; sent++) this.#sent.push(now);
    this.#socket.write(this.#messages(count, done));
  }

  /** When the oldest message that is on the way was sent; it is not on the way any more. */
  answered(): number {
    return this.#sent.shift() ?? 0;
  }

  close(): void {
    this.isClosing = true;
    this.#socket.resetAndDestroy();
  }

  #messages(count: number, done: number): Buffer {
    const { messages, numbered } = this.#speech;
    if (numbered !== undefined) {
      this.#next += count;
      const first = this.#next - count;
      return Buffer.concat(
        Array.from({ length: count }, (_, index) => numbered(first + index, done)),
      );
    }
    const [only] = messages;
    if (messages.length === 1 && only !== undefined) {
      let joined = this.#joined.get(count);
      if (joined === undefined) {
        joined = count === 1 ? only : Buffer.concat(Array.from({ length: count }, () => only));
        this.#joined.set(count, joined);
      }
      return joined;
    }
    const chosen = Array.from(
      { length: count },
      (_, index) => messages[(this.#next + index) % messages.length] as Buffer,
    );
    this.#next = (this.#next + count) % messages.length;
    return Buffer.concat(chosen);
  }

  #shakeHands(ready: () => void): void {
    const speech = this.#speech;
    const socket = this.#socket;
    let head = Buffer.alloc(0);
    let reader: Reader | undefined;
    const frames = new FrameReader(
      {
        replies: (count) => this.#replied(this, count),
        pinged: () => socket.write(speech.pong),
        onText: (text) => {
          if (!frames.isGreeting) {
            socket.write(speech.pong);
            return;
          }
          const answer = speech.greet(text, this.#number);
          if (answer !== 'ready') {
            socket.write(answer);
            return;
          }
          frames.isGreeting = false;
          ready();
        },
      },
      speech.control,
    );
    frames.isGreeting = !speech.isReady;
    socket.on('data', (chunk) => {
      if (reader !== undefined) {
        reader.read(chunk);
        return;
      }
      head = Buffer.concat([head, chunk]);
      const end = head.indexOf(END_OF_HEAD);
      if (end === -1) return;
      if (!head.toString('latin1').startsWith('HTTP/1.1 101 ')) {
        throw new Error(`Expected a 101, got ${head.toString('latin1')}`);
      }
      reader = frames;
      if (speech.opening !== undefined) socket.write(speech.opening);
      if (speech.isReady) ready();
      if (end + 4 < head.length) frames.read(head.subarray(end + 4));
    });
    socket.write(speech.handshakeOf?.(this.#number) ?? speech.handshake);
  }
}
