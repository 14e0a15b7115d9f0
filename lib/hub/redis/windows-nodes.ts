/** The connections of a store of windows: to one Redis, or to the masters of a cluster. */
import { setTimeout as pause } from 'node:timers/promises';
import { addressesOf, clientOf, type RedisClusterOptions } from './clients.ts';
import { type Client, Connection, keepConnected } from './connection.ts';
import { type Address, partsOf, slotOf, type Topology, topologyOf } from './topology.ts';

/** How often a cluster is asked who has which slots, and how often at most, in milliseconds. */
const REFRESH = 5_000;
const SOONEST = 200;

/** What the nodes of a store need. */
export interface NodesOptions {
  /** Prepares a connection that was just opened. */
  readonly prepare: (connection: Connection) => Promise<unknown>;
  /** There is a connection more, or a key has moved. */
  readonly changed: () => void;
  readonly lost: (cause: unknown) => void;
  readonly signal: AbortSignal;
}

/** Where the keys of a store are. */
export interface Nodes {
  /** True for a cluster, whose keys may move. */
  readonly isCluster: boolean;
  /** The connection to the node that has a key; undefined while there is none. */
  readonly connectionOf: (key: string) => Connection | undefined;
  /** The connection to the node at an address. */
  readonly connectionAt: (address: Address) => Connection | undefined;
  /** Asks anew where the keys are. Resolves when that is known, or could not be. */
  readonly refresh: () => Promise<void>;
  /** Settles when all has ended, after the signal has aborted. */
  readonly running: Promise<unknown>;
}

/** One node, connected for as long as the signal lets it. */
class Node {
  readonly ending: AbortController = new AbortController();
  readonly running: Promise<void>;
  connection: Connection | undefined;

  constructor(make: () => Client | Promise<Client>, options: NodesOptions) {
    const { prepare, changed, lost } = options;
    this.running = keepConnected({
      make,
      signal: this.ending.signal,
      lost: (cause) => {
        this.connection = undefined;
        lost(cause);
      },
      session: async (opened, healthy) => {
        await prepare(opened);
        this.connection = opened;
        healthy();
        changed();
        return new Promise<never>((_, reject) => {
          opened.whenBroken(reject);
        });
      },
    });
  }
}

/** One Redis. */
export function oneNode(make: () => Client | Promise<Client>, options: NodesOptions): Nodes {
  const node = new Node(make, options);
  options.signal.addEventListener('abort', () => node.ending.abort());
  return {
    isCluster: false,
    connectionOf: () => node.connection,
    connectionAt: () => undefined,
    refresh: () => Promise.resolve(),
    running: node.running,
  };
}

/** The masters of a cluster. */
export class ClusterNodes implements Nodes {
  readonly isCluster = true;
  readonly running: Promise<unknown>;
  readonly #cluster: RedisClusterOptions;
  readonly #options: NodesOptions;
  readonly #nodes = new Map<Address, Node>();
  /** All that were ever known: one of them may know the others. */
  readonly #addresses: Set<Address>;
  #topology: Topology | undefined;
  #refreshing: Promise<void> | undefined;
  /** Not one node says where the keys are. */
  readonly #unknown: (cause: unknown) => void;

  constructor(cluster: RedisClusterOptions, options: NodesOptions) {
    this.#cluster = cluster;
    this.#unknown = options.lost;
    this.#options = {
      ...options,
      lost: (cause) => {
        options.lost(cause);
        // Another node may have taken over.
        void this.refresh();
      },
    };
    this.#addresses = new Set(addressesOf(cluster));
    this.running = this.#run();
  }

  connectionOf(key: string): Connection | undefined {
    const address = this.#topology?.[slotOf(key)];
    return address === undefined ? undefined : this.connectionAt(address);
  }

  connectionAt(address: Address): Connection | undefined {
    return this.#nodes.get(address)?.connection;
  }

  refresh(): Promise<void> {
    if (this.#refreshing === undefined && !this.#options.signal.aborted) {
      this.#refreshing = this.#ask().finally(() => {
        this.#refreshing = undefined;
        this.#options.changed();
      });
    }
    return this.#refreshing ?? Promise.resolve();
  }

  async #run(): Promise<void> {
    const { signal } = this.#options;
    while (!signal.aborted) {
      await this.refresh();
      if (this.#topology !== undefined) {
        await pause(REFRESH, undefined, { signal, ref: false }).catch(() => {});
      }
    }
    for (const { ending } of this.#nodes.values()) ending.abort();
    await Promise.all([...this.#nodes.values()].map(({ running }) => running));
  }

  /** Asks who has which slots: those that are connected, or else all that are known. Never rejects. */
  async #ask(): Promise<void> {
    const { signal } = this.#options;
    let failure: unknown;
    let topology: Topology | undefined;
    const there = [...this.#nodes].flatMap(([address, { connection }]) =>
      connection ? [address] : [],
    );
    for (const address of new Set([...there, ...this.#addresses])) {
      const { host, port } = partsOf(address);
      const open = this.connectionAt(address);
      const connection = open ?? new Connection(clientOf(this.#cluster.defaults, host, port));
      try {
        if (open === undefined) await connection.open();
        topology = await topologyOf(connection, host);
        break;
      } catch (error) {
        failure = error;
      } finally {
        if (open === undefined) connection.close();
      }
    }
    if (signal.aborted) return;
    if (topology !== undefined) this.#take(topology);
    else if (this.#topology === undefined) this.#unknown(failure);
    await pause(SOONEST, undefined, { signal }).catch(() => {});
  }

  #take(topology: Topology): void {
    this.#topology = topology;
    const present = new Set(topology.filter((address) => address !== undefined));
    for (const address of present) {
      this.#addresses.add(address);
      if (this.#nodes.has(address)) continue;
      const { host, port } = partsOf(address);
      const make = (): Client => clientOf(this.#cluster.defaults, host, port);
      this.#nodes.set(address, new Node(make, this.#options));
    }
    for (const [address, { ending }] of this.#nodes) {
      if (present.has(address)) continue;
      ending.abort();
      this.#nodes.delete(address);
    }
  }
}
