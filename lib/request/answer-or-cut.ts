/** Answers where a middleware may have changed the response. */
import { type ServerResponse } from 'node:http';
import { notice } from '../process/development-notice.ts';
import { cutOff } from './client-gone.ts';

/**
 * Does what answers a request. Middlewares put functions of their own on a response (sessions,
 * compression, `on-headers`), and after the body was read or a promise has settled nothing catches
 * what these throw: it would end the process. The client is cut off instead.
 */
export function answerOrCut(response: ServerResponse, answer: () => void): void {
  try {
    answer();
  } catch (cause) {
    // guard: a response that throws → throw cause;
    notice('a response that throws', () => {
      const stack = cause instanceof Error ? (cause.stack ?? cause.message) : '';
      return `a middleware has changed the response, and the answer failed: the client was cut off\n${stack}`;
    });
    cutOff(response);
  }
}
