/** Who receives what is published on a topic, in this process. */
import { type Answer } from '../core/answer.ts';
import { attempt, expectNoPromise } from '../core/attempt.ts';
import { type Wire } from '../core/codec.ts';
import { type OmniError } from '../core/errors.ts';
import { type Follower } from '../core/follower.ts';
import { AsyncContext } from '../process/async-context.ts';
import { type Apart, clientOf, type Found } from './apart.ts';
import { type Place } from './backplane.ts';
import {
  type CatchUp,
  type Delivery,
  Publication,
  publicationOf,
  type Receiver,
} from './delivery.ts';
import { HubError } from './errors.ts';
import { topicHash } from './topic-hash.ts';

/** What {@link Receivers} needs of its hub. */
export interface ReceiversOptions<Message> {
  readonly encode: (message: Message) => Wire | undefined;
  readonly failed: (error: OmniError) => void;
  /** How a connection gets what it comes upon in the log: see `Apart`. */
  readonly find: Apart['find'];
  /** Is called with how many receivers a topic has, whenever that changes. */
  readonly counted: (topic: string, receivers: number) => void;
}

/** From a message to what one connection gets of it. */
type Mapping<Message> = (message: Message) => Message | undefined;

interface Subscription<Message> {
  readonly since: number;
  readonly listener: (message: Message, place: Place | undefined) => unknown;
  /** That of the subscriber: what is published comes from anywhere. */
  readonly asyncContext: AsyncContext;
}

interface Topic<Message> {
  readonly name: string;
  readonly owner: Receivers<Message>;
  readonly members: Map<Receiver, Member<Message>>;
  readonly subscriptions: Set<Subscription<Message>>;
}

/**
 * One connection in one topic. There may be very many, so it is all that there is of it: the
 * connection itself calls it at its end.
 */
export class Member<Message> implements Follower {
  readonly topic: Topic<Message>;
  readonly receiver: Receiver;
  readonly since: number;
  map: Mapping<Message> | undefined;
  catchUp: CatchUp<Message> | undefined;

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

  /** Whether a connection has joined a topic. */
  has(topic: string, receiver: Receiver): boolean {
    return this.#topics.get(topic)?.members.has(receiver) === true;
  }

  /** Tells clients that can come back that there is no place to go on from. */
  displace(name: string): void {
    for (const { receiver } of this.#topics.get(name)?.members.values() ?? []) {
      receiver.places?.tell(`${topicHash(name)},`);
    }
  }

