/** The events of a page that matter to a link: its network, its visibility, and its end. */
import { platform, type Signal } from './platform.ts';

/** What {@link watchPage} calls. */
export interface PageWatcher {
  /** The page is online, visible or shown again: a connection may work now. */
  readonly wake: () => void;
  /** @param isKept - true when the browser keeps the page for the back button */
  readonly leave: (isKept: boolean | undefined) => void;
  /** The page's Content-Security-Policy has blocked a request. */
  readonly block: (address: string) => void;
}

/** Listens to the page until `signal` is aborted. Without a page it does nothing. */
export function watchPage(signal: AbortSignal, { wake, leave, block }: PageWatcher): void {
  const on = (type: string, act: (event: Signal) => void): void => {
    // Captured, because some of these are events of the document that do not bubble.
    platform.addEventListener?.(type, act, { capture: true, signal });
  };
  on('online', wake);
  on('pageshow', wake);
  on('resume', wake);
  on('visibilitychange', () => {
    if (platform.document?.visibilityState !== 'hidden') wake();
  });
  on('pagehide', ({ persisted }) => {
    leave(persisted);
  });
  on('securitypolicyviolation', ({ disposition, blockedURI = '' }) => {
    if (disposition === 'enforce') block(blockedURI);
  });
}
