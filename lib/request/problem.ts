/** Problems: the body of every HTTP answer that is no reply. */
import { type ServerResponse, STATUS_CODES, validateHeaderValue } from 'node:http';
import { publishRefused } from '../process/diagnostics.ts';
import { answerOrCut } from './answer-or-cut.ts';
import { endLingering } from './linger.ts';
import { expectProgress } from './write-progress.ts';

/** A refusal: an HTTP status, a stable code, and their details. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  /** @defaultValue the name of the status */
  readonly title?: string | undefined;
  /** What was expected where. */
  readonly detail?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Further members of the body. */
  readonly members?: Readonly<Record<string, unknown>> | undefined;
  /** How much of a body was read before it was refused, in bytes. */
  readonly received?: number | undefined;
}

/** The headers and the body of a refusal in HTTP. */
export interface ProblemBody {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Makes the answer for a refusal.
 *
 * Wire shape: `application/problem+json`, `{ type: 'about:blank', title, status, code, detail? }`.
 * Source: RFC 9457.
 */
export function problemOf(refusal: Refusal): ProblemBody {
  const { status, code, detail, headers, members, title = titleOf(status) } = refusal;
  const body = JSON.stringify({ type: 'about:blank', title, status, code, detail, ...members });
  return {
    headers: {
      'content-type': 'application/problem+json',
      'content-length': String(Buffer.byteLength(body)),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      ...headers,
    },
    body,
  };
}

/** The name of a status. */
export function titleOf(status: number): string {
  return STATUS_CODES[status] ?? 'Error';
}

/** `application/problem+json`, unless it is unwanted. */
const PROBLEM_TYPE =
  /(?:^|,)\s*application\/problem\+json\s*(?:;(?!\s*q=0(?:\.0*)?\s*(?:,|$))|,|$)/i;

/**
 * Whether the header `accept` names problems, as our own client's does. Browsers send it across
 * origins without a preflight.
 */
export function namesProblems(accept: string): boolean {
  // Most do not, and need only the short expression.
  return /problem/i.test(accept) && PROBLEM_TYPE.test(accept);
}

/** The stable codes of problems. */
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
export class Problem implements Refusal {
  readonly code: ProblemCode;
  readonly detail: string | undefined;
  readonly status: number;
  readonly title: string;

  readonly received: number;

  /**
   * @param detail - what was expected where; for `decode` alone
   * @param received - how much of the body was read, in bytes
   */
  constructor(code: ProblemCode, detail?: string, received = 0) {
    this.code = code;
    this.detail = detail;
    this.received = received;
    [this.status, this.title] = PROBLEMS[code];
  }

  get headers(): Readonly<Record<string, string>> | undefined {
    return this.code === 'encoding' ? { 'accept-encoding': 'identity' } : undefined;
  }
}

/** The headers that help a refused client; no others are taken over. */
const PASSED_ON: ReadonlySet<string> = new Set(['www-authenticate', 'retry-after']);

/**
 * The refusal of a client by the user's `context`: its status, and those of its `headers` that help the
 * client. Nothing else of the error is sent.
 * @param thrown - the error of `context`, with a status from 400 to 499
 */
export function refusalOf(status: number, thrown: unknown): Refusal {
  const headers: Record<string, string> = {};
  try {
    const own = (thrown as { headers?: unknown }).headers;
    for (const [name, value] of Object.entries(own ?? {}) as [string, unknown][]) {
      const lower = name.toLowerCase();
      if (!PASSED_ON.has(lower)) continue;
      const text = String(value);
      validateHeaderValue(lower, text);
      headers[lower] = text;
    }
  } catch {
    // A header that cannot be sent does not change the refusal.
  }
  return { status, code: 'context', headers };
}

/** How long a client may read nothing of a problem, in milliseconds. */
const MAX_UNREAD = 12_000;

/** After these the rest of the request is not read, so the connection cannot serve another. */
const ENDS_CONNECTION: ReadonlySet<string> = new Set<ProblemCode>(['too-large', 'body-timeout']);

/**
 * Answers with a problem, unless the request was answered or its client has disconnected.
 *
 * @param endsConnection - whether the rest of the request is not worth reading
 */
export function sendProblem(
  response: ServerResponse,
  refusal: Refusal,
  endsConnection: boolean = ENDS_CONNECTION.has(refusal.code),
): void {
  const { code, status } = refusal;
  // Our own client asks so whether the server is back, without a body or, for bytes, in a coding that
  // there is not: nobody has made a mistake.
  const { accept = '', 'content-encoding': coding } = response.req.headers;
  const isLook = code === (coding === 'none' ? 'encoding' : 'empty') && namesProblems(accept);
  publishRefused({ transport: 'http', code, status }, isLook);
  if (response.headersSent || response.destroyed) return;
  const { headers, body } = problemOf(refusal);
  answerOrCut(response, () => {
    response.statusCode = status;
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    // guard: the connection ends where a body is not read → response.end(body);
    if (endsConnection) endLingering(response, body, refusal.received);
    else response.end(body);
    expectProgress(response, MAX_UNREAD);
  });
}
