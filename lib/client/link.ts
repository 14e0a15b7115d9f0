/** The link: one line after another, for as long as the page wants one. */
import { type Wire } from '../core/codec.ts';
import { createAsk } from './ask.ts';
import { createBackoff } from './backoff.ts';
import { meaningOf, type Reason, type Verdict } from './ends.ts';
import { createLiveness } from './liveness.ts';
import { type ConnectOptions, type Link } from './options.ts';
import { createOutbox, type Outbox } from './outbox.ts';
import { isPage, now, platform } from './platform.ts';
import { listen } from './signals.ts';
import { createStatus } from './status.ts';
import { type Line, type LineEvents, type LineOptions, type Transport } from './transport.ts';
import { webSocket } from './websocket.ts';

/** A link, with what other modules of the client build on. */
export interface OpenLink<In, Out> {
  readonly link: Link<In, Out>;
  readonly post: Outbox<In, Out>['post'];
}

/** A line that held so long has proved itself, in ms. */
const PROOF = 10_000;
/** How long `onUnauthorized` is not asked again, in ms. */
const LOGIN_PAUSE = 10_000;
/** How long a missing route is taken for a deploy, in ms; and how often it must be missing. */
const DEPLOY = 60_000;
const MISSING = 3;
/** The close code of a page that is left and may come back. */
const LEFT = 3001;
/** The ends of an attempt behind which a browser hides what the server answered. */
const UNEXPLAINED: ReadonlySet<number> = new Set([0, 1005, 1006, 1015]);
/** The answer of a route that would accept the handshake. */
const WOULD_ACCEPT = 426;

