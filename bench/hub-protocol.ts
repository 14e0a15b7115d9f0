/** What the processes of the question `hub` and the one that asks say to each other. */

export interface HubOrder {
  readonly engine: 'hub' | 'sharded' | 'streams';
  /** Of one Redis, or of the masters of a cluster. */
  readonly ports: readonly number[];
  readonly prefix: string;
  readonly publishes: boolean;
  /** What it publishes on, in turn. */
  readonly topics: readonly string[];
  readonly hears: readonly string[];
}

export interface HubTurn {
  /** Messages a second. */
  readonly rate: number;
  readonly milliseconds: number;
}

export interface HubReport {
  /** In microseconds. */
  readonly cpu: number;
  readonly sent: number;
  readonly heard: number;
  /** In milliseconds, from `publish` to the listener. */
  readonly p50: number;
  readonly p99: number;
}
