/**
 * The checks before the upgrade. A GET that asks why a handshake was refused
 * passes the same ones.
 */
import { type IncomingMessage } from 'node:http';
import { AuthorizeError, type OmniError, TimeoutError } from '../core/errors.ts';
import { notice } from '../process/development-notice.ts';
import { startTimer } from '../process/timers.ts';
import { type Capacity, tooManyConnections } from '../request/capacity.ts';
import { originCheck, type Origins } from '../request/origins.ts';
import { type Refusal } from '../request/problem.ts';
import { decide } from '../request/verdict.ts';
import { type SocketTarget } from './find-route.ts';
import { foreignOrigin, shuttingDown } from './handshake.ts';

/** Options of the checks. */
export interface GateOptions {
  readonly origins: Origins | undefined;
  readonly authorize: Authorize | undefined;
  /** How long `authorize` may take, in milliseconds. */
  readonly openTimeout: number;
  readonly capacity: Capacity;
  /** Whether the server shuts down. */
  readonly isEnding: () => boolean;
  /** The route that a request is for; looked up only if `authorize` wants it. */
  readonly find: (request: IncomingMessage) => SocketTarget | undefined;
  readonly report: (error: OmniError, request: IncomingMessage) => void;
}

/** The `authorize` of `attachWebSockets`. */
export type Authorize = (request: IncomingMessage, target: SocketTarget | undefined) => unknown;

/** The result of the checks. One of them is called, once. */
export interface Passage {
  /** @param authorized - what `authorize` returned */
  readonly pass: (authorized: unknown) => void;
  readonly refuse: (refusal: Refusal) => void;
}

const refused = (status: number): Refusal => ({ status, code: 'authorize' });

/** The checks of one server. */
export class Gate {
  readonly #options: GateOptions;
  readonly #isAllowed: (request: IncomingMessage) => boolean;
  /** How many handshakes `authorize` has not decided yet. */
  undecided = 0;

  /** @throws TypeError when an origin is not what it should be */
  constructor(options: GateOptions) {
    this.#options = options;
    this.#isAllowed = originCheck(options.origins);
  }

  /** Whether a page of the request's Origin may connect. Never throws. */
  isAllowed(request: IncomingMessage): boolean {
    try {
      return this.#isAllowed(request);
    } catch (cause) {
      this.#options.report(new AuthorizeError({ cause }), request);
      return false;
    }
  }

  /** The checks that need no promise. */
  refusalOf(request: IncomingMessage): Refusal | undefined {
    // guard: no upgrade during a shutdown
    if (this.#options.isEnding()) return shuttingDown;
    // guard: origin before the upgrade → const isAllowed = true;
    const isAllowed = this.isAllowed(request);
    if (!isAllowed) return foreignOrigin;
    return this.#options.capacity.hasRoom ? undefined : tooManyConnections;
  }

  /**
   * Calls `authorize`; continues at once where there is none. Never throws.
   * @param isHandshake - false for a GET that opens nothing: it takes no place while it is decided
   */
  ask(request: IncomingMessage, { pass, refuse }: Passage, isHandshake = true): void {
    const { authorize, openTimeout, isEnding, find, report } = this.#options;
    // guard: authorize is asked → pass(undefined);
    if (authorize === undefined) {
      pass(undefined);
      return;
    }
    // guard: a question takes no place → const places = 1;
    const places = isHandshake ? 1 : 0;
    this.undecided += places;
    const verdict: { isMade: boolean; timer?: NodeJS.Timeout | undefined } = { isMade: false };
    const settle = (act: () => void): void => {
      if (verdict.isMade) return;
      verdict.isMade = true;
      this.undecided -= places;
      clearTimeout(verdict.timer);
      act();
    };
    const fail = (error: OmniError): void => {
      refuse({ status: error.status, code: error.code });
      report(error, request);
    };
    const isLater = decide<unknown>(
      // Where `authorize` has one parameter, the route need not be looked for.
      () => authorize(request, authorize.length === 1 ? undefined : find(request)),
      {
        admit: (authorized) => {
          settle(() => {
            if (isEnding()) refuse(shuttingDown);
            else if (isNo(authorized)) refuse(refused(401));
            else {
              noticeForgottenReturn(authorized);
              pass(authorized);
            }
          });
        },
        refuse: (status) => {
          settle(() => {
            refuse(refused(status));
          });
        },
        fail: (cause) => {
          settle(() => {
            fail(new AuthorizeError({ cause }));
          });
        },
      },
    );
    if (!isLater) return;
    const giveUp = (): void => {
      settle(() => {
        fail(new TimeoutError('authorize-timeout', openTimeout));
      });
    };
    // guard: authorize that never decides → void giveUp;
    verdict.timer = startTimer(giveUp, openTimeout, undefined);
  }
}

/** A function that refuses by its result (no user: null) must not admit every client. */
function isNo(answer: unknown): boolean {
  // guard: authorize that says false → return answer === null;
  return !answer && answer !== undefined;
}

/** `undefined` is also what a function returns that throws where it refuses, so it admits. */
function noticeForgottenReturn(answer: unknown): void {
  if (answer !== undefined) return;
  notice(
    'authorize undefined',
    () =>
      '`authorize` returned undefined, which admits the client. If a `return` is missing, add it: ' +
      'false, null or an error with the status 401 refuses; anything else admits, and is what `context` gets',
  );
}
