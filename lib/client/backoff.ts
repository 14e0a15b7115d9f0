/** How long to wait before the next attempt. */
import { type Verdict } from './ends.ts';
import { LONGEST, SPREAD } from './limits.ts';

/**
 * The pause before the next attempt, in ms. It is random from the first one on, so that not all
 * pages come at once.
 *
 * @param usual - the longest pause after so many failures, in ms
 * @param retryAfter - what the server asked for, in seconds
 */
export function pauseOf(verdict: Verdict, usual: number, retryAfter = 0): number {
  const asked = Math.min(retryAfter * 1_000 || 0, LONGEST);
  const least = Math.max(asked, verdict === 'slower' ? SPREAD : 0);
  const spread = verdict === 'later' && !least ? Math.max(usual, SPREAD) : usual;
  return Math.round(least + Math.random() * spread);
}
