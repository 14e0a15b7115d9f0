/** The link: one line after another, for as long as the page wants one. */
import { type Wire } from '../core/codec.ts';
import { pauseOf } from './backoff.ts';
import { type Call, createCall } from './emitter.ts';
import { createReader } from './encoded.ts';
import { meaningOf, type Reason, textOf } from './ends.ts';
import { createLiveness } from './liveness.ts';
import { type ConnectOptions, type Link, type Snapshot } from './options.ts';
import { createOutbox } from './outbox.ts';
import { type Outbox, type Outgoing } from './outgoing.ts';
import { watchPage } from './page-events.ts';
import { absolute, isPage, now, platform } from './platform.ts';
import { createStatus } from './status.ts';
import {
  type AddressSource,
  type Line,
  type LineEvents,
  type LineOptions,
  type Transport,
} from './transport.ts';
import { webSocket } from './websocket.ts';
import { DEPLOY, LEFT, LONGEST, PATIENCE, PROOF } from './limits.ts';

/** A link, with what other modules of the client build on. */
export interface OpenLink<In, Out>
  extends Link<In, Out>, Pick<Outbox<In, Out>, 'post' | 'withdraw' | 'forget'> {
  /** Calls functions of the page until the link is closed. */
  readonly call: Call;
}

/** @param restored - gets each message that an earlier page had stored, before its outcome is known */
export function openLink<In, Out>(
  options: ConnectOptions<In, Out, Wire>,
  restored?: (outgoing: Outgoing<In, Out>) => void,
): OpenLink<In, Out> {
  const { onError, minDelay = 500, maxDelay = 15_000 } = options;
  const transports = [options.transport ?? webSocket()].flat() as [Transport];
  const closing = new AbortController();
  const { signal } = closing;

  /** Counts what happens to the link, so that what was waited for is known to be out of date. */
  let turn = 0;
  let line: Line | undefined;
  let isOpen = false;
  /** Where the last attempt went: with the scheme that its transport gave it. */
  let target: URL | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isFirst = true;
  let isGap = false;
  /** Failures since a line has proved itself. */
  let failures = 0;
  /** Attempts in a row that never opened, without a known reason. */
  let unopened = 0;
  /** Of a list, the transport that opened last. */
  let known: Transport | undefined;
  /** When the route was missing, time after time. */
  let missing: number[] = [];
  let askedAt = -PROOF;
  /** False while the server wants to be left alone, a person logs in, or all is over. */
  let mayHurry = false;

  const call = createCall(onError, signal);
  const report = (error: unknown): void => void call(onError, error);
  const deliver = (message: In): void => void call(options.onMessage, message);
  const [subscribe, getSnapshot, changed] = createStatus(call);
  const show = (
    state: Snapshot['state'],
    reason: Reason,
    code = getSnapshot().code,
    retryAt?: number,
  ): void => {
    const transport = transports[0].name;
    changed({ state, reason, text: textOf(reason), retryAt, code, transport });
  };
  show('connecting', 'connecting');

  const read = createReader(options.codec, report);
  const outbox = createOutbox(options, { call, read, deliver, changed, restored, signal });
  const liveness = createLiveness(() => ended(0));
  const proved = (): void => {
    failures = 0;
    missing = [];
  };

  const source = (): AddressSource => transports[0].url ?? options.url ?? '';
  /** @throws what the function of the page throws, and a TypeError for what is no address */
  const address = async (): Promise<URL> => {
    const given = source();
    return absolute(typeof given === 'function' ? await given() : given);
  };

  /**
   * Ends the line in any state; it calls nothing from here on.
   * @returns false when a callback of the page, called here, has closed the link or started it anew
   */
  const cut = (code: number, closeWith?: number): boolean => {
    clearTimeout(timer);
    liveness.stop();
    line?.close(closeWith);
    line = undefined;
    isOpen = mayHurry = false;
    const mine = ++turn;
    outbox.closed(code);
    return mine === turn;
  };

  const start = async (): Promise<void> => {
    if (!cut(0)) return;
    const mine = turn;
    outbox.refuse();
    show('connecting', 'connecting');
    let url: URL | undefined;
    try {
      url = await address();
      if (mine !== turn) return;
      target = url;
      timer = setTimeout(ended, PATIENCE, 0);
      const started = transports[0].start(
        { ...options, url, isReturn: !isFirst || unopened > 0 },
        {
          ...outbox,
          open,
          receive,
          end: ended,
        },
      );
      // `fetch` is a function of the page, too.
      if (mine === turn) line = started;
      else started.close();
    } catch (error) {
      report(error);
      if (mine !== turn) return;
      const { name, status } = Object(error) as { name?: unknown; status?: unknown };
      if (!url && typeof source() === 'function') decide(typeof status === 'number' ? status : 0);
      else finish(url && name !== 'SyntaxError' ? 'blocked-by-this-page' : 'invalid-address');
    }
  };

  const open = (lineOptions: LineOptions): void => {
    if (!line) return;
    unopened = 0;
    const index = transports.indexOf(known as Transport);
    if (index > 0) {
      // Perhaps the server was away, and not the way to it: what has worked is tried again.
      transports.unshift(...transports.splice(index));
      known = undefined;
      void start();
      return;
    }
    [known] = transports;
    const { interval = 0, resumed } = lineOptions;
    const isResumed = !isFirst && resumed === true;
    const given = { isFirst, isResumed };
    isOpen = true;
    isFirst = false;
    if (interval > 0) liveness.start(line, Math.min(interval, LONGEST));
    clearTimeout(timer);
    timer = setTimeout(proved, PROOF);
    show('open', 'connected');
    outbox.opened(line, lineOptions, () => void call(options.onOpen, given));
    if (isGap && !isResumed) call(options.onGap);
    isGap = false;
  };

  const receive: LineEvents['receive'] = (header, payload) => {
    liveness.heard();
    if (outbox.received(header, payload)) proved();
  };

  /** The line is over: with a close code, the status of an answer, or 0 for neither. */
  const ended: LineEvents['end'] = (code, reason, retryAfter) => {
    const isHidden = !isOpen && meaningOf(code)[1] === 'connection-lost';
    isGap ||= code === 1013;
    if (!cut(code)) return;
    if (isHidden) void explain(code);
    else decide(code, reason, retryAfter);
  };

  /** An attempt never opened, and a browser hides why. Asks the route, now and then. */
  const explain = async (code: number): Promise<void> => {
    const mine = turn;
    let answer;
    try {
      if (++unopened === 1 || unopened % 4 === 0)
        answer = await transports[0].ask?.(await address(), options.fetch);
    } catch {
      // No answer either: the network is at fault.
    }
    if (mine !== turn) return;
    if (answer?.code) unopened = 0;
    else if (unopened % 2 === 0) transports.push(transports.shift() as Transport);
    decide(answer?.code || code, '', answer?.retryAfter);
  };

  /** Comes back, asks the page, or ends. */
  const decide = (code: number, reason = '', retryAfter?: number): void => {
    const mine = turn;
    const [verdict, why] = meaningOf(code);
    missing = verdict === 'gone' ? [...missing, now()] : [];
    const [first = 0, , third] = missing;
    if (verdict === 'slower') outbox.slow();
    const isFinal =
      verdict === 'final' ||
      (third && now() - first >= DEPLOY) ||
      (verdict === 'app' && call(options.shouldReconnect, code, reason) !== true);
    if (mine !== turn) return;
    if (isFinal) finish(why, code);
    else if (verdict === 'login' && now() - askedAt >= PROOF) void login(why, code);
    else {
      const ms = pauseOf(verdict, Math.min(maxDelay, minDelay * 2 ** failures++), retryAfter);
      mayHurry = !retryAfter && verdict !== 'later' && verdict !== 'slower';
      const isOffline = why === 'connection-lost' && platform.navigator?.onLine === false;
      timer = setTimeout(() => void start(), ms);
      show('waiting', isOffline ? 'offline' : why, code, Date.now() + ms);
    }
  };

  const login = async (why: Reason, code: number): Promise<void> => {
    const mine = turn;
    show('waiting', why, code);
    const isLoggedIn = await Promise.resolve(call(options.onUnauthorized)).catch(report);
    askedAt = now();
    if (mine !== turn) return;
    if (isLoggedIn === true) void start();
    else finish(why, code);
  };

  const finish = (why: Reason, code?: number): void => {
    if (!cut(0)) return;
    show('closed', why, code);
    outbox.refuse(why);
  };

  watchPage(signal, {
    wake: () => {
      if (isOpen) liveness.wake();
      else if (mayHurry) void start();
    },
    leave: (isKept) => {
      if (!isKept) line?.leave?.();
      else if (line && cut(0, LEFT)) {
        mayHurry = true;
        show('waiting', 'page-left');
      }
    },
    block: (blocked) => {
      if (target && !isOpen && blocked.startsWith(target.origin)) finish('blocked-by-this-page');
    },
  });
  if (isPage() || options.WebSocket || options.fetch) void start();

  return {
    ...outbox,
    call,
    deliver,
    send: (message, sendOptions) => outbox.post(message, sendOptions)[0],
    subscribe,
    getSnapshot,
    retry: () => {
      if (!signal.aborted) void start();
    },
    close: () => {
      closing.abort();
      finish('closed');
    },
  };
}
