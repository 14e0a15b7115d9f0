import { type ErrorCode, OmniError, type OmniErrorOptions } from '../core/errors.ts';

const NAMES: Readonly<Partial<Record<ErrorCode, string>>> = {
  effect: 'an effect',
  event: 'an event handler',
  overflow: 'the mailbox of the program is full: it',
};

/** The part of an application that failed. `cause` is what it threw. */
export class ApplicationError extends OmniError {
  constructor(
    code: 'start' | 'init' | 'update' | 'view' | 'event' | 'effect' | 'listener' | 'overflow',
    options: OmniErrorOptions,
  ) {
    super(`${NAMES[code] ?? `the application's ${code}`} failed`, code, options);
  }
}

/** A program has dispatched to itself so often without anything from outside that it never rests. */
export class RunawayError extends OmniError {
  constructor(dispatches: number) {
    super(
      `the program dispatched ${dispatches} messages to itself without outside input`,
      'runaway',
    );
  }
}
