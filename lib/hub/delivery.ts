/** A message on its way to those who receive it, and what a hub needs of a connection. */
import { type Answer } from '../core/answer.ts';
import { type Wire } from '../core/codec.ts';
import { type Follower } from '../core/follower.ts';
import { Prepared } from '../core/prepared.ts';
import { type TopicPlaces } from '../core/topic-places.ts';
import { type LogEntry, type Place } from './backplane.ts';
import { placeOf } from './topic-hash.ts';

/** What a hub needs of a connection. The connections of `omniWs` have it. */
export interface Receiver {
  /** True when its codec's messages are bytes. */
  readonly binary: boolean;
  /** Sends what is encoded. False when the connection is closing, or over `maxBuffered`. */
  readonly sendEncoded: (encoded: Wire | Prepared) => boolean;
  /** Calls the follower at the end of the connection, once. False when it has ended already. */
  readonly follow: (follower: Follower) => boolean;
  /** Does not call it after all. */
  readonly unfollow: (follower: Follower) => void;
  /** Takes over the answer to the message that is being handled, where a connection knows of one. */
  readonly takeAnswer?: (() => Answer | undefined) | undefined;
  /** How far its client has got in topics; undefined where that is not known. */
  readonly places?: TopicPlaces | undefined;
}

/** One message on its way to its receivers. */
export interface Delivery<Message> {
  readonly topic: string;
  /** Counts what is published: a receiver that came after it does not get it. */
  readonly number: number;
  readonly message: Message;
  readonly encoded: Wire;
  readonly except: unknown;
  /** The connection whose message this answers, and how. */
  readonly answers: { readonly receiver: Receiver; readonly answer: Answer } | undefined;
  /** Published for this process alone, outside of the log. */
  readonly isLocal: boolean;
  /** Where it stands in the log of its topic; undefined outside of the log. */
  at: Omit<LogEntry, 'payload'> | undefined;
}

/** Where a publication stands, for those who resume: the hub's messages carry it. */
export class Publication extends Prepared {
  readonly topic: string;
  readonly at: Place | undefined;

  constructor(encoded: Wire, topic: string, at: Place | undefined) {
    super(encoded);
    this.topic = topic;
    this.at = at;
  }

  override get isPlaced(): boolean {
    return this.at !== undefined;
  }

  override get place(): string {
    return this.at === undefined ? '' : placeOf(this.topic, this.at);
  }
}

/** What a joined connection goes through until it has caught up with its topic. */
export interface CatchUp<Message> {
  /** Takes a delivery instead of the connection. @param isReply - it is the reply to this connection */
  readonly take: (delivery: Delivery<Message>, isReply: boolean) => void;
  /** True when the connection has all up to here, and nothing beyond. */
  readonly isAt: (place: Place | undefined) => boolean;
  /** Ends it: something is missing. */
  readonly abandon: () => void;
}

export function publicationOf<Message>({ encoded, topic, at }: Delivery<Message>): Publication {
  return new Publication(encoded, topic, at?.place);
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
