/** What a drill's server and its parent say to each other. */

/** What the parent may set. */
export interface DrillOptions {
  readonly heartbeat?: { readonly interval: number; readonly timeout: number };
  readonly rateLimit?: { readonly perSecond: number; readonly burst: number };
  /** The routes are those of a bare ws 8 server, rather than of `attachWebSockets` on ws 7. */
  readonly isBare?: boolean;
}

/** What the child tells when asked. */
export interface DrillReport {
  readonly rss: number;
  /** The longest time in which the event loop stood since the last report, in milliseconds. */
  readonly stood: number;
  /** Messages that reached a handler, and those of them that were no message. */
  readonly handled: number;
  readonly wrong: number;
  /** Close codes of connections that were open, and how many of each. */
  readonly closes: Readonly<Record<string, number>>;
  /** All that the watchers and `onError` were told, as one would log it. */
  readonly log: readonly string[];
  readonly sockets: number;
}

/** What the server tells of itself, after a collection of garbage. */
export interface SoakReport {
  readonly rss: number;
  readonly heap: number;
  /** Open files, sockets among them. */
  readonly files: number;
  readonly connections: number;
  /** WebSocket connections that were opened and not closed. */
  readonly sockets: number;
  /** Messages that were handled, over all transports. */
  readonly handled: number;
  /** Listeners on the process and the server: a leak of them shows here. */
  readonly listeners: number;
  /** What keeps the process awake: timers, sockets, requests. */
  readonly resources: number;
}

/** What a server of streams has left of its clients. */
export interface SseReport {
  /** Programs that run. */
  readonly programs: number;
  /** Streams of messages that were opened and not closed. */
  readonly joined: number;
  /** Receivers of the hub. */
  readonly receivers: number;
  readonly connections: number;
}
