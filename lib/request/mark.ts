/**
 * The header that gives the client of this package the outcome of its message, and shows that this
 * library answered: the pages of a proxy do not have it. PROTOCOL.md has its values.
 */
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { answerOrCut } from './answer-or-cut.ts';
import { namesProblems } from './problem.ts';

const NAME = 'omnimessage';

/** Whether the request is from our own client: each answer to it has a mark, and none is `emptyReply`. */
export function isOwnClient({ headers: { accept } }: IncomingMessage): boolean {
  return accept !== undefined && namesProblems(accept);
}

/** The message was handled: the body is its reply, or there is none. */
export function markHandled(response: ServerResponse, hasReply: boolean): void {
  mark(response, hasReply ? 'reply' : 'none');
}

/**
 * The message failed, with any status: the body may be the answer of `onError`. Not for refusals: a
 * refused message was never tried.
 * @param code - a stable code, which holds nothing of the cause
 */
export function markFailed(response: ServerResponse, code: string): void {
  mark(response, `failed; code=${code}`);
}

function mark(response: ServerResponse, value: string): void {
  if (response.headersSent) return;
  answerOrCut(response, () => {
    response.setHeader(NAME, value);
    // A page of another origin may read the header only if it is on this list.
    if (response.hasHeader('access-control-allow-origin')) {
      response.appendHeader('access-control-expose-headers', NAME);
    }
  });
}
