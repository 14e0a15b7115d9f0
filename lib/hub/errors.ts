import { OmniError, type OmniErrorOptions } from '../core/errors.ts';

/**
 * A function of the user's that a hub calls threw or rejected: a subscriber, the `map` of a joined
 * connection, `onGap` or `onInterest`. `outgoing` is the published message, where there is one.
 */
export class HubError extends OmniError {
  constructor(code: keyof typeof CALLED, options: OmniErrorOptions) {
    super(`${CALLED[code]} of the hub failed`, code, options);
  }
}

const CALLED = {
  subscriber: 'a subscriber',
  map: 'a map',
  'on-gap': 'onGap',
  'on-interest': 'onInterest',
} as const;

/** The engine behind a hub, or what came from it, is in trouble. */
export class BackplaneError extends OmniError {
  constructor(text: string, options: OmniErrorOptions = {}) {
    super(text, 'backplane', options);
  }
}
