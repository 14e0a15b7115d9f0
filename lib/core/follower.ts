/** Called at the end of a connection: a membership in a topic ends with it. */
export interface Follower {
  /** Called once. */
  readonly ended: () => void;
}
