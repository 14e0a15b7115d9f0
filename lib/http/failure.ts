/** The failure of an exchange: known when `onError` is called, needed when it has answered. */
import { type ErrorCode } from '../core/errors.ts';

const codes = new WeakMap<object, ErrorCode>();

/** Remembers that an exchange has failed. */
export function noteFailure(exchange: object, code: ErrorCode): void {
  codes.set(exchange, code);
}

/** The code of its last failure; undefined when there was none. */
export function failureOf(exchange: object): ErrorCode | undefined {
  return codes.get(exchange);
}
