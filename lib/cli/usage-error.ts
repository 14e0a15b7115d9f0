/** What a command was given cannot be used. The message is one line; the exit code is 2. */
export class UsageError extends Error {
  override get name(): string {
    return 'UsageError';
  }
}

/** The text of whatever was thrown, on one line. */
export function reasonOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.trim().split('\n', 1)[0] ?? '';
}
