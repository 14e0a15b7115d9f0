/** Where a command runs: its streams and its directory. */
export interface Terminal {
  /** Results. */
  readonly out: (text: string) => void;
  /** What people read: errors, and what was written where. */
  readonly log: (text: string) => void;
  /** The directory that paths start from. */
  readonly cwd: string;
}

/** The codes that a command exits with. */
export const Exit = { Done: 0, Found: 1, Misuse: 2 } as const;
export type ExitCode = (typeof Exit)[keyof typeof Exit];

/** One of the commands. */
export interface Command {
  /** The arguments, as the usage shows them. */
  readonly usage: string;
  /** What it does, in one line. */
  readonly summary: string;
  readonly run: (args: readonly string[], terminal: Terminal) => Promise<ExitCode>;
}
