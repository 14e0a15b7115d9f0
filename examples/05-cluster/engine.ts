/** What the processes share, whichever engine has it: a table of messages, and the hub's backplane. */
import { type Backplane } from 'express-omnimessage';

/** The messages: a value for each id. */
export interface Table {
  /** Puts a value in, unless there is one already. To say it twice does no harm. */
  readonly add: (id: string, value: string) => Promise<void>;
  readonly remove: (ids: readonly string[]) => Promise<void>;
  readonly values: () => Promise<string[]>;
}

export interface Engine {
  readonly table: Table;
  readonly backplane: Backplane;
  readonly close: () => Promise<void>;
}

export interface EngineOptions {
  /** `redis://…` or `nats://…` */
  readonly url: string;
  /** What all names begin with. */
  readonly prefix: string;
  readonly onError: (error: unknown) => void;
  /** The engine is back: what it has now may be new. */
  readonly onBack: () => void;
}

/** Connects to the engine that the address names. */
export async function connectEngine(options: EngineOptions): Promise<Engine> {
  if (!options.url.startsWith('nats:')) return (await import('./on-redis.ts')).onRedis(options);
  return (await import('./on-nats.ts')).onNats(options);
}
