/** Redis Cluster: a shard for each master, and topics that move between them. */
import { setTimeout as pause } from 'node:timers/promises';
import { type Wire } from '../../core/codec.ts';
import { type LogPage, type Place } from '../backplane.ts';
import { BackplaneError } from '../errors.ts';
import { type Budget, Outgoing } from '../outgoing.ts';
import { ALL_TOPICS } from '../all-topics.ts';
import { addressesOf, clientOf, type RedisClusterOptions } from './clients.ts';
import { Connection } from './connection.ts';
import { type Counts } from './counts.ts';
import { Shard, type ShardOptions } from './shard.ts';
import { type Address, partsOf, slotOf, type Topology, topologyOf } from './topology.ts';

/** How often the nodes are asked who has which slots, and how often at most, in milliseconds. */
const REFRESH = 5_000;
const SOONEST = 200;

/** How long a master may take to say that it has given slots away, in milliseconds. */
const GIVER_LIMIT = 1_000;

/** What {@link Cluster} needs. */
export interface ClusterOptions {
  readonly cluster: RedisClusterOptions;
  readonly counts: Counts;
  /** Of the keys of the counts. */
  readonly countsKey: string;
  readonly shard: Omit<
    ShardOptions,
    'make' | 'isCluster' | 'isSharded' | 'budget' | 'moved' | 'begin' | 'keep'
  >;
}

interface Waiting {
  readonly begun: (place: Place) => void;
  readonly ended: (error: Error) => void;
}

/** What a hub asks of its Redis, whether that is one node or many. */
export interface Nodes {
  readonly publish: (topic: string, n: number, payload: Wire) => boolean;
  readonly follow: (topic: string) => Promise<Place>;
  readonly unfollow: (topic: string) => void;
  readonly read: (
    topic: string,
    after: Place,
    limit: number,
    isFollowed: boolean,
  ) => Promise<LogPage>;
  readonly end: (topic: string) => Promise<Place>;
  /** The connection to the node that has the counts, while there is one. */
  readonly counting: () => Connection | undefined;
  readonly emptied: () => Promise<void>;
  readonly waiting: () => number;
  /** Settles when all has ended, after the signal has aborted. */
  readonly running: Promise<unknown>;
}

export class Cluster implements Nodes {
  readonly #options: ClusterOptions;
  readonly #budget: Budget = { messages: 0, bytes: 0 };
  readonly #shards = new Map<Address, Shard>();
  readonly #addresses: Address[];
  readonly running: Promise<unknown>;
  /** Of slots of which it is not known who has them. */
  readonly #early: Outgoing;
  readonly #earlyFollowing = new Map<string, Waiting>();
  /** The masters of which it is not known yet whether they are there. */
  readonly #unknown = new Set<Address>();
  #isThere = false;
  #topology: Topology | undefined;
  /** Who has each slot, or had it last. */
  #owners: Topology = [];
  #isSharded = false;
  #wake: () => void = () => {};
  #isReported = false;

