/**
 * Every error that leaves the library, and every close code. The `code` of an error is stable;
 * its text is for people. Nothing that was received stands in a text of ours, and nothing of a
 * `cause` is ever sent to a client.
 */

/** The stable codes of {@link OmniError}. */
export type ErrorCode =
  | 'decode'
  | 'handler'
  | 'encode'
  | 'authorize'
  | 'authorize-timeout'
  | 'route'
  | 'context'
  | 'on-open'
  | 'on-close'
  | 'handler-timeout'
  | 'context-timeout'
  | 'body-consumed'
  | 'start'
  | 'init'
  | 'update'
  | 'view'
  | 'event'
  | 'effect'
  | 'overflow'
  | 'runaway'
  | 'listener'
  | 'subscriber'
  | 'map'
  | 'on-gap'
  | 'on-interest'
  | 'backplane';

/** The fields of an {@link OmniError}, beside its text. */
export interface OmniErrorOptions {
  /** The first reason. Never shown to a client. */
  readonly cause?: unknown;
  /** The decoded message that was being handled, where there is one. */
  readonly incoming?: unknown;
  /** The message that was to be sent, where there is one. */
  readonly outgoing?: unknown;
}

/** The base of every error that `onError` gets. */
export class OmniError extends Error {
  /** A code for the kind of failure, stable from version to version. */
  readonly code: ErrorCode;
  /** The HTTP status for it: the cause's own if that is from 400 to 599, else the kind's (500). */
  readonly status: number;
  /** The decoded message that was being handled, where there is one. Not enumerable: logs stay free of it. */
  declare readonly incoming?: unknown;
  /** The message that was to be sent, where there is one. Not enumerable: logs stay free of it. */
  declare readonly outgoing?: unknown;

  constructor(text: string, code: ErrorCode, options: OmniErrorOptions = {}, status = 500) {
    super(text, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.status = statusOf(options.cause) ?? status;
    // Not enumerable, because console.log and most loggers print what is: a message may hold what
    // a user typed.
    if ('incoming' in options) {
      Object.defineProperty(this, 'incoming', { value: options.incoming });
    }
    if ('outgoing' in options) {
      Object.defineProperty(this, 'outgoing', { value: options.outgoing });
    }
  }

  override get name(): string {
    return this.constructor.name;
  }
}

/**
 * The status that a cause asks for.
 * @returns its own `status` or `statusCode` when that is an integer from 400 to 599
 */
export function statusOf(cause: unknown): number | undefined {
  if (typeof cause !== 'object' || cause === null) return undefined;
  let claimed: unknown;
  try {
    const { status, statusCode } = cause as { status?: unknown; statusCode?: unknown };
    claimed = status ?? statusCode;
  } catch {
    // Whatever a getter of the user's throws, it is no status.
    // guard: a status that throws → throw cause;
    return undefined;
  }
  return Number.isInteger(claimed) && (claimed as number) >= 400 && (claimed as number) <= 599
    ? (claimed as number)
    : undefined;
}

const TEXT_LIMIT = 200;

/** The text that names a place and what was expected there, safe to print and to send. */
function describe(expected: string, path: readonly (string | number)[]): string {
  const place = path.length === 0 ? '' : `at ${path.join('.')}: `;
  // guard: an error text of 200 characters → return `${place}${expected}`.replaceAll(/[\p{Cc}\u2028\u2029]/gu, '?');
  return `${place}${expected}`.replaceAll(/[\p{Cc}\u2028\u2029]/gu, '?').slice(0, TEXT_LIMIT);
}

/**
 * What was received is not a message. Its text (at most 200 characters, no control characters) is
 * made from the place and what was expected there, never from what was received: it is the
 * `detail` of the 422 answer.
 *
 * A codec of your own may throw one: `throw new DecodeError('expected a date', { path: ['due'] })`.
 */
export class DecodeError extends OmniError {
  /** Where in the message, from the outside in. Empty for the message as a whole. */
  readonly path: readonly (string | number)[];

  constructor(
    expected = 'expected a message',
    options: OmniErrorOptions & { readonly path?: readonly (string | number)[] } = {},
  ) {
    const path = options.path ?? [];
    super(describe(expected, path), 'decode', options, 422);
    this.path = path;
    // The status of a decode failure is the wire's, whatever the cause says of itself.
    Object.defineProperty(this, 'status', { value: 422, enumerable: true });
  }
}

/** The handler threw or rejected. `cause` is what it threw, `incoming` the message it was given. */
export class HandlerError extends OmniError {
  constructor(options: OmniErrorOptions) {
    super('the handler failed', 'handler', options);
  }
}

/**
 * A message that was to be sent could not be: the codec's `outgoing` refuses it, JSON cannot hold it
 * (both say where), or `encode` threw (`cause` is what it threw). `outgoing` is the message.
 */
export class EncodeError extends OmniError {
  /** Where in the message, from the outside in. Empty for the message as a whole. */
  readonly path: readonly (string | number)[];

  constructor(
    options: OmniErrorOptions & {
      readonly expected?: string;
      readonly path?: readonly (string | number)[];
    },
  ) {
    const { expected, path = [] } = options;
    const text = 'the message could not be encoded';
    super(
      expected === undefined ? text : `${text}: ${describe(`expected ${expected}`, path)}`,
      'encode',
      options,
    );
    this.path = path;
  }
}

/** `authorize` threw or rejected with something that is no refusal (an error with a `status` from 400 to 499). */
export class AuthorizeError extends OmniError {
  constructor(options: OmniErrorOptions) {
    super('authorize failed', 'authorize', options);
  }
}

/** A middleware or a route of a socket failed before the socket was taken. `cause` is what it threw or gave to `next`. */
export class RouteError extends OmniError {
  constructor(options: OmniErrorOptions) {
    super("the socket's route failed", 'route', options);
  }
}

/** `context` threw or rejected with something that is no refusal (an error with a `status` from 400 to 499). */
export class ContextError extends OmniError {
  constructor(options: OmniErrorOptions) {
    super('context failed', 'context', options);
  }
}

/** `onOpen` or `onClose` threw or rejected. */
export class HookError extends OmniError {
  constructor(code: 'on-open' | 'on-close', options: OmniErrorOptions) {
    super(`${code === 'on-open' ? 'onOpen' : 'onClose'} failed`, code, options);
  }
}

/** Something of the user's took longer than its limit. */
export class TimeoutError extends OmniError {
  /** The limit that was passed, in milliseconds. */
  readonly limit: number;

  constructor(
    code: 'handler-timeout' | 'context-timeout' | 'authorize-timeout',
    limit: number,
    options: OmniErrorOptions = {},
  ) {
    const who = code === 'handler-timeout' ? 'the handler' : code.replace('-timeout', '');
    super(`${who} took longer than ${limit} ms`, code, options, 504);
    this.limit = limit;
  }
}

/** An earlier middleware has read the request's stream to its end and kept nothing of it. */
export class BodyConsumedError extends OmniError {
  constructor(options: OmniErrorOptions = {}) {
    super(
      'the body was read by an earlier middleware, which left nothing in request.body: ' +
        'mount omniHttp before the middleware that reads bodies',
      'body-consumed',
      options,
    );
  }
}
