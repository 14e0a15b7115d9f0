/** The link: one line after another, for as long as the page wants one. */
import { type Wire } from '../core/codec.ts';
import { createAsk } from './ask.ts';
import { pauseOf } from './backoff.ts';
import { createCall } from './emitter.ts';
import { meaningOf, type Reason, textOf } from './ends.ts';
import { createLiveness } from './liveness.ts';
import { createReader } from './encoded.ts';
import { createStatus } from './status.ts';
import { type ConnectOptions, type Link, type Snapshot } from './options.ts';
import { createOutbox } from './outbox.ts';
import { type Outbox, type Outgoing } from './outgoing.ts';
import { watchPage } from './page-events.ts';
import { isPage, now, platform } from './platform.ts';
import {
  type AddressSource,
  type Line,
  type LineEvents,
  type LineOptions,
  type RouteAnswer,
  type Transport,
} from './transport.ts';
import { webSocket } from './websocket.ts';

/** A link, with what other modules of the client build on. */
export interface OpenLink<In, Out> {
  readonly link: Link<In, Out>;
  readonly post: Outbox<In, Out>['post'];
  readonly forget: Outbox<In, Out>['forget'];
}

/** How long an attempt may take, in ms. */
const PATIENCE = 10_000;
/** A line that held so long has proved itself, in ms; and how long `onUnauthorized` is not asked again. */
const PROOF = 10_000;
/** How long a missing route is taken for a deploy, in ms; and how often it must be missing. */
const DEPLOY = 60_000;
const MISSING = 3;
/** The close code of a page that is left and may come back. */
const LEFT = 3001;

