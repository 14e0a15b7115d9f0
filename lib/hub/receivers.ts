/** Who receives what is published on a topic, in this process. */
import { type Wire } from '../codec.ts';
import { HubError, type OmniError } from '../errors.ts';
import { isPromise } from '../exchange.ts';
import { Frame } from '../frame.ts';

/** What a hub needs of a connection. The connections of `omniWs` have it. */
export interface Receiver {
  /** True when its codec's messages are bytes. */
  readonly binary: boolean;
  /** Sends what was prepared. False when the connection is closing, or over `maxBuffered`. */
  readonly transmit: (frame: Frame) => boolean;
  /** Calls back once, at the close, or at once if it is closed already. Returns the undo. */
  readonly whenClosed: (callback: (code: number) => void) => () => void;
}

/** One message on its way to its receivers. */
export interface Delivery<Message> {
  readonly topic: string;
  /** Counts what is published: who came after it does not get it. */
  readonly number: number;
  readonly message: Message;
  readonly encoded: Wire;
  readonly except: unknown;
}

/** What {@link Receivers} needs of its hub. */
export interface ReceiversOptions<Message> {
  readonly encode: (message: Message) => Wire | undefined;
  readonly failed: (error: OmniError) => void;
  /** Is told how many receivers a topic has, whenever that changes. */
  readonly counted: (topic: string, receivers: number) => void;
}

/** From a message to what one connection gets of it. */
type Mapping<Message> = (message: Message) => Message | undefined;

interface Member<Message> {
  readonly since: number;
  readonly map: Mapping<Message> | undefined;
}

interface Subscription<Message> {
  readonly since: number;
  readonly listener: (message: Message) => unknown;
}

interface Topic<Message> {
  readonly members: Map<Receiver, Member<Message>>;
  readonly subscriptions: Set<Subscription<Message>>;
}

/** What a connection holds of the hub, to be let go at its close. */
interface Membership {
  readonly topics: Set<string>;
  undo: () => void;
}

/** The receivers of every topic. A topic exists while it has some. */
export class Receivers<Message> {
  readonly #options: ReceiversOptions<Message>;
  readonly #topics = new Map<string, Topic<Message>>();
  readonly #memberships = new Map<Receiver, Membership>();

  constructor(options: ReceiversOptions<Message>) {
    this.#options = options;
  }

  /** How many receivers a topic has. */
  size(topic: string): number {
    const found = this.#topics.get(topic);
    return found === undefined ? 0 : found.members.size + found.subscriptions.size;
  }

  /** The topics that have receivers. */
  topics(): string[] {
    return [...this.#topics.keys()];
  }

  /** @param since - the number of the last message that it is not to get */
  subscribe(name: string, since: number, listener: (message: Message) => unknown): () => void {
    const subscription = { since, listener };
    this.#change(name, ({ subscriptions }) => subscriptions.add(subscription));
    return () => {
      if (this.#topics.get(name)?.subscriptions.has(subscription) !== true) return;
      this.#change(name, ({ subscriptions }) => subscriptions.delete(subscription));
    };
  }

  /** @param since - the number of the last message that it is not to get */
  join(name: string, since: number, receiver: Receiver, map: Mapping<Message> | undefined): void {
    const membership = this.#memberships.get(receiver) ?? this.#enter(receiver);
    if (membership === undefined) return;
    membership.topics.add(name);
    this.#change(name, ({ members }) => {
      members.set(receiver, { since: members.get(receiver)?.since ?? since, map });
    });
  }

  leave(name: string, receiver: Receiver): void {
    const membership = this.#memberships.get(receiver);
    if (membership?.topics.delete(name) !== true) return;
    if (membership.topics.size === 0) {
      membership.undo();
      this.#memberships.delete(receiver);
    }
    this.#change(name, ({ members }) => members.delete(receiver));
  }

