/** Who receives what is published on a topic, in this process. */
import { type Wire } from '../core/codec.ts';
import { type Follower } from '../core/follower.ts';
import { HubError } from './errors.ts';
import { type OmniError } from '../core/errors.ts';
import { isPromise } from '../core/exchange.ts';
import { Prepared } from '../core/prepared.ts';

/** What a hub needs of a connection. The connections of `omniWs` have it. */
export interface Receiver {
  /** True when its codec's messages are bytes. */
  readonly binary: boolean;
  /** Sends what is encoded. False when the connection is closing, or over `maxBuffered`. */
  readonly sendEncoded: (encoded: Wire | Prepared) => boolean;
  /** Tells the follower of the end of the connection, once. False when it has ended already. */
  readonly follow: (follower: Follower) => boolean;
  /** Does not tell it after all. */
  readonly unfollow: (follower: Follower) => void;
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

interface Subscription<Message> {
  readonly since: number;
  readonly listener: (message: Message) => unknown;
}

interface Topic<Message> {
  readonly name: string;
  readonly owner: Receivers<Message>;
  readonly members: Map<Receiver, Member<Message>>;
  readonly subscriptions: Set<Subscription<Message>>;
}

/**
 * One connection in one topic. There may be very many, so it is all that there is of it: the
 * connection itself tells it of its end.
 */
class Member<Message> implements Follower {
  readonly topic: Topic<Message>;
  readonly receiver: Receiver;
  readonly since: number;
  map: Mapping<Message> | undefined;

  constructor(
    topic: Topic<Message>,
    receiver: Receiver,
    since: number,
    map: Mapping<Message> | undefined,
  ) {
    this.topic = topic;
    this.receiver = receiver;
    this.since = since;
    this.map = map;
  }

  ended(): void {
    this.topic.owner.remove(this);
  }
}

/** The receivers of every topic. A topic exists while it has some. */
export class Receivers<Message> {
  readonly #options: ReceiversOptions<Message>;
  readonly #topics = new Map<string, Topic<Message>>();

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
    const topic = this.#topic(name);
    const subscription = { since, listener };
    topic.subscriptions.add(subscription);
    this.#changed(topic);
    return () => {
      if (topic.subscriptions.delete(subscription)) this.#changed(topic);
    };
  }

  /** @param since - the number of the last message that it is not to get */
  join(name: string, since: number, receiver: Receiver, map: Mapping<Message> | undefined): void {
    const known = this.#topics.get(name)?.members.get(receiver);
    if (known !== undefined) {
      known.map = map;
      return;
    }
    const topic = this.#topic(name);
    const member = new Member(topic, receiver, since, map);
    if (!receiver.follow(member)) return;
    topic.members.set(receiver, member);
    this.#changed(topic);
  }

  leave(name: string, receiver: Receiver): void {
    const member = this.#topics.get(name)?.members.get(receiver);
    if (member === undefined) return;
    receiver.unfollow(member);
    this.remove(member);
  }

  /** Forgets a member whose connection has ended, or which leaves. */
  remove({ topic, receiver }: Member<Message>): void {
    topic.members.delete(receiver);
    this.#changed(topic);
  }

  /** Lets everybody go. */
  clear(): void {
    for (const { members, subscriptions } of this.#topics.values()) {
      for (const member of members.values()) member.receiver.unfollow(member);
      members.clear();
      subscriptions.clear();
    }
    this.#topics.clear();
  }

  /** Tells everybody who was there when it was published. One who fails stops nobody else. */
  deliver({ topic: name, number, message, encoded, except }: Delivery<Message>): void {
    const topic = this.#topics.get(name);
    if (topic === undefined) return;
    let prepared: Prepared | undefined;
    for (const { receiver, since, map } of topic.members.values()) {
      if (since >= number || isExcepted(receiver, except)) continue;
      try {
        const own = map === undefined ? message : map(message);
        if (own === message) receiver.sendEncoded((prepared ??= new Prepared(encoded)));
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
    if (encoded !== undefined) receiver.sendEncoded(encoded);
  }

  /** The topic of a name. One without receivers is made anew; it exists only once it has some. */
  #topic(name: string): Topic<Message> {
    const known = this.#topics.get(name);
    return known ?? { name, owner: this, members: new Map(), subscriptions: new Set() };
  }

  /** A topic has one receiver more, or less. */
  #changed(topic: Topic<Message>): void {
    const { name, members, subscriptions } = topic;
    const count = members.size + subscriptions.size;
    if (count === 0) this.#topics.delete(name);
    else this.#topics.set(name, topic);
    this.#options.counted(name, count);
  }
}

/**
 * The receiver that a connection is.
 * @throws TypeError when it is no connection of `omniWs`, or its codec and the hub's disagree on
 * text and bytes: its client would get frames that it cannot read
 */
export function receiverOf(connection: unknown, binary: boolean): Receiver {
  const receiver = connection as Partial<Receiver> | null | undefined;
  if (typeof receiver?.sendEncoded !== 'function' || typeof receiver.follow !== 'function') {
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
