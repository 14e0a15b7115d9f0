/** Which of our errors an exchange has met: known when `onError` is asked, needed when it has answered. */
import { type ErrorCode } from '../core/errors.ts';

const codes = new WeakMap<object, ErrorCode>();

/** Remembers that an exchange has failed. */
export function noteFailure(exchange: object, code: ErrorCode): void {
  codes.set(exchange, code);
}

/** The code with which it has failed last; undefined when it has not. */
export function failureOf(exchange: object): ErrorCode | undefined {
  return codes.get(exchange);
}
