/** Is called when what it follows has ended: a membership in a topic follows its connection. */
export interface Follower {
  /** Called once. */
  readonly ended: () => void;
}