  /** The topics that have receivers. */
  topics(): string[] {
    return [...this.#topics.keys()];
  }

  /** @param since - the number of the last message that it is not to get */
  subscribe(name: string, since: number, listener: Subscription<Message>['listener']): () => void {
    const topic = this.#topic(name);
    const subscription = { since, listener, asyncContext: new AsyncContext() };
    topic.subscriptions.add(subscription);
    this.#changed(topic);
    return () => {
      if (topic.subscriptions.delete(subscription)) this.#changed(topic);
    };
  }

  /**
   * @param since - the number of the last message that it is not to get
   * @param catchUp - what its deliveries go through at first
   * @returns undefined when the connection has ended
   */
  join(
    name: string,
    since: number,
    receiver: Receiver,
    map: Mapping<Message> | undefined,
    catchUp?: (member: Member<Message>) => CatchUp<Message>,
  ): Member<Message> | undefined {
    const known = this.#topics.get(name)?.members.get(receiver);
    if (known !== undefined) {
      known.map = map;
      return known;
    }
    const topic = this.#topic(name);
    const member = new Member(topic, receiver, since, map);
    if (!receiver.follow(member)) return undefined;
    member.catchUp = catchUp?.(member);
    topic.members.set(receiver, member);
    this.#changed(topic);
    return member;
  }

  leave(name: string, receiver: Receiver): void {
    const member = this.#topics.get(name)?.members.get(receiver);
    if (member === undefined) return;
    receiver.unfollow(member);
    this.remove(member);
  }

  /** Forgets a member whose connection has ended, or which leaves. */
  remove(member: Member<Message>): void {
    const { topic, receiver } = member;
    topic.members.delete(receiver);
    this.#abandon(member);
    this.#changed(topic);
  }

  /** Forgets all of them. */
  clear(): void {
    for (const topic of this.#topics.values()) {
      for (const member of topic.members.values()) {
        member.receiver.unfollow(member);
        this.#abandon(member);
      }
      topic.members.clear();
      topic.subscriptions.clear();
    }
    this.#topics.clear();
  }

  /** Messages of a topic are missing, and no receiver can catch up on them. */
  abandonCatchUps(name: string): void {
    for (const member of this.#topics.get(name)?.members.values() ?? []) this.#abandon(member);
  }

  /** Delivers to all receivers that were there when it was published. One that throws does not stop the others. */
  deliver(delivery: Delivery<Message>): void {
    const { number, message, answers, at } = delivery;
    const topic = this.#topics.get(delivery.topic);
    let publication: Publication | undefined;
    let isAnswered = answers === undefined;
    for (const member of topic?.members.values() ?? []) {
      if (member.since >= number) continue;
      const { catchUp } = member;
      const isReply = answers?.receiver === member.receiver;
      if (catchUp !== undefined && at !== undefined) {
        isAnswered ||= isReply;
        catchUp.take(delivery, isReply);
        if (catchUp.isAt(at.place)) member.catchUp = undefined;
        continue;
      }
      publication ??= publicationOf(delivery);
      const answer = this.#answerFor(member.receiver, delivery, false);
      if (answer === null || answer === 'unknown') passBy(member.receiver, publication, answer);
      else this.#send(member, publication, message, answer);
      isAnswered ||= answer === answers?.answer;
    }
    for (const { since, listener, asyncContext } of topic?.subscriptions ?? []) {
      if (since >= number) continue;
      attempt(
        // guard: subscribers in their own context → () => listener(message, at?.place)
        () => asyncContext.run(listener, undefined, message, at?.place),
        (cause) => this.#options.failed(new HubError('subscriber', { cause, outgoing: message })),
      );
    }
    // Who has not joined has no place in the topic.
    if (!isAnswered) answers?.answer.send(delivery.encoded);
  }

  /** Delivers to one connection alone, which catches up. */
  deliverTo(member: Member<Message>, delivery: Delivery<Message>): void {
    const { receiver } = member;
    const publication = publicationOf(delivery);
    const answer = this.#answerFor(receiver, delivery, true);
    if (answer === null || answer === 'unknown') passBy(receiver, publication, answer);
    else this.#send(member, publication, delivery.message, answer);
  }

  /** The answer that a delivery is to a receiver; null where it does not get it, undefined where it is none. */
  #answerFor(
    receiver: Receiver,
    { except, answers, at }: Delivery<Message>,
    isCatchingUp: boolean,
  ): Found {
    if (answers?.receiver === receiver) return answers.answer;
    if (except !== undefined && isExcepted(receiver, except)) return null;
    // Another connection of its client, or what was read from the log.
    return answers !== undefined || isCatchingUp ? this.#options.find(receiver, at) : undefined;
  }

  #send(
    { receiver, map }: Member<Message>,
    publication: Publication,
    message: Message,
    answer?: Answer,
  ): void {
    try {
      const own = map === undefined ? message : map(message);
      const encoded = own === message ? publication : this.#encodeAlone(own, publication);
      if (encoded === undefined) answer?.release();
      else if (answer === undefined) receiver.sendEncoded(encoded);
      else answer.send(encoded);
    } catch (cause) {
      answer?.release();
      this.#options.failed(new HubError('map', { cause, outgoing: message }));
    }
  }

  /** Encodes what a `map` made for one connection. */
  #encodeAlone(message: Message | undefined, of: Publication): Publication | undefined {
    if (message === undefined) return undefined;
    expectNoPromise('map', message);
    try {
      const encoded = this.#options.encode(message);
      return encoded === undefined ? undefined : new Publication(encoded, of.topic, of.at);
    } catch (error) {
      this.#options.failed(error as OmniError);
      return undefined;
    }
  }

  #abandon(member: Member<Message>): void {
    const { catchUp } = member;
    member.catchUp = undefined;
    catchUp?.abandon();
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

/** It does not get this one, or has it perhaps: so it is when it comes back, too. */
function passBy({ places }: Receiver, publication: Publication, how: 'unknown' | null): void {
  if (places === undefined || !publication.isPlaced) return;
  const { place, topic } = publication;
  if (how === 'unknown') places.gap(topicHash(topic));
  if (place !== '') places.tell(place);
}

function isExcepted(receiver: Receiver, except: unknown): boolean {
  const client = clientOf(receiver);
  const isSame = (other: unknown): boolean =>
    typeof other === 'object' && other !== null && clientOf(other as Receiver) === client;
  return Array.isArray(except) ? except.some(isSame) : isSame(except);
}
