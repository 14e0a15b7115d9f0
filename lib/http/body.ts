/** The body of a request, as the text or the bytes that a codec decodes. */
import { isUtf8 } from 'node:buffer';
import { type IncomingMessage } from 'node:http';
import { BodyConsumedError } from '../core/errors.ts';
import { textOfBytes, withoutMark } from '../core/utf8.ts';
import { Problem } from '../request/problem.ts';
import { type BodyLimits, BodyReader } from './body-reader.ts';

/** A body: its bytes, its text, or the value that an earlier middleware parsed. */
export type Body = Buffer | string | { readonly value: unknown };

/** The callback of {@link readBody}: with a body, or with a {@link Problem} or an OmniError. */
type Done = (fault: unknown, body?: Body) => void;

/**
 * Checks the headers that describe the body.
 *
 * The client of omnimessage sends `content-encoding: application/json`, where it means the
 * content-type, so that value counts as no coding.
 *
 * @throws {@link Problem} when the body cannot be read, or not within the limit
 */
export function expectReadable(request: IncomingMessage, limit: number, isBinary: boolean): void {
  const { headers } = request;
  const coding = headers['content-encoding'];
  if (coding !== undefined && coding !== 'application/json' && !isIdentity(coding)) {
    // guard: no compression in a body
    throw new Problem('encoding');
  }
  const type = headers['content-type'];
  // guard: utf-8 alone
  if (!isBinary && type !== undefined && !isUtf8Charset(type)) throw new Problem('charset');
  // guard: body limit, declared
  if (Number(headers['content-length'] ?? 0) > limit) throw new Problem('too-large');
}

/**
 * Whether the body can be larger than the limit. Node reads a body that we do not read to its end,
 * to keep the connection; a body of any size would cost too much.
 */
export function mayBeLarger({ headers }: IncomingMessage, limit: number): boolean {
  return (
    headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > limit
  );
}

/** The values that are no coding. */
const IDENTITY: ReadonlySet<string> = new Set(['', 'identity', 'application/json']);

function isIdentity(coding: string): boolean {
  // No regular expression: with blanks allowed on both sides it takes quadratic time for blanks.
  return coding.split(',').every((name) => IDENTITY.has(name.trim().toLowerCase()));
}

const CHARSET = /;\s*charset\s*=\s*"?([^\s;"]+)/i;

function isUtf8Charset(type: string): boolean {
  // The value of omnimessage's client: the usual case, without parsing.
  if (type === 'text/plain;charset=UTF-8' || type === 'application/json') return true;
  const charset = CHARSET.exec(type)?.[1];
  return charset === undefined || /^utf-?8$/i.test(charset);
}

/**
 * Reads the body, or takes the one that an earlier middleware has read. Never calls back when the
 * client disconnects before the end.
 */
export function readBody(request: IncomingMessage, limits: BodyLimits, done: Done): void {
  // In Express 5 `body` is there, and undefined, where nothing was parsed; in Express 4 it may be
  // `{}` then. Only the stream knows whether it was read.
  // guard: a stream that was read → if (request.method === undefined) { takeParsed(request, done); return; }
  if (request.readableDidRead || request.readableEnded) {
    takeParsed(request, done);
    return;
  }
  const { headers } = request;
  // Not larger than the limit: `expectReadable` has checked it.
  const declared =
    headers['transfer-encoding'] === undefined ? Number(headers['content-length'] ?? 0) : 0;
  void new BodyReader(request, declared, limits, done);
}

function takeParsed(request: IncomingMessage, done: Done): void {
  const { body } = request as { body?: unknown };
  if (body === undefined) done(new BodyConsumedError());
  else if (typeof body === 'string' || Buffer.isBuffer(body)) done(undefined, body);
  else done(undefined, { value: body });
}

/**
 * The text of a body, without a byte order mark.
 * @throws {@link Problem} when it is empty, or not UTF-8 (which is never replaced silently)
 */
export function textIn(body: Buffer | string): string {
  // guard: an empty body
  if (body.length === 0) throw new Problem('empty');
  if (typeof body === 'string') return withoutMark(body);
  // guard: nothing is altered silently
  if (!isUtf8(body)) throw new Problem('utf8');
  return textOfBytes(body);
}
