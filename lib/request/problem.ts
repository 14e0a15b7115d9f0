/** What an HTTP client is told when there is no reply. */
import { type ServerResponse } from 'node:http';
import { publishRefused } from '../process/diagnostics.ts';

/** The stable codes of our problems. */
export type ProblemCode =
  | 'empty'
  | 'utf8'
  | 'origin'
  | 'csrf'
  | 'body-timeout'
  | 'too-large'
  | 'charset'
  | 'encoding'
  | 'decode'
  | 'body-consumed'
  | 'handler-timeout';

/** Each with its status and its title. */
const PROBLEMS: Readonly<Record<ProblemCode, readonly [status: number, title: string]>> = {
  empty: [400, 'The body is empty'],
  utf8: [400, 'The body is not UTF-8'],
  origin: [403, 'Messages from this origin are not accepted'],
  csrf: [403, 'The CSRF token is not valid'],
  'body-timeout': [408, 'The body did not arrive in time'],
  'too-large': [413, 'The body is too large'],
  charset: [415, 'The body must be UTF-8'],
  encoding: [415, 'The body must not be compressed'],
  decode: [422, 'The body is not a message'],
  'body-consumed': [500, 'The body could not be read'],
  'handler-timeout': [504, 'The answer took too long'],
};

/** Thrown where a request cannot go on; the route answers with the problem of that code. */
export class Problem {
  readonly code: ProblemCode;
  /** What was expected where; for `decode` alone. */
  readonly detail: string | undefined;

  constructor(code: ProblemCode, detail?: string) {
    this.code = code;
    this.detail = detail;
  }
}

/** After these the rest of the request is not read, so the connection cannot serve another. */
const ENDS_CONNECTION: ReadonlySet<ProblemCode> = new Set(['too-large', 'body-timeout']);

/**
 * Answers with a problem.
 *
 * @param endsConnection - whether the rest of the request is not worth reading
 *
 * Wire shape: `application/problem+json`, `{ type: 'about:blank', title, status, code, detail? }`.
 * Source: RFC 9457.
 */
export function sendProblem(
  response: ServerResponse,
  { code, detail }: Problem,
  endsConnection: boolean = ENDS_CONNECTION.has(code),
): void {
  const [status, title] = PROBLEMS[code];
  publishRefused({ transport: 'http', code, status });
  if (response.headersSent || response.destroyed) return;
  response.statusCode = status;
  response.setHeader('content-type', 'application/problem+json');
  response.setHeader('cache-control', 'no-store');
  response.setHeader('x-content-type-options', 'nosniff');
  if (code === 'encoding') response.setHeader('accept-encoding', 'identity');
  // guard: the connection ends where a body is not read
  if (endsConnection) response.setHeader('connection', 'close');
  response.end(JSON.stringify({ type: 'about:blank', title, status, code, detail }));
}
