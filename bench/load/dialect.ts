/** How each kind of contender is spoken to: the bytes that are sent, made beforehand. */
import { sample } from '../work.ts';
import { type Target } from '../protocol.ts';

/** What a client of a contender sends. */
export interface Speech {
  /** The handshake; empty where there is none. */
  readonly handshake: Buffer;
  /** That of client number n, where each has its own. */
  readonly handshakeOf?: (number: number) => Buffer;
  /** From a text of the greeting of client number n to what answers it; 'ready' when it is over. */
  readonly greet: (text: string, number: number) => Buffer | 'ready';
  /** Whether the greeting is over before anything is said. */
  readonly isReady: boolean;
  /** Said when the socket is open. */
  readonly opening: Buffer | undefined;
  /** The messages, one after the other, and again from the start. */
  readonly messages: readonly Buffer[];
  /** Makes message number n, where each has a number of its own, when so many have been answered. */
  readonly numbered?: (number: number, done: number) => Buffer;
  /** Frames of this length are the server's own pings, and how they are answered. */
  readonly control: number;
  readonly pong: Buffer;
}

/** A masked text frame; by a mask of zeros, so that the payload stands as it is. */
export function frame(text: string, opcode = 0x1): Buffer {
  const payload = Buffer.from(text);
  const { length } = payload;
  const size = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const header = Buffer.alloc(size + 4);
  header[0] = 0x80 | opcode;
  header[1] = 0x80 | (length < 126 ? length : length < 65_536 ? 126 : 127);
  if (size === 4) header.writeUInt16BE(length, 2);
  if (size === 10) header.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([header, payload]);
}

function upgrade(path: string, ...more: readonly string[]): Buffer {
  const lines = [
    `GET ${path} HTTP/1.1`,
    'host: 127.0.0.1',
    'connection: upgrade',
    'upgrade: websocket',
    'sec-websocket-version: 13',
    'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
    ...more,
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`);
}

function post(path: string, body: string): Buffer {
  const lines = [
    `POST ${path} HTTP/1.1`,
    'host: 127.0.0.1',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n${body}`);
}

const FIRST_NUMBER = 1_000_000_000;
/** Where the number of the last confirmed message stands, after a message's own. */
const CONFIRMED = `${FIRST_NUMBER};done=`.length;
/** Of how many messages a client confirms the answers at once. */
const TOGETHER = 8;

/** Numbers of two digits: more than are ever on the way at once. */
const IDS = Array.from({ length: 80 }, (_, index) => index + 10);

const silent = {
  handshake: Buffer.alloc(0),
  greet: (): 'ready' => 'ready',
  isReady: true,
  opening: undefined,
  control: -1,
  pong: frame('', 0xa),
};

/** What the server calls each client, by its port and number. */
const owners = new Map<string, string>();

/** A client that can come back, or does: it says who it is, and from where it goes on. */
function returning(port: number, isBack: boolean): Pick<Speech, 'handshakeOf' | 'greet'> {
  return {
    handshakeOf: (number) => {
      const client = String(number).padStart(22, '0');
      const owner = owners.get(`${port} ${number}`);
      const from = isBack ? { owner, sent: 0, pushes: 0, places: {} } : undefined;
      const introduction = JSON.stringify({ client, resumes: isBack, from });
      const token = Buffer.from(introduction).toString('base64url');
      return upgrade('/', `sec-websocket-protocol: omnimessage.1, omnimessage.1.${token}`);
    },
    greet: (told, number) => {
      if (!told.startsWith('@')) return Buffer.alloc(0);
      const { owner, resumed } = JSON.parse(told.slice(2)) as { owner: string; resumed: boolean };
      owners.set(`${port} ${number}`, owner);
      if (resumed !== isBack)
        throw new Error(`Client ${number} was not served as it should: ${told}`);
      return 'ready';
    },
  };
}

/** The speech for a target. */
export function speechFor({ dialect, size, port, path = '/' }: Target): Speech {
  const text = sample(size);
  switch (dialect) {
    case 'http':
      return { ...silent, messages: [post(path, text)] };
    case 'ws':
      return { ...silent, handshake: upgrade('/'), messages: [frame(text)] };
    case 'omnimessage.1':
    case 'resume':
    case 'resume-again': {
      // Numbers of ten digits, so that each frame is a copy of the first with another number.
      const first = frame(`${FIRST_NUMBER}\n${text}`);
      const confirming = frame(`${FIRST_NUMBER};done=${FIRST_NUMBER}\n${text}`);
      const canComeBack = dialect !== 'omnimessage.1';
      const at = first.indexOf(String(FIRST_NUMBER));
      return {
        ...silent,
        handshake: upgrade('/', 'sec-websocket-protocol: omnimessage.1'),
        ...(canComeBack && returning(port, dialect === 'resume-again')),
        isReady: false,
        messages: [],
        numbered: (number, done) => {
          const confirms = canComeBack && done > 0 && number % TOGETHER === 0;
          const copy = Buffer.from(confirms ? confirming : first);
          copy.write(String(FIRST_NUMBER + number), at, 'latin1');
          if (confirms) copy.write(String(FIRST_NUMBER + done - 1), at + CONFIRMED, 'latin1');
          return copy;
        },
      };
    }
    case 'trpc-ws':
      return {
        ...silent,
        handshake: upgrade('/'),
        messages: IDS.map((id) =>
          frame(`{"id":${id},"method":"mutation","params":{"path":"send","input":${text}}}`),
        ),
      };
    case 'trpc-subscription':
      return {
        ...silent,
        handshake: upgrade('/'),
        isReady: false,
        opening: frame('{"id":1,"method":"subscription","params":{"path":"said"}}'),
        messages: [],
      };
    case 'socket.io':
      return {
        ...silent,
        handshake: upgrade('/socket.io/?EIO=4&transport=websocket'),
        isReady: false,
        greet: (told) => (told.startsWith('0') ? frame('40') : 'ready'),
        messages: IDS.map((id) => frame(`42${id}["send",${text}]`)),
        control: 1,
        pong: frame('3'),
      };
  }
}
