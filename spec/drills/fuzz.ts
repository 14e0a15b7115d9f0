/** Bytes that nobody expects, from a generator that a seed decides. */
import { closeFrame, frame, pingFrame } from './wire.ts';

export type Random = () => number;

/** A whole number from 0 up to, but without, `below`. */
export function upTo(random: Random, below: number): number {
  return Math.floor(random() * below);
}

/** One of a list. */
export function oneOf<Item>(random: Random, list: readonly Item[]): Item {
  return list[upTo(random, list.length)] as Item;
}

function bytes(random: Random, most: number): Buffer {
  return Buffer.from(Array.from({ length: upTo(random, most) }, () => upTo(random, 256)));
}

const TEXTS = [
  '{"text":"a"}',
  '{"text":1}',
  '{',
  '',
  'null',
  '[]',
  '"a"',
  '{"text":"a","__proto__":{"x":1}}',
  '{"toString":1,"valueOf":1}',
  '{"text":{"toString":1}}',
  '['.repeat(1_000),
  '{"text":"throw"}',
  String.raw`{"text":"\ud800"}`,
  '1e999',
];

/** A frame: right, wrong in one way, or in many. */
export function anyFrame(random: Random): Buffer {
  const kind = upTo(random, 12);
  const text = oneOf(random, TEXTS);
  if (kind === 0) return bytes(random, 200);
  if (kind === 1) return closeFrame(upTo(random, 5_100), text.slice(0, 120));
  if (kind === 2) return pingFrame();
  if (kind === 3) return frame('', { claims: 2n ** BigInt(upTo(random, 63)) });
  if (kind === 4) return frame(text, { fin: false });
  if (kind < 7) return frame(text);
  if (kind === 7) return flipped(random, frame(text));
  if (kind === 8) return frame(bytes(random, 100));
  return frame(text, {
    opcode: upTo(random, 16),
    fin: random() < 0.8,
    rsv: random() < 0.7 ? 0 : upTo(random, 8),
    masked: random() < 0.8,
  });
}

/** A few bits, or the end, of something right. */
export function flipped(random: Random, right: Buffer): Buffer {
  const wrong = Buffer.from(right);
  for (let flips = upTo(random, 4); flips >= 0; flips -= 1) {
    const at = upTo(random, wrong.length);
    wrong[at] = (wrong[at] ?? 0) ^ (1 << upTo(random, 8));
  }
  return random() < 0.3 ? wrong.subarray(0, upTo(random, wrong.length)) : wrong;
}

const HEADERS: Readonly<Record<string, readonly string[]>> = {
  host: ['omni.example', '', 'a b', 'omni.example:99999', '[::1]'],
  'content-type': [
    'application/json',
    'text/plain;charset=UTF-8',
    'text/plain; charset=utf-16',
    'multipart/form-data',
    ';;;',
    'x'.repeat(3_000),
  ],
  'content-encoding': ['application/json', 'identity', 'gzip', 'br, gzip', ',', '\t'.repeat(500)],
  'content-length': ['0', '5', '12', '70000', '-1', '1e3', '12, 12', '99999999999999999999'],
  'transfer-encoding': ['chunked', 'gzip, chunked', 'identity', 'chunked, chunked'],
  origin: ['http://omni.example', 'http://evil.example', 'null', '', 'file://', '//'],
  expect: ['100-continue', 'x'],
  upgrade: ['websocket', 'h2c'],
  connection: ['close', 'keep-alive', 'upgrade'],
};

/** A request: mostly right but for one or two things. */
export function anyRequest(random: Random): Buffer {
  const body = random() < 0.9 ? Buffer.from(oneOf(random, TEXTS)) : bytes(random, 300);
  const headers = new Map([
    ['host', 'omni.example'],
    ['content-length', String(body.length)],
  ]);
  for (let changes = upTo(random, 3); changes > 0; changes -= 1) {
    const name = oneOf(random, Object.keys(HEADERS));
    headers.set(name, oneOf(random, HEADERS[name] ?? []));
  }
  const method = oneOf(random, ['POST', 'POST', 'POST', 'POST', 'GET', 'OPTIONS', 'HEAD', 'P']);
  const path = oneOf(random, ['/omni', '/omni', '/omni', '/omni?a', '/omni/', '/%', '*', '//x']);
  const lines = [...headers].map(([name, value]) => `${name}: ${value}\r\n`).join('');
  const request = Buffer.concat([Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines}\r\n`), body]);
  return random() < 0.2 ? flipped(random, request) : request;
}
