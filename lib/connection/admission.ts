/**
 * Who may come in: the check of Origin, the question for the context, how long that may take, and
 * until when it holds.
 */
import { type IncomingMessage } from 'node:http';
import { type ConnectionSettings } from './options.ts';
import { CloseCode } from '../core/close-codes.ts';
import { ContextError, type OmniError, statusOf, TimeoutError } from '../core/errors.ts';
import { isPromise } from '../core/exchange.ts';
import { type Admission } from './claim.ts';

/** A connection at the entrance. */
export interface Entrant<Context, Request extends IncomingMessage> {
  readonly request: Request;
  /** Not let in yet, nor turned away, nor gone. */
  readonly isOpening: boolean;
  /** The context is known; nothing is waited for any more. */
  readonly know: (context: Context) => void;
  /** The client is let in, until a time in milliseconds since 1970, or for ever. */
  readonly open: (expires: number | undefined) => void;
  /** It is turned away for what it is. */
  readonly refuse: (code: CloseCode) => void;
  /** It is turned away for a fault of ours. */
  readonly fail: (error: OmniError, code?: CloseCode) => void;
  /** Calls back after `delay` milliseconds, unless the context is known or it ends before. */
  readonly startTimer: (callback: () => void, delay: number) => void;
}

type Settings<Context, Request extends IncomingMessage> = ConnectionSettings<
  unknown,
  unknown,
  Context,
  Request
>;

/**
 * Lets a client in, or turns it away: at once, or when `context` has settled.
 * @param admission - how it passed `attachWebSockets`, if it did
 */
export function enter<Context, Request extends IncomingMessage>(
  entrant: Entrant<Context, Request>,
  settings: Pick<
    Settings<Context, Request>,
    'context' | 'contextTimeout' | 'expires' | 'hasOrigins' | 'isAllowed'
  >,
  admission: Admission | undefined,
): void {
  const { context, contextTimeout, hasOrigins, isAllowed } = settings;
  let given: Context | PromiseLike<Context> | undefined;
  try {
    // guard: origin of a server that was not attached → if ((admission === undefined || hasOrigins) && isAllowed === undefined) { entrant.refuse(CloseCode.Forbidden); return; }
    if ((admission === undefined || hasOrigins) && !isAllowed(entrant.request)) {
      entrant.refuse(CloseCode.Forbidden);
      return;
    }
  } catch (cause) {
    entrant.fail(new ContextError({ cause }));
    return;
  }
  try {
    given = context?.(entrant.request, admission?.authorized);
  } catch (fault) {
    turnAway(entrant, fault);
    return;
  }
  if (!isPromise(given)) {
    letIn(entrant, settings, given as Context);
    return;
  }
  entrant.startTimer(() => {
    // guard: contextTimeout
    entrant.fail(new TimeoutError('context-timeout', contextTimeout), CloseCode.Timeout);
  }, contextTimeout);
  given.then(
    (settled) => {
      letIn(entrant, settings, settled);
    },
    (fault: unknown) => {
      turnAway(entrant, fault);
    },
  );
}

/** `context` threw: a status from 400 to 499 is its verdict on the client, anything else a fault. */
function turnAway<Context, Request extends IncomingMessage>(
  entrant: Entrant<Context, Request>,
  fault: unknown,
): void {
  if (!entrant.isOpening) return;
  const status = statusOf(fault);
  if (status === undefined || status >= 500) entrant.fail(new ContextError({ cause: fault }));
  else entrant.refuse(status === 401 ? CloseCode.Unauthorized : CloseCode.Forbidden);
}

function letIn<Context, Request extends IncomingMessage>(
  entrant: Entrant<Context, Request>,
  settings: Pick<Settings<Context, Request>, 'expires'>,
  context: Context,
): void {
  // guard: gone while the context was asked for
  if (!entrant.isOpening) return;
  entrant.know(context);
  let expires: number | undefined;
  try {
    expires = expiryOf(settings.expires?.(context));
  } catch (cause) {
    entrant.fail(new ContextError({ cause }));
    return;
  }
  if (expires !== undefined && Date.now() >= expires) entrant.refuse(CloseCode.Unauthorized);
  else entrant.open(expires);
}

/** @throws TypeError when it is no date: nobody is let in for ever by mistake */
function expiryOf(told: Date | number | undefined): number | undefined {
  if (told === undefined || told === null) return undefined;
  const time = Number(told);
  // guard: nobody is let in for ever by mistake → return time;
  if (!Number.isNaN(time)) return time;
  throw new TypeError('Expected `expires` to return a date, milliseconds since 1970, or undefined');
}
