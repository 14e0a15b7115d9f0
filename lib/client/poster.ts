/** The POST requests of a line, one after the other, and what their answers mean. */
import { type Wire } from '../core/codec.ts';
import { jsonOf } from './encoded.ts';
import { meaningOf } from './ends.ts';
import { platform } from './platform.ts';
import { type Attempt, type Line, type LineEvents } from './transport.ts';

export interface Poster {
  readonly line: Line;
  /**
   * Looks whether the server is there, and ends the line if it is not. An empty body is refused
   * before anything is handled. To a binary codec it would be a message, so it is said to be in a
   * coding that no route takes; across origins, where that header would have to be allowed, nothing
   * is looked at.
   */
  readonly look: (found: () => void) => void;
}

/** A browser lets requests outlive their page as long as they are together below 64 kB. */
const KEEPALIVE_LIMIT = 30_000;
/** How long an answer may take, in ms: longer than the server's own limit. */
const PATIENCE = 60_000;
/** A coding that is none: the route refuses it with the status after it. */
const CODING = { 'content-encoding': 'none' };
const UNKNOWN_CODING = 415;
/** The header with which the server marks an answer to a message that failed. */
const MARK = 'omnimessage';
/** The codes with which the route says 503: it did not handle the message. */
const UNHANDLED = /^(pipelined|shutting-down)$/;

/** @param url - of a route of `omniHttp` */
export function createPoster(
  url: URL,
  { codec, fetch = platform.fetch }: Attempt,
  events: LineEvents,
): Poster {
  const closing = new AbortController();
  let isBusy = false;
  let isLeaving = false;

  const post = async (
    body: Wire,
    settle: (payload: Wire, code: string | undefined) => void,
    refused?: () => void,
    more?: typeof CODING,
  ): Promise<void> => {
    isBusy = true;
    const timer = setTimeout(() => {
      end(0);
    }, PATIENCE);
    const end = (code: number, retryAfter?: number): void => {
      if (closing.signal.aborted) return;
      closing.abort();
      events.end(code, '', retryAfter);
    };
    try {
      const response = await fetch(url, {
        method: 'POST',
        body: body as string,
        // With this `omniHttp` marks the answer to a message that failed.
        headers: { accept: 'application/problem+json, */*', ...more },
        redirect: 'error',
        keepalive: body.length <= KEEPALIVE_LIMIT,
        signal: closing.signal,
      });
      const { ok, status, headers } = response;
      const payload = codec.binary
        ? new Uint8Array(await response.arrayBuffer())
        : await response.text();
      if (closing.signal.aborted) return;
      const type = headers.get('content-type') ?? '';
      const code =
        /failed *; *code=([\w-]+)/.exec(headers.get(MARK) ?? '')?.[1] ??
        (type.includes('problem+json') ? codeOf(payload) : undefined);
      const [verdict] = meaningOf(status);
      if (!ok && verdict !== 'back') {
        // A refusal (401, 429) without the mark came before the message was handled. A 503 may be that of a
        // proxy whose patience was over, or whose server broke off: only one of the route says so.
        if (!headers.has(MARK) && (status < 500 || UNHANDLED.test(code ?? ''))) refused?.();
        const retryAfter = Number(headers.get('retry-after'));
        end(verdict === 'gone' && !code ? 0 : status, retryAfter || undefined);
      } else if (!code && (status >= 500 || (status !== UNKNOWN_CODING && type.includes('html')))) {
        // A proxy in between, or a captive portal.
        end(status >= 500 ? status : 0);
      } else {
        isBusy = false;
        // The body of an answer that is no success is a problem, not a message.
        settle(ok ? payload : '', ok ? code : (code ?? `http-${status}`));
        events.flush();
      }
    } catch {
      end(0);
    } finally {
      clearTimeout(timer);
    }
  };

  return {
    look: (found) => {
      const { origin } = platform.location ?? url;
      if (!codec.binary) void post('', found);
      else if (origin === url.origin) void post('', found, undefined, CODING);
      else queueMicrotask(found);
    },
    line: {
      isReady: () => !isBusy || isLeaving,
      buffered: () => 0,
      send: (id, encoded) => {
        void post(
          encoded,
          (payload, code) => {
            if (code) events.receive(`-${id};${code}`, payload);
            else events.receive(`${payload.length > 0 ? '=' : '+'}${id}`, payload);
          },
          () => {
            events.refused(Number(id));
          },
        );
      },
      leave: () => {
        // All at once, so not in order: these requests may outlive the page.
        isLeaving = true;
        events.flush();
      },
      close: () => {
        closing.abort();
      },
    },
  };
}

/** The code of a problem. */
function codeOf(payload: Wire): string | undefined {
  const { code } = (jsonOf(payload) ?? {}) as { readonly code?: unknown };
  return typeof code === 'string' ? code : undefined;
}