  constructor(options: ClusterOptions) {
    this.#options = options;
    const { cluster, shard } = options;
    this.#addresses = addressesOf(cluster);
    this.#early = new Outgoing(
      {
        allTopics: ALL_TOPICS,
        wake: () => {},
        refused: (reason) =>
          shard.hub.failed(new BackplaneError(`messages are refused: ${reason}`)),
      },
      this.#budget,
    );
    this.running = this.#run();
  }

  publish(topic: string, n: number, payload: Wire): boolean {
    return (this.#shardOf(topic)?.outgoing ?? this.#early).publish(topic, n, payload);
  }

  follow(topic: string): Promise<Place> {
    const shard = this.#shardOf(topic);
    if (shard !== undefined) return shard.followings.follow(topic);
    return new Promise((begun, ended) => {
      this.#earlyFollowing.get(topic)?.ended(new Error('it is followed anew'));
      this.#earlyFollowing.set(topic, { begun, ended });
    });
  }

  unfollow(topic: string): void {
    this.#earlyFollowing.get(topic)?.ended(new Error('it is not followed any more'));
    this.#earlyFollowing.delete(topic);
    this.#shardOf(topic)?.followings.unfollow(topic);
  }

  async read(topic: string, after: Place, limit: number, isFollowed: boolean): Promise<LogPage> {
    return this.#there(topic).read(topic, after, limit, isFollowed);
  }

  async end(topic: string): Promise<Place> {
    return this.#there(topic).end(topic);
  }

  counting(): Connection | undefined {
    const address = this.#topology?.[slotOf(this.#options.countsKey)];
    return address === undefined ? undefined : this.#shards.get(address)?.writer;
  }

  async emptied(): Promise<void> {
    await this.#early.emptied();
    await Promise.all([...this.#shards.values()].map(({ outgoing }) => outgoing.emptied()));
  }

  waiting(): number {
    return this.#budget.messages;
  }

  #there(topic: string): Shard {
    const shard = this.#shardOf(topic);
    if (shard === undefined) throw new Error('no node has the slot of this topic');
    return shard;
  }

  #shardOf(topic: string, topology = this.#topology): Shard | undefined {
    const address = topology?.[slotOf(this.#options.shard.names.log(topic))];
    return address === undefined ? undefined : this.#shards.get(address);
  }

  async #run(): Promise<void> {
    const { signal, hub } = this.#options.shard;
    while (!signal.aborted) {
      try {
        await this.#refresh();
        this.#isReported = false;
      } catch (cause) {
        if (!this.#isReported && this.#topology === undefined) {
          this.#isReported = true;
          hub.failed(new BackplaneError('Redis is away: messages wait', { cause }));
        }
      }
      await pause(SOONEST, undefined, { signal }).catch(() => {});
      if (this.#topology === undefined || signal.aborted) continue;
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      await Promise.race([
        woken,
        pause(REFRESH - SOONEST, undefined, { signal, ref: false }).catch(() => {}),
      ]);
    }
    await Promise.all([...this.#shards.values()].map(({ running }) => running));
  }

  /** Asks which master has which slots: the connected nodes, or else all known ones. */
  async #refresh(): Promise<void> {
    const { cluster, shard } = this.#options;
    let failure: unknown;
    // First those that we talk to: one that is away, or a replica, may know less.
    const there = [...this.#shards].flatMap(([address, { writer }]) => (writer ? [address] : []));
    const known = new Set([...there, ...this.#shards.keys(), ...this.#addresses]);
    for (const address of known) {
      const { host, port } = partsOf(address);
      const open = this.#shards.get(address)?.writer;
      const connection = open ?? new Connection(clientOf(cluster.defaults, host, port));
      try {
        if (open === undefined) await connection.open();
        const topology = await topologyOf(connection, host);
        if (this.#topology === undefined)
          this.#isSharded = await canShard(connection, shard.prefix);
        const givers = await this.#giversOf(topology);
        if (!shard.signal.aborted) this.#take(topology, givers);
        return;
      } catch (error) {
        failure = error;
      } finally {
        if (open === undefined) connection.close();
      }
    }
    throw failure;
  }

  /** The masters that have given slots away, and know it. One that lost them in a failover is none. */
  async #giversOf(topology: Topology): Promise<ReadonlySet<Address>> {
    const givers = new Set<Address>();
    for (const address of this.#shards.keys()) {
      const moved = this.#movedFrom(address, topology);
      if (moved.length === 0) continue;
      const { host, port } = partsOf(address);
      const connection = new Connection(clientOf(this.#options.cluster.defaults, host, port));
      // It may hang: then it gives nothing away.
      const late = setTimeout(() => connection.close(), GIVER_LIMIT);
      try {
        await connection.open();
        const [info] = await connection.commands([['INFO', 'replication']]);
        const own = await topologyOf(connection, host);
        const isGiven = moved.every((slot) => own[slot] !== address);
        if (isGiven && String(info).includes('role:master')) givers.add(address);
      } catch {
        // It is away, which is reported where its shard is kept.
      }
      clearTimeout(late);
      connection.close();
    }
    return givers;
  }

  #take(topology: Topology, givers: ReadonlySet<Address>): void {
    this.#topology = topology;
    const present = new Set(topology.filter((address) => address !== undefined));
    for (const address of present) {
      if (!this.#shards.has(address)) this.#shards.set(address, this.#start(address));
      if (!this.#addresses.includes(address)) this.#addresses.push(address);
    }
    for (const [address, shard] of this.#shards) {
      if (this.#movedFrom(address, topology).length === 0) continue;
      // A slot that no node has stays where it was, until one has it.
      shard.handOver((topic) => {
        const target = this.#shardOf(topic);
        return target === shard ? undefined : target;
      }, givers.has(address));
    }
    this.#owners = topology.map((address, slot) => address ?? this.#owners[slot]);
    // Behind what was published before.
    this.#placeEarly();
  }

  /** The slots that a node had, and another one has now. */
  #movedFrom(address: Address, topology: Topology): number[] {
    return [...topology.keys()].filter((slot) => {
      const now = topology[slot];
      return this.#owners[slot] === address && now !== undefined && now !== address;
    });
  }

  /** What came while no node had its slot goes to the one that has it now. */
  #placeEarly(): void {
    for (const topic of this.#early.topics()) {
      const shard = this.#shardOf(topic);
      if (shard === undefined) continue;
      this.#early.move((each) => this.#shardOf(each) === shard, shard.outgoing, true);
    }
    for (const [topic, { begun, ended }] of this.#earlyFollowing) {
      const shard = this.#shardOf(topic);
      if (shard === undefined) continue;
      this.#earlyFollowing.delete(topic);
      shard.followings.add(topic, begun, ended);
    }
  }

  /** A master is there, or away. The cluster is ready with all masters that are there. */
  #found(address: Address): void {
    this.#unknown.delete(address);
    if (this.#isThere && this.#unknown.size === 0) this.#options.shard.ready();
  }

  #start(address: Address): Shard {
    const { cluster, counts, countsKey, shard } = this.#options;
    const { host, port } = partsOf(address);
    const hasCounts = (): boolean => this.#topology?.[slotOf(countsKey)] === address;
    this.#unknown.add(address);
    return new Shard({
      ...shard,
      make: () => clientOf(cluster.defaults, host, port),
      isCluster: true,
      isSharded: this.#isSharded,
      budget: this.#budget,
      ready: () => {
        this.#isThere = true;
        this.#found(address);
      },
      moved: () => {
        this.#found(address);
        this.#wake();
      },
      begin: async (connection) => {
        if (hasCounts()) await counts.announce(connection);
      },
      keep: async (connection) => {
        while (!hasCounts()) await connection.pause(REFRESH);
        await counts.announce(connection);
        return counts.keep(connection);
      },
    });
  }
}

/** Whether a server has sharded channels: from Redis 7 on, unless they are turned off. */
async function canShard(connection: Connection, prefix: string): Promise<boolean> {
  try {
    // On a channel to which we have a right: else those that have more would be on other channels.
    await connection.send(['SPUBLISH', `${prefix}:probe`, '']);
    return true;
  } catch (error) {
    return error instanceof Error && /^(MOVED|CLUSTERDOWN)/.test(error.message);
  }
}
