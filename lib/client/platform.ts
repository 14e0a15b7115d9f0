/** What the link uses of a page, a worker or Node. Each part may be missing, or may refuse. */

/** The part of a browser's WebSocket that the link uses; `ws` and Node's own have it too. */
export interface Socket {
  binaryType: string;
  readonly readyState: number;
  readonly protocol: string;
  readonly bufferedAmount: number;
  addEventListener(type: 'open' | 'error', listener: () => void): void;
  addEventListener(type: 'message', listener: (event: { readonly data: unknown }) => void): void;
  addEventListener(
    type: 'close',
    listener: (event: { readonly code: number; readonly reason: string }) => void,
  ): void;
  send(data: string | Uint8Array): void;
  close(code?: number): void;
}

/** A class like `WebSocket`. */
export type SocketConstructor = new (url: URL, protocols: string[]) => unknown;

/** A function like `fetch`. */
export type Fetch = (
  url: URL | string,
  init: RequestInit & { readonly cache?: 'no-store' },
) => Promise<Response>;

/** An event of the page or the worker, with the fields of those that the link listens to. */
export interface Signal {
  readonly type: string;
  readonly persisted?: boolean;
  readonly blockedURI?: string;
  readonly disposition?: string;
}

/** The part of `LockManager` that a stored queue uses. */
export interface Locks {
  request(
    name: string,
    options: { readonly ifAvailable?: boolean; readonly signal?: AbortSignal },
    hold: (lock: unknown) => Promise<void>,
  ): Promise<unknown>;
  query(): Promise<{ readonly held?: readonly { readonly name?: string }[] }>;
}

/** The part of `BroadcastChannel` that a stored queue uses; in Node it must not keep the process. */
interface Channel {
  addEventListener(type: 'message', listener: () => void): void;
  postMessage(message: string): void;
  close(): void;
  unref?(): void;
}

interface Platform {
  readonly document?: { readonly visibilityState: string; readonly baseURI?: string };
  readonly location?: { readonly href: string; readonly origin: string };
  readonly navigator?: { readonly onLine?: boolean; readonly locks?: Locks };
  readonly BroadcastChannel?: new (name: string) => Channel;
  readonly WorkerGlobalScope?: unknown;
  readonly WebSocket?: SocketConstructor;
  readonly fetch: Fetch;
  readonly sessionStorage?: {
    getItem(key: string): string | null;
    setItem(key: string, value: string): void;
  };
  addEventListener?(
    type: string,
    listener: (event: Signal) => void,
    options: { readonly capture: boolean; readonly signal: AbortSignal },
  ): void;
}

export const platform = globalThis as unknown as Platform;

/** The absolute form of an address, which may be relative to the page. @throws TypeError for what is none */
export const absolute = (address: string | URL): URL =>
  new URL(address, platform.document?.baseURI ?? platform.location?.href);

/** Milliseconds of a monotonic clock. */
export const now = (): number => performance.now();

/** Both clocks, in ms: a monotonic one, which may stand still while the machine sleeps, and that of the day, which may be set. */
export const clocks = (): readonly [number, number] => [now(), Date.now()];

/** True where a link may connect by itself: in a page or a worker, not while a page is rendered on a server. */
export const isPage = (): boolean => !!(platform.document ?? platform.WorkerGlobalScope);