export function openLink<In, Out>(options: ConnectOptions<In, Out, Wire>): OpenLink<In, Out> {
  const { codec, onMessage, onOpen, onError } = options;
  const transports = [options.transport ?? []].flat();
  const backoff = createBackoff(options.minDelay ?? 500, options.maxDelay ?? 15_000);
  const signals = new AbortController();
  let transport: Transport = transports[0] ?? webSocket();

  /** Counts attempts: what an older one still does is not taken for the newest one's. */
  let attempt = 0;
  let line: Line | undefined;
  let isOpen = false;
  let origin = '';
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isClosed = false;
  let isFirst = true;
  let isGap = false;
  let offersProtocol = true;
  /** Attempts in a row that never opened, and those of them of which the server did not say why. */
  let unopened = 0;
  let unexplained = 0;
  let missing = 0;
  let missingSince = 0;
  let askedAt = -Infinity;
  /** False while the server wants to be left alone, a person logs in, or all is over. */
  let mayHurry = false;

  const guard = (act: () => unknown): void => {
    if (isClosed) return;
    try {
      act();
    } catch (error) {
      setTimeout(() => {
        if (onError === undefined) throw error;
        onError(error);
      });
    }
  };
  const note = (error: unknown): void => {
    guard(() => onError?.(error));
  };
  const deliver = (message: In): void => {
    guard(() => onMessage?.(message));
  };
  const decode = (payload: Wire): { readonly message: In } | undefined => {
    try {
      return { message: codec.decode(payload) };
    } catch (error) {
      note(error);
      return undefined;
    }
  };
  const status = createStatus(transport.name, guard);
  const outbox = createOutbox<In, Out>(options, {
    guard,
    decode,
    deliver,
    changed: () => {
      status.set({ queued: outbox.queued() });
    },
  });
  const liveness = createLiveness(() => void ended(0));
  const request = options.fetch ?? ((...given: Parameters<typeof fetch>) => fetch(...given));

  /** @throws what the function of the page throws; a SyntaxError for what is no address */
  const address = async (): Promise<URL> => {
    const source = transport.url ?? options.url ?? '';
    const given = typeof source === 'function' ? await source() : source;
    try {
      return new URL(given, platform.location?.href);
    } catch {
      throw new SyntaxError(`not an address: ${String(given)}`);
    }
  };

  /** Ends the line, whatever it is doing. What its attempt still does is ignored from here on. */
  const cut = (code: number, closeWith?: number): number => {
    attempt += 1;
    clearTimeout(timer);
    liveness.stop();
    line?.close(closeWith);
    line = undefined;
    isOpen = false;
    outbox.closed(code);
    return attempt;
  };

  const start = async (): Promise<void> => {
    const mine = cut(0);
    const isCurrent = (): boolean => mine === attempt;
    mayHurry = false;
    outbox.refuse(undefined);
    status.show('connecting', 'connecting', { transport: transport.name });
    let url: URL;
    try {
      url = await address();
    } catch (error) {
      if (!isCurrent()) return;
      note(error);
      const { name, status: claimed } = Object(error) as { name?: unknown; status?: unknown };
      if (name === 'SyntaxError') finish('invalid-url');
      else decide(typeof claimed === 'number' ? claimed : 0);
      return;
    }
    if (!isCurrent()) return;
    ({ origin } = url);
    const events: LineEvents = {
      open: (lineOptions) => {
        if (isCurrent()) open(lineOptions);
      },
      receive: (mark, id = 0, payload, code) => {
        if (!isCurrent()) return;
        liveness.heard();
        if (mark === '') {
          const decoded = decode(payload ?? '');
          if (decoded !== undefined) deliver(decoded.message);
        } else if (mark !== '.') {
          backoff.forget();
          outbox.settled(mark, id, payload, code);
        }
      },
      refused: (id) => {
        if (isCurrent()) outbox.refused(id);
      },
      ready: () => {
        if (isCurrent()) outbox.flush();
      },
      end: (code, reason, retryAfter) => {
        if (isCurrent()) void ended(code, reason, retryAfter);
      },
    };
    try {
      line = transport.start(
        {
          url,
          isBinary: codec.binary === true,
          offersProtocol,
          isReturn: !isFirst || unopened > 0,
          WebSocket: options.WebSocket ?? platform.WebSocket,
          fetch: request,
        },
        events,
      );
    } catch (error) {
      // An http page on https, a policy, or a subprotocol that is none.
      note(error);
      finish((error as Error).name === 'SyntaxError' ? 'invalid-url' : 'blocked');
    }
  };

  const open = (lineOptions: LineOptions): void => {
    if (line === undefined) return;
    const opened = line;
    const given = { isFirst, isResumed: false };
    isOpen = true;
    isFirst = false;
    unopened = unexplained = missing = 0;
    liveness.start(opened, lineOptions.interval);
    timer = setTimeout(backoff.forget, PROOF);
    status.together(() => {
      status.show('open', 'open');
      outbox.opened(opened, lineOptions, () => onOpen?.(given));
    });
    if (!isGap) return;
    isGap = false;
    guard(() => options.onGap?.());
  };

  /** The line is over: with a close code, the status of an answer, or 0 for neither. */
  const ended = async (code: number, reason?: string, retryAfter?: number): Promise<void> => {
    const wasOpen = isOpen;
    const mine = cut(code);
    if (wasOpen || !UNEXPLAINED.has(code)) {
      decide(code, reason, retryAfter);
      return;
    }
    unopened += 1;
    unexplained += 1;
    offersProtocol = !offersProtocol;
    const answer =
      unopened === 1 || unopened % 4 === 0
        ? await address()
            .then((url) => transport.ask?.(url, request))
            .catch(() => undefined)
        : undefined;
    if (mine !== attempt) return;
    if (answer !== undefined) {
      offersProtocol = answer.hasProtocol;
      if (answer.code !== WOULD_ACCEPT) unexplained = 0;
    }
    if (unexplained >= 2) {
      transport = transports[(transports.indexOf(transport) + 1) % transports.length] ?? transport;
      unexplained = 0;
      offersProtocol ||= transports.length > 1;
    }
    decide(answer?.code ?? code, reason, answer?.retryAfter);
  };

  /** Comes back, asks the page, or ends. */
  const decide = (code: number, reason = '', retryAfter?: number): void => {
    const [verdict, why] = code === WOULD_ACCEPT ? meaningOf(0) : meaningOf(code);
    if (code === 1013) isGap = true;
    if (verdict !== 'gone') missing = 0;
    else if (missing++ === 0) missingSince = now();
    if (verdict === 'slower') outbox.slowDown();
    let isFinal = verdict === 'final';
    if (verdict === 'gone') isFinal = missing >= MISSING && now() - missingSince >= DEPLOY;
    if (verdict === 'app') {
      isFinal = true;
      guard(() => {
        isFinal = options.shouldReconnect?.(code, reason) !== true;
      });
    }
    if (isClosed) return;
    if (isFinal) finish(why, code);
    else if (verdict === 'login' && now() - askedAt >= LOGIN_PAUSE) void login(code);
    else pause(verdict, why, code, retryAfter);
  };

  const pause = (verdict: Verdict, why: Reason, code: number, retryAfter?: number): void => {
    const ms = backoff.pause(verdict, retryAfter);
    mayHurry = retryAfter === undefined && verdict !== 'later' && verdict !== 'slower';
    const isOffline = why === 'lost' && platform.navigator?.onLine === false;
    timer = setTimeout(() => void start(), ms);
    status.show('waiting', isOffline ? 'offline' : why, { retryAt: Date.now() + ms, code });
  };

  const login = async (code: number): Promise<void> => {
    const mine = attempt;
    status.show('waiting', 'unauthorized', { code });
    let isLoggedIn = false;
    try {
      isLoggedIn = (await options.onUnauthorized?.()) === true;
    } catch (error) {
      note(error);
    }
    askedAt = now();
    if (isClosed || mine !== attempt) return;
    if (isLoggedIn) void start();
    else finish('unauthorized', code);
  };

  const finish = (why: Reason, code = status.get().code): void => {
    cut(0);
    mayHurry = false;
    status.together(() => {
      status.show('closed', why, { code });
      outbox.refuse(why);
    });
  };

  listen(
    {
      wake: () => {
        if (isOpen) liveness.wake();
        else if (mayHurry) void start();
      },
      hide: liveness.hide,
      leave: (isKept) => {
        if (!isKept) line?.leave?.();
        else if (line !== undefined) {
          cut(0, LEFT);
          mayHurry = true;
          status.show('waiting', 'hidden');
        }
      },
      blocked: (blocked) => {
        if (!isOpen && line !== undefined && blocked.startsWith(origin)) finish('blocked');
      },
    },
    signals.signal,
  );
  if (isPage() || options.WebSocket !== undefined || options.fetch !== undefined) void start();

  return {
    post: outbox.post,
    link: {
      send: (message, sendOptions) => outbox.post(message, sendOptions)[0],
      ask: createAsk(outbox, deliver),
      subscribe: status.subscribe,
      getSnapshot: status.get,
      hasUnsent: outbox.hasUnsent,
      retry: () => {
        if (!isClosed) void start();
      },
      close: () => {
        isClosed = true;
        signals.abort();
        cut(0);
        outbox.refuse('closed');
        status.show('closed', 'closed');
      },
    },
  };
}
