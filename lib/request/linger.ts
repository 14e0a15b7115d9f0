/**
 * Answers a request while its body is still arriving. The kernel resets a connection that is closed
 * with unread bytes, and the reset overtakes the answer: the client sees no status, and a proxy
 * considers the server broken. So the rest of the body is read and dropped first, up to a size and
 * for a time.
 */
import { type ServerResponse } from 'node:http';
import { answerOrCut } from './answer-or-cut.ts';
import { cutOff } from './client-gone.ts';

/** How much of a refused body is read in all, in bytes: 880 KiB. */
const MAX_READ = 901_120;
/** How often the client's progress is checked, in milliseconds. */
const PERIOD = 300;
/** Without progress for so many periods, the client has stopped sending. */
const MAX_IDLE = 2;
/** After so many periods the connection ends in any case: 4.8 s. */
const MAX_PERIODS = 16;

/**
 * Sends an answer whose headers are set, `content-length` among them, and ends the connection after
 * it: when the client has sent its body to the end, or stopped sending, or after 4.8 s. After
 * 880 KiB of the body the connection is cut.
 *
 * @param read - how much of the body has been read already, in bytes
 */
export function endLingering(response: ServerResponse, body: string, read = 0): void {
  const request = response.req;
  // HTTP/2 has no connection to end: it ends the stream of this request alone.
  if (request.httpVersionMajor < 2) response.setHeader('connection', 'close');
  if (request.complete || request.httpVersionMajor >= 2) {
    response.end(body);
    return;
  }
  let total = read;
  let seen = total;
  let idle = 0;
  let periods = 0;
  const drop = (piece: Buffer | string): void => {
    total += piece.length;
    // The answer was sent long ago: the wait ends, so that nothing more is read.
    // guard: a bounded amount of a refused body is read
    if (total > MAX_READ) cutOff(response);
  };
  const timer = setInterval(() => {
    periods += 1;
    idle = total === seen ? idle + 1 : 0;
    seen = total;
    // guard: a refused body is read for a bounded time
    if (idle >= MAX_IDLE || periods >= MAX_PERIODS) end();
  }, PERIOD);
  timer.unref();
  function end(): void {
    clearInterval(timer);
    request.off('data', drop);
    if (!response.writableEnded) answerOrCut(response, () => response.end());
  }
  response.once('close', end);
  request.once('end', end);
  request.on('data', drop);
  request.resume();
  // All of it, so that the client can go on; only the end of the connection waits.
  // guard: refusals linger → response.end(body);
  response.write(body);
}
