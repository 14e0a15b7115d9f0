import { type ServerResponse } from 'node:http';
import { LONGEST } from '../process/timers.ts';
import { cutOff } from './client-gone.ts';

/**
 * Cuts the client of an ended answer off when it takes nothing of the answer for some time: who does
 * not read would hold it in our memory for ever. Slow is allowed, as long as there is progress: it
 * is Node's own timer of a socket, which knows how much of a write has left.
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
