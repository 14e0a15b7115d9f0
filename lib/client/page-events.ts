/** The events of a page that matter to a link: its network, its visibility, and its end. */
import { platform, type Signal } from './platform.ts';

/** What {@link watchPage} calls. */
export interface PageWatcher {
  /** The page is online, visible or shown again: a connection may work now. */
  readonly wake: () => void;
  /** The page is hidden or frozen: its timers may stand still. */
  readonly hide: () => void;
  /** @param isKept - whether the browser keeps the page for the back button */
  readonly leave: (isKept: boolean) => void;
  /** The page's Content-Security-Policy has blocked a request. */
  readonly block: (address: string) => void;
}

/** Listens to the page until `signal` is aborted. Without a page it does nothing. */
export function watchPage(page: PageWatcher, signal: AbortSignal): void {
  const { wake, hide, leave, block } = page;
  const on: Readonly<Record<string, (event: Signal) => void>> = {
    online: wake,
    pageshow: wake,
    resume: wake,
    freeze: hide,
    visibilitychange: () => {
      (platform.document?.visibilityState === 'hidden' ? hide : wake)();
    },
    pagehide: ({ persisted }) => {
      leave(persisted === true);
    },
    securitypolicyviolation: ({ disposition, blockedURI }) => {
      if (disposition === 'enforce') block(blockedURI ?? '');
    },
  };
  for (const [type, act] of Object.entries(on)) {
    // Captured, because some of these are events of the document that do not bubble.
    platform.addEventListener?.(type, act, { capture: true, signal });
  }
}
