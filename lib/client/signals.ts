/** What a page or a worker says of itself: in sight, frozen, left, on the network again. */
import { platform } from './platform.ts';

export interface SignalHandlers {
  /** In sight or on the network again. */
  readonly wake: () => void;
  /** Out of sight, or frozen. */
  readonly hide: () => void;
  /** The page is left, and may come back as it was when `isKept`. */
  readonly leave: (isKept: boolean) => void;
  /** A policy of the page blocked a request to this address. */
  readonly blocked: (address: string) => void;
}

const SIGNALS = [
  'online',
  'visibilitychange',
  'pageshow',
  'pagehide',
  'freeze',
  'resume',
  'securitypolicyviolation',
];

/** Listens until `signal` aborts. Does nothing where there are no such events. */
export function listen(handlers: SignalHandlers, signal: AbortSignal): void {
  for (const type of SIGNALS) {
    platform.addEventListener?.(
      type,
      ({ persisted = false, blockedURI = '', disposition }) => {
        if (type === 'pagehide') handlers.leave(persisted);
        else if (type === 'securitypolicyviolation') {
          if (disposition === 'enforce') handlers.blocked(blockedURI);
        } else if (
          type === 'freeze' ||
          (type === 'visibilitychange' && platform.document?.visibilityState === 'hidden')
        ) {
          handlers.hide();
        } else handlers.wake();
      },
      // Captured, because some of these are events of the document that do not bubble.
      { capture: true, signal },
    );
  }
}