/** @param restored - gets each message that an earlier page had stored, before its outcome is known */
export function openLink<In, Out>(
  options: ConnectOptions<In, Out, Wire>,
  restored?: (outgoing: Outgoing<In, Out>) => void,
): OpenLink<In, Out> {
  const { codec, onError, minDelay = 500, maxDelay = 15_000 } = options;
  const transports = [options.transport ?? webSocket()].flat() as [Transport];
  const closing = new AbortController();
  const { signal } = closing;

  /** Counts what happens to the link, so that what was waited for is known to be out of date. */
  let turn = 0;
  let line: Line | undefined;
  let isOpen = false;
  let origin = '';
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isFirst = true;
  let isGap = false;
  let isOffered = true;
  /** True once the server has proved that it speaks the protocol: it is offered from then on. */
  let isProved = false;
  /** True when a server that is there has refused it: a bare line is all there is. */
  let isRefused = false;
  /** True once a question was answered since the last line. */
  let isAnswered = false;
  /** Failures since a line has proved itself. */
  let failures = 0;
  /** Attempts in a row that never opened, without a known reason. */
  let unopened = 0;
  let missing = 0;
  let missingSince = 0;
  let askedAt = -PROOF;
  /** False while the server wants to be left alone, a person logs in, or all is over. */
  let mayHurry = false;

  const call = createCall(onError, signal);
  const deliver = (message: In): void => void call(options.onMessage, message);
  const read = createReader(codec, (error) => void call(onError, error));

  const [subscribe, getSnapshot, set] = createStatus(call);
  const show = (state: Snapshot['state'], reason: Reason, more?: Partial<Snapshot>): void => {
    const transport = transports[0].name;
    set({ state, reason, text: textOf(reason), retryAt: undefined, transport, ...more });
  };
  show('connecting', 'connecting', { queued: 0, isStored: false, code: undefined });

  const events = { call, read, deliver, changed: set, restored };
  const outbox = createOutbox<In, Out>(options, events);
  const liveness = createLiveness(() => ended(0));
  const request = options.fetch ?? ((...given: Parameters<typeof fetch>) => fetch(...given));
  const proved = (): void => {
    failures = 0;
  };

  const source = (): AddressSource => transports[0].url ?? options.url ?? '';
  /** @throws what the function of the page throws, and a TypeError for what is no address */
  const address = async (): Promise<URL> => {
    const given = source();
    return new URL(typeof given === 'function' ? await given() : given, platform.location?.href);
  };

  /** Ends the line in any state; it calls nothing from here on. */
  const cut = (code: number, closeWith?: number): void => {
    clearTimeout(timer);
    liveness.stop();
    line?.close(closeWith);
    line = undefined;
    isOpen = mayHurry = false;
    turn += 1;
    outbox.closed(code);
  };

  const start = async (): Promise<void> => {
    cut(0);
    const mine = turn;
    outbox.refuse(undefined);
    show('connecting', 'connecting');
    // The server was down, so it has not refused `omnimessage.1`: it may be up again, and speak it.
    if (!isOffered && !isAnswered) isOffered = (await question())?.hasProtocol === true;
    if (mine !== turn) return;
    let url: URL | undefined;
    try {
      url = await address();
      if (mine !== turn) return;
      ({ origin } = url);
      timer = setTimeout(ended, PATIENCE, 0);
      line = transports[0].start(
        {
          url,
          returning: outbox.resumption?.returning(),
          isBinary: codec.binary === true,
          isOffered,
          isReturn: !isFirst || unopened > 0,
          WebSocket: options.WebSocket ?? platform.WebSocket,
          fetch: request,
        },
        { open, receive, end: ended, refused: outbox.refused, flush: outbox.flush },
      );
    } catch (error) {
      if (mine !== turn) return;
      call(onError, error);
      const { name, status } = Object(error) as { name?: unknown; status?: unknown };
      if (url === undefined && typeof source() === 'function') {
        decide(typeof status === 'number' ? status : 0);
      } else {
        finish(
          url === undefined || name === 'SyntaxError' ? 'invalid-address' : 'blocked-by-this-page',
        );
      }
    }
  };

  const open = (lineOptions: LineOptions): void => {
    if (line === undefined) return;
    const opened = line;
    const given = { isFirst, isResumed: !isFirst && lineOptions.resumed === true };
    isOpen = true;
    isFirst = false;
    unopened = missing = 0;
    isAnswered = false;
    isProved ||= lineOptions.confirms;
    if (lineOptions.interval !== 0) liveness.start(opened, lineOptions.interval);
    clearTimeout(timer);
    timer = setTimeout(proved, PROOF);
    show('open', 'connected');
    outbox.opened(opened, lineOptions, () => {
      call(options.onOpen, given);
    });
    if (isGap && !given.isResumed) call(options.onGap);
    isGap = false;
  };

  const receive: LineEvents['receive'] = (header, payload) => {
    liveness.heard();
    outbox.resumption?.heard(header, payload);
    if (/^(;|$)/.test(header)) read(payload, deliver);
    else if (outbox.settled(header, payload)) proved();
  };

  /** The line is over: with a close code, the status of an answer, or 0 for neither. */
  const ended: LineEvents['end'] = (code, reason, retryAfter) => {
    const isHidden = !isOpen && meaningOf(code)[1] === 'connection-lost';
    // The attempt that failed before a bare line may have met a server that was down.
    isOffered ||= isOpen && !isRefused;
    cut(code);
    if (isHidden) void explain(code);
    else decide(code, reason, retryAfter);
  };

  /** Asks the route what a browser hides. */
  const question = async (): Promise<RouteAnswer | undefined> => {
    try {
      const answer = await transports[0].ask?.(await address(), request);
      isAnswered = true;
      return answer;
    } catch {
      return undefined; // No answer either: the network is at fault.
    }
  };

  /** An attempt never opened. Asks the route why, now and then, and tries the next one otherwise. */
  const explain = async (code: number): Promise<void> => {
    const mine = turn;
    unopened += 1;
    const isTime = unopened === 1 || unopened % 4 === 0;
    const answer = isTime ? await question() : undefined;
    if (mine !== turn) return;
    isOffered = isProved || (answer?.hasProtocol ?? !isOffered);
    isRefused = !isOffered && isAnswered;
    if (answer?.code) unopened = 0;
    else if (unopened % 2 === 0) transports.push(transports.shift() as Transport);
    decide(answer?.code || code, '', answer?.retryAfter);
  };

  /** Comes back, asks the page, or ends. */
  const decide = (code: number, reason = '', retryAfter?: number): void => {
    const [verdict, why] = meaningOf(code);
    isGap ||= code === 1013;
    missing = verdict === 'gone' ? missing + 1 : 0;
    if (missing === 1) missingSince = now();
    if (verdict === 'slower') outbox.slow();
    if (
      verdict === 'final' ||
      (verdict === 'gone' && missing >= MISSING && now() - missingSince >= DEPLOY) ||
      (verdict === 'app' && call(options.shouldReconnect, code, reason) !== true)
    ) {
      finish(why, code);
    } else if (verdict === 'login' && now() - askedAt >= PROOF) void login(code);
    else {
      const ms = pauseOf(verdict, Math.min(maxDelay, minDelay * 2 ** failures++), retryAfter);
      mayHurry = retryAfter === undefined && verdict !== 'later' && verdict !== 'slower';
      const isOffline = why === 'connection-lost' && platform.navigator?.onLine === false;
      timer = setTimeout(() => void start(), ms);
      show('waiting', isOffline ? 'offline' : why, { retryAt: Date.now() + ms, code });
    }
  };

  const login = async (code: number): Promise<void> => {
    const mine = turn;
    show('waiting', 'unauthorized', { code });
    let isLoggedIn = false;
    try {
      isLoggedIn = (await options.onUnauthorized?.()) === true;
    } catch (error) {
      call(onError, error);
    }
    askedAt = now();
    if (mine !== turn) return;
    if (isLoggedIn) void start();
    else finish('unauthorized', code);
  };

  const finish = (why: Reason, code = getSnapshot().code): void => {
    if (signal.aborted) return;
    cut(0);
    show('closed', why, { code });
    outbox.refuse(why);
  };

  const wake = (): void => {
    if (isOpen) liveness.wake();
    else if (mayHurry) void start();
  };
  watchPage(
    {
      wake,
      hide: liveness.hide,
      leave: (isKept) => {
        if (!isKept) line?.leave?.();
        else if (line !== undefined) {
          cut(0, LEFT);
          mayHurry = true;
          show('waiting', 'page-left');
        }
      },
      block: (blocked) => {
        const isOurs = origin !== '' && blocked.startsWith(origin);
        if (isOurs && !isOpen) finish('blocked-by-this-page');
      },
    },
    signal,
  );
  if (isPage() || (options.WebSocket ?? options.fetch) !== undefined) void start();

  return {
    post: outbox.post,
    forget: outbox.forget,
    link: {
      send: (message, sendOptions) => outbox.post(message, sendOptions)[0],
      ask: createAsk(outbox, deliver),
      subscribe,
      getSnapshot,
      hasUnsent: outbox.hasUnsent,
      retry: () => {
        if (!signal.aborted) void start();
      },
      close: () => {
        outbox.stop();
        closing.abort();
        cut(0);
        outbox.refuse('closed');
        show('closed', 'closed');
      },
    },
  };
}
