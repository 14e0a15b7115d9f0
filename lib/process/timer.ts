/** Longer than this, setTimeout fires at once: 24.8 days. */
export const LONGEST = 2_147_483_647;

/**
 * Starts a timer that does not keep the process alive.
 * @returns undefined when `delay` is longer than a timer can wait: then it never fires
 */
export function startTimer<Argument>(
  callback: (argument: Argument) => void,
  delay: number,
  argument: Argument,
): NodeJS.Timeout | undefined {
  if (delay > LONGEST) return undefined;
  const timer = setTimeout(callback, delay, argument);
  timer.unref();
  return timer;
}
