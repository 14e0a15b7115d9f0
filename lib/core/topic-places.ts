/**
 * How far the client of a connection has got in topics, by the hash of each: what a hub asks when
 * the connection joins again on a new line, and updates as the topic goes on.
 */
export interface TopicPlaces {
  /** Stands for the client on all its connections to this process; undefined where nothing is kept of it. */
  readonly client: object | undefined;
  /**
   * Whether the client has the answer to a message, or repeats the message and gets it then;
   * undefined where that is not known any more.
   */
  readonly isAnswered: (id: number) => boolean | undefined;
  /**
   * Where the client goes on, given once for each topic.
   * @param hub - stands for the one that asks: topics of two hubs may have the same name
   * @returns undefined where it goes on from nowhere; null where it resumes and sent no place
   */
  readonly take: (topic: string, hub: object) => string | null | undefined;
  /**
   * Sends the client the place of the topic.
   * @param place - the topic's hash, a comma, and a place; nothing after the comma: nowhere
   */
  readonly tell: (place: string) => void;
  /** Sends the client a gap: messages of the topic are missing. */
  readonly gap: (topic: string) => void;
}
