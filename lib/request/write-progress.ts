import { type ServerResponse } from 'node:http';
import { LONGEST } from '../process/timers.ts';
import { cutOff } from './client-gone.ts';

/**
 * Cuts the client of an ended answer when it reads nothing of the answer for some time: otherwise the
 * answer would stay in memory without end. A slow client is allowed, as long as there is progress: it
 * is Node's own timer of a socket, which sees how much of a write has been sent.
 *
 * @param timeout - in milliseconds; a client is cut between this and twice this
 */
export function expectProgress(response: ServerResponse, timeout: number): void {
  if (timeout > LONGEST) return;
  // guard: a client that never reads its answers is cut
  response.setTimeout(timeout, () => {
    cutOff(response);
  });
}