  /** Lets everybody go. */
  clear(): void {
    for (const { undo } of this.#memberships.values()) undo();
    this.#memberships.clear();
    this.#topics.clear();
  }

  /** Tells everybody who was there when it was published. One who fails stops nobody else. */
  deliver({ topic: name, number, message, encoded, except }: Delivery<Message>): void {
    const topic = this.#topics.get(name);
    if (topic === undefined) return;
    let frame: Frame | undefined;
    for (const [receiver, { since, map }] of topic.members) {
      if (since >= number || isExcepted(receiver, except)) continue;
      try {
        const own = map === undefined ? message : map(message);
        if (own === message) receiver.transmit((frame ??= new Frame(encoded)));
        else if (own !== undefined) this.#deliverAlone(receiver, own);
      } catch (cause) {
        this.#options.failed(new HubError('map', { cause, outgoing: message }));
      }
    }
    for (const { since, listener } of topic.subscriptions) {
      if (since >= number) continue;
      guard(listener, message, (cause) => {
        this.#options.failed(new HubError('subscriber', { cause, outgoing: message }));
      });
    }
  }

  /** Sends a connection what its `map` made for it. */
  #deliverAlone(receiver: Receiver, message: Message): void {
    if (isPromise(message)) {
      Promise.resolve(message).catch(() => {});
      throw new TypeError('Expected `map` to return a message or undefined, got a promise');
    }
    let encoded: Wire | undefined;
    try {
      encoded = this.#options.encode(message);
    } catch (error) {
      this.#options.failed(error as OmniError);
    }
    if (encoded !== undefined) receiver.transmit(new Frame(encoded));
  }

  #change(name: string, apply: (topic: Topic<Message>) => void): void {
    const before = this.size(name);
    const topic = this.#topics.get(name) ?? { members: new Map(), subscriptions: new Set() };
    apply(topic);
    this.#topics.set(name, topic);
    const after = this.size(name);
    if (after === 0) this.#topics.delete(name);
    if (after !== before) this.#options.counted(name, after);
  }

  /** A connection that joins its first topic. Undefined when it is closed already. */
  #enter(receiver: Receiver): Membership | undefined {
    const membership: Membership = { topics: new Set(), undo: () => {} };
    this.#memberships.set(receiver, membership);
    membership.undo = receiver.whenClosed(() => this.#forget(receiver));
    return this.#memberships.get(receiver);
  }

  #forget(receiver: Receiver): void {
    const membership = this.#memberships.get(receiver);
    this.#memberships.delete(receiver);
    for (const name of membership?.topics ?? []) {
      this.#change(name, ({ members }) => members.delete(receiver));
    }
  }
}

/**
 * The receiver that a connection is.
 * @throws TypeError when it is no connection of `omniWs`, or its codec and the hub's disagree on
 * text and bytes: its client would get frames that it cannot read
 */
export function receiverOf(connection: unknown, binary: boolean): Receiver {
  const receiver = connection as Partial<Receiver> | null | undefined;
  if (typeof receiver?.transmit !== 'function' || typeof receiver.whenClosed !== 'function') {
    throw new TypeError(
      'Expected `connection` to be a connection of omniWs, as onOpen and its handler get it',
    );
  }
  if ((receiver.binary === true) !== binary) {
    const kind = (bytes: boolean): string => (bytes ? 'bytes' : 'text');
    throw new TypeError(
      `Expected the connection's codec to speak ${kind(binary)} like the hub's, got ${kind(!binary)}`,
    );
  }
  return receiver as Receiver;
}

/** Calls what the user gave; whatever comes of it, now or later, ends here. */
export function guard<Argument>(
  callback: (argument: Argument) => unknown,
  argument: Argument,
  failed: (cause: unknown) => void,
): void {
  try {
    const result = callback(argument);
    if (isPromise(result)) Promise.resolve(result).catch(failed);
  } catch (cause) {
    failed(cause);
  }
}

function isExcepted(receiver: Receiver, except: unknown): boolean {
  return (
    except !== undefined &&
    (Array.isArray(except) ? except.includes(receiver) : except === receiver)
  );
}
