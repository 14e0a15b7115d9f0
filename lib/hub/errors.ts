import { OmniError, type OmniErrorOptions } from '../core/errors.ts';

/**
 * Something of the user's that a hub calls threw or rejected: a subscriber, the `map` of a joined
 * connection, or `onGap`. `outgoing` is the published message, where there is one.
 */
export class HubError extends OmniError {
  constructor(code: 'subscriber' | 'map' | 'on-gap', options: OmniErrorOptions) {
    super(`${code === 'on-gap' ? 'onGap' : `a ${code}`} of the hub failed`, code, options);
  }
}

/** The engine behind a hub, or what came from it, is in trouble. */
export class BackplaneError extends OmniError {
  constructor(text: string, options: OmniErrorOptions = {}) {
    super(text, 'backplane', options);
  }
}
