/**
 * The header by which our own client knows what became of its message, and that it was us who
 * answered: a proxy's pages do not have it. PROTOCOL.md says what it may be.
 */
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { namesProblems } from './problem.ts';

const NAME = 'omnimessage';

/** Whether our own client asks: it is answered by a mark each time, and with no `emptyReply`. */
export function isOwnClient({ headers: { accept } }: IncomingMessage): boolean {
  return accept !== undefined && namesProblems(accept);
}

/** The message was handled: the body is its reply, or there is none. */
export function markHandled(response: ServerResponse, hasReply: boolean): void {
  mark(response, hasReply ? 'reply' : 'none');
}

/**
 * The message failed, whatever the status: the body may still be what `onError` answered. Not for
 * refusals: a message that was refused was never tried.
 * @param code - a stable code of ours, with which nothing of the cause is told
 */
export function markFailed(response: ServerResponse, code: string): void {
  mark(response, `failed; code=${code}`);
}

function mark(response: ServerResponse, value: string): void {
  if (response.headersSent) return;
  response.setHeader(NAME, value);
  // A page of another origin may read the header only if it is on this list.
  if (response.hasHeader('access-control-allow-origin')) {
    response.appendHeader('access-control-expose-headers', NAME);
  }
}
