/** How connections join topics: from now on, from a place that was given, or from where their client was. */
import { expectFunction } from '../core/options.ts';
import { type TopicPlaces } from '../core/topic-places.ts';
import { AsyncContext } from '../process/async-context.ts';
import { type LogEntry, type LogPage, type Place } from './backplane.ts';
import { catchUpFrom } from './catch-up.ts';
import { type Delivery, type Receiver, receiverOf } from './delivery.ts';
import { type Hub, type JoinFromOptions } from './options.ts';
import { type Member, type Receivers } from './receivers.ts';
import { placeOf, topicHash } from './topic-hash.ts';

/** What joining needs of its hub. */
export interface JoinContext<Message> {
  readonly binary: boolean;
  readonly receivers: Receivers<Message>;
  readonly read: (topic: string, after: Place, limit: number) => Promise<LogPage>;
  /** Makes a message of an entry: undefined when it is none, null when it is to be skipped. */
  readonly decode: (topic: string, entry: LogEntry) => Delivery<Message> | null | undefined;
  /** The number of the last message that was published. */
  readonly published: () => number;
  readonly isClosed: () => boolean;
  /** Gives the place from which one who has just joined could go on, if there will be one. */
  readonly whenPlaced: (topic: string, tell: (place: Place) => void) => void;
}

/** The number before all others. */
const EVERYTHING = -1;

type Mapping<Message> = ((message: Message) => Message | undefined) | undefined;

export function createJoin<Message>(context: JoinContext<Message>): Hub<Message>['join'] {
  const { binary, receivers, read, decode, published, isClosed, whenPlaced } = context;

  function joinFrom(
    topic: string,
    receiver: Receiver,
    mapping: Mapping<Message>,
    from: Place,
  ): Promise<boolean> {
    if (isClosed()) return Promise.resolve(false);
    // One that has joined already begins anew: it is to get what it has missed.
    receivers.leave(topic, receiver);
    return new Promise((resolve) => {
      const catchUp = (member: Member<Message>) =>
        catchUpFrom<Message>(
          from,
          {
            topic,
            read: (after, limit) => read(topic, after, limit),
            decode: (entry) => decode(topic, entry),
            deliver: (delivery) => receivers.deliverTo(member, delivery),
            lost: () => tellGap(topic, receiver),
          },
          resolve,
        );
      const member = receivers.join(topic, EVERYTHING, receiver, mapping, catchUp);
      if (member === undefined) resolve(false);
    });
  }

  /** Tells a client where the topic stands that its connection has joined. */
  function tellPlace(topic: string, places: TopicPlaces): void {
    whenPlaced(topic, (place) => {
      const told = placeOf(topic, place);
      if (told !== '') places.tell(told);
    });
  }

  /** Tells a client that messages are missing, and where the topic stands then. */
  function tellGap(topic: string, receiver: Receiver): void {
    const { places } = receiver;
    if (places === undefined || !receivers.has(topic, receiver)) return;
    places.gap(topicHash(topic));
    tellPlace(topic, places);
  }

  /** Goes on from where the client was, or reports a gap to it. */
  async function joinAgain(
    topic: string,
    receiver: Receiver,
    mapping: Mapping<Message>,
    from: Place,
  ): Promise<void> {
    if (!(await joinFrom(topic, receiver, mapping, from))) tellGap(topic, receiver);
  }

  function join<Joined>(
    topic: string,
    connection: Joined,
    more: Partial<JoinFromOptions<Message, Joined>> = {},
  ): Promise<boolean> | void {
    const { map, from } = more;
    expectTopic(topic);
    expectFunction('map', map, true);
    const receiver = receiverOf(connection, binary);
    const mapping = map && inContext((message: Message) => map(message, connection));
    if (from !== undefined && typeof from !== 'string') {
      throw new TypeError(`Expected \`from\` to be a place, got ${typeof from}`);
    }
    const { places } = receiver;
    const isNew = places !== undefined && !receivers.has(topic, receiver);
    const told = isNew ? places.take(topicHash(topic), receivers) : undefined;
    if (from !== undefined) {
      places?.tell(placeOf(topic, from) || `${topicHash(topic)},`);
      return joinFrom(topic, receiver, mapping, from);
    }
    if (isClosed()) return;
    if (isNew && typeof told === 'string') {
      void joinAgain(topic, receiver, mapping, told);
      return;
    }
    receivers.join(topic, published(), receiver, mapping);
    // The gap first: a client that gets the place alone before its line breaks would go on from there.
    // guard: a gap comes before the place after it → if (isNew) tellPlace(topic, places);
    if (told === null) places?.gap(topicHash(topic));
    if (isNew) tellPlace(topic, places);
  }

  return join as Hub<Message>['join'];
}

/** Binds a function to the present asynchronous context, whatever context calls it. */
function inContext<In, Out>(act: (given: In) => Out): (given: In) => Out {
  const context = new AsyncContext();
  return (given) => context.run(act, undefined, given);
}

export function expectTopic(topic: unknown): void {
  if (typeof topic === 'string') return;
  throw new TypeError(`Expected \`topic\` to be a string, got ${typeof topic}`);
}
