/** What the processes of a benchmark say to each other. */

/** Where a contender listens. */
export interface Ports {
  readonly port: number;
  /** Where each byte that is received makes it publish once. */
  readonly control?: number;
}

/** To a server. */
export interface Order {
  readonly kind: 'usage';
  /** Collect garbage first. */
  readonly collects: boolean;
}

/** From a server. CPU in microseconds since it started, RSS and heap (with what is beside it) in bytes. */
export type ServerReport =
  | ({ readonly kind: 'listening' } & Ports)
  | { readonly kind: 'usage'; readonly cpu: number; readonly rss: number; readonly heap: number };

/** How a contender is spoken to. */
export type Dialect =
  | 'ws'
  | 'omnimessage.1'
  /** The same as a client that can come back, and as one that does. */
  | 'resume'
  | 'resume-again'
  | 'socket.io'
  | 'trpc-ws'
  | 'trpc-subscription'
  | 'http';

/** What the generator connects to. */
export interface Target extends Ports {
  readonly dialect: Dialect;
  readonly connections: number;
  /** The number of the first one, by which a client is known that comes back; 0 by default. */
  readonly first?: number;
  /** Bytes of a message. */
  readonly size: number;
  /** Over HTTP. */
  readonly path?: string;
  /** How many connect at once; 64 by default. */
  readonly atOnce?: number;
}

/** One turn: as many messages as come back, each connection with `window` of them on the way. */
export interface Turn {
  readonly target: string;
  readonly milliseconds: number;
  /** How many are on the way per connection; with `rate` it is ignored. */
  readonly window: number;
  /** Messages a second in all, however quickly they are answered. */
  readonly rate?: number;
  /** Publish so many times at once, and again when all of it has arrived. */
  readonly burst?: number;
}

/** To the generator. */
export type LoadOrder =
  | { readonly kind: 'connect'; readonly name: string; readonly target: Target }
  | { readonly kind: 'turn'; readonly turn: Turn }
  | { readonly kind: 'disconnect'; readonly name: string };

/** From the generator. Latencies are counted by {@link bucketOf}. */
export type LoadReport =
  | { readonly kind: 'ready' }
  | {
      readonly kind: 'done';
      readonly messages: number;
      readonly latencies: readonly (readonly [number, number])[];
    };

/** Latencies in steps of 5 %, of microseconds. */
export function bucketOf(milliseconds: number): number {
  return Math.max(0, Math.round(Math.log(milliseconds * 1_000) / Math.log(1.05)));
}

/** What a bucket stands for, in milliseconds. */
export function latencyOf(bucket: number): number {
  return 1.05 ** bucket / 1_000;
}

/** To the process that measures codecs. */
export interface CodecOrder {
  readonly rounds: number;
  readonly milliseconds: number;
}

/** From it. Nanoseconds per message; the ratio is to the first. */
export interface CodecRow {
  readonly title: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly ratio: number;
}

/** To the process that measures the page's half. */
export interface ClientOrder {
  readonly kind: 'sends' | 'many';
  readonly port: number;
  readonly rounds: number;
  readonly milliseconds: number;
  /** How many at once. */
  readonly links: number;
}

/** A way to send, in microseconds; `more` is what it costs over the first. */
export interface SendRow {
  readonly title: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  readonly more: number;
}

/** From it. Times in milliseconds in all, CPU in microseconds and RSS in bytes for each. */
export type ClientReport =
  | { readonly kind: 'sends'; readonly rows: readonly SendRow[] }
  | {
      readonly kind: 'many';
      readonly links: number;
      readonly opening: number;
      readonly answering: number;
      readonly cpu: number;
      readonly rss: number;
    };

/** An update of a server component's view, in microseconds. */
export interface LustreRow {
  readonly title: string;
  /** Making the view. */
  readonly made: number;
  /** Comparing it with the one before, and encoding what differs. */
  readonly compared: number;
  /** Printing that as JSON. */
  readonly printed: number;
  readonly bytes: number;
}

/** From the process that measures server components. */
export interface LustreReport {
  readonly updates: readonly LustreRow[];
  /** Bytes of heap of a running component, by the rows that it shows. */
  readonly weights: readonly (readonly [rows: number, bytes: number])[];
}
