/**
 * Which clients are admitted: the check of Origin, the question for the context, how long that may
 * take, and until when the answer holds.
 */
import { type IncomingMessage } from 'node:http';
import { CloseCode } from '../core/close-codes.ts';
import { ContextError, type OmniError, TimeoutError } from '../core/errors.ts';
import { expectNoPromise } from '../core/attempt.ts';
import { type Candidate, decide } from '../request/verdict.ts';
import { type Admission } from './claim.ts';
import { type ConnectionSettings } from './options.ts';

/** A connection that wants to be admitted. */
export interface Applicant<Context, Request extends IncomingMessage> {
  readonly request: Request;
  /** Neither admitted yet, nor refused, nor gone. */
  readonly isOpening: boolean;
  /** Its page may connect; its context comes next. */
  readonly greet: () => void;
  /** The context is known; nothing is waited for any more. */
  readonly know: (context: Context) => void;
  /** The client is admitted, until a time in milliseconds since 1970, or without end. */
  readonly open: (expires: number | undefined) => void;
  /** It is refused. */
  readonly refuse: (code: CloseCode) => void;
  /** It is refused for a fault of the server. */
  readonly fail: (error: OmniError, code?: CloseCode) => void;
  /** Calls back after `delay` milliseconds, unless the context is known or it ends before. */
  readonly startTimer: (callback: () => void, delay: number) => void;
}

type Settings<Context, Request extends IncomingMessage> = Pick<
  ConnectionSettings<unknown, unknown, Context, Request>,
  'context' | 'contextTimeout' | 'expires' | 'hasOrigins' | 'isAllowed'
>;

/**
 * Admits a client or refuses it: at once, or when `context` has settled.
 * @param admission - how it passed `attachWebSockets`, if it did
 */
export function admit<Context, Request extends IncomingMessage>(
  applicant: Applicant<Context, Request>,
  settings: Settings<Context, Request>,
  admission: Admission | undefined,
): void {
  const { context, contextTimeout, hasOrigins, isAllowed } = settings;
  const { request } = applicant;
  try {
    // guard: origin of a server that was not attached → if ((admission === undefined || hasOrigins) && isAllowed === undefined) { applicant.refuse(CloseCode.Forbidden); return; }
    if ((admission === undefined || hasOrigins) && !isAllowed(request)) {
      applicant.refuse(CloseCode.Forbidden);
      return;
    }
  } catch (cause) {
    applicant.fail(new ContextError({ cause }));
    return;
  }
  applicant.greet();
  if (context === undefined) {
    open(applicant, settings, undefined as Context);
    return;
  }
  const candidate: Candidate<Context> = {
    admit: (value) => open(applicant, settings, value),
    refuse: (status) => {
      if (!applicant.isOpening) return;
      applicant.refuse(status === 401 ? CloseCode.Unauthorized : CloseCode.Forbidden);
    },
    fail: (cause) => {
      if (applicant.isOpening) applicant.fail(new ContextError({ cause }));
    },
  };
  const isPending = decide(() => context(request, admission?.authorized), candidate);
  if (!isPending) return;
  applicant.startTimer(() => {
    // guard: contextTimeout
    applicant.fail(new TimeoutError('context-timeout', contextTimeout), CloseCode.Timeout);
  }, contextTimeout);
}

function open<Context, Request extends IncomingMessage>(
  applicant: Applicant<Context, Request>,
  settings: Pick<Settings<Context, Request>, 'expires'>,
  context: Context,
): void {
  // guard: gone while the context was asked for
  if (!applicant.isOpening) return;
  applicant.know(context);
  let expires: number | undefined;
  try {
    expires = expiryOf(settings.expires?.(context));
  } catch (cause) {
    applicant.fail(new ContextError({ cause }));
    return;
  }
  if (expires !== undefined && Date.now() >= expires) applicant.refuse(CloseCode.Unauthorized);
  else applicant.open(expires);
}

/** @throws TypeError when it is no date: a mistake must not admit a client without end */
function expiryOf(given: Date | number | undefined): number | undefined {
  if (given === undefined || given === null) return undefined;
  expectNoPromise('expires', given);
  const time = Number(given);
  // guard: nobody is let in for ever by mistake → return time;
  if (!Number.isNaN(time)) return time;
  throw new TypeError('Expected `expires` to return a date, milliseconds since 1970, or undefined');
}
