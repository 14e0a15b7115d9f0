/**
 * Why `ask` was not answered.
 *
 * `code` is the server's own code of the failure (`handler`, `decode`, `handler-timeout`, …), or one
 * of the link's: `timeout`, `unconfirmed` (the line broke before the answer), `bare` (the line
 * confirms nothing), `skipped` (the codec does not send this message), `full`, `too-large` and
 * `expired` as in `onDropped`, `closed`, or the reason of a final end.
 */
export class AskError extends Error {
  readonly code: string;
  /** True when the message left the page: the server may have handled it all the same. */
  readonly isSent: boolean;

  constructor(code: string, isSent: boolean) {
    super(`not answered: ${code}`);
    this.name = 'AskError';
    this.code = code;
    this.isSent = isSent;
  }
}
