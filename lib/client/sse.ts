/** Messages without WebSocket: the server's by server-sent events, the page's by POST requests. */
import { jsonOf } from './encoded.ts';
import { platform } from './platform.ts';
import { createPoster } from './poster.ts';
import { type Address, type AddressSource, type LineEvents, type Transport } from './transport.ts';

/** Options of {@link sse}. */
export interface SseOptions {
  /** Where `omniSse` is. @defaultValue the `url` of `connect` */
  readonly url?: AddressSource | undefined;
  /** Where `omniHttp` is, relative to that. */
  readonly post: Address;
}

/**
 * The server speaks by server-sent events (`omniSse`), and the page by POST requests (`omniHttp`),
 * whose answers confirm its messages. The two may reach different processes.
 *
 * Wire: PROTOCOL.md, "Server-sent events".
 */
export function sse({ url, post }: SseOptions): Transport {
  return {
    name: 'sse',
    url,
    start: (attempt, events) => {
      const closing = new AbortController();
      const close = (): void => {
        closing.abort();
        poster.line.close();
      };
      const end: LineEvents['end'] = (...given) => {
        if (closing.signal.aborted) return;
        close();
        events.end(...given);
      };
      const poster = createPoster(new URL(post, attempt.url), attempt, { ...events, end });
      const { receive } = events;
      const { fetch = platform.fetch } = attempt;
      let isOpen = false;
      const { lastEventId = '' } = events.returning?.() ?? {};
      const on: Readonly<Record<string, (data: string, place: string) => void>> = {
        hello: (data) => {
          const hello = jsonOf(data);
          if (!hello || isOpen) return;
          isOpen = true;
          events.open(hello);
        },
        message: (data, place) => {
          receive(place, data);
        },
        bytes: (data, place) => {
          receive(
            place,
            Uint8Array.from(atob(data), (byte) => byte.charCodeAt(0)),
          );
        },
        quoted: (data, place) => {
          receive(place, JSON.parse(data) as string);
        },
        beat: (_, place) => {
          receive(`.${place}`, '');
        },
        gap: (topic) => {
          receive(`.;gap=${topic}`, '');
        },
        close: (data) => {
          const { code, reason } = JSON.parse(data) as { code: number; reason: string };
          end(code, reason);
        },
      };

      const listen = async (): Promise<void> => {
        const response = await fetch(attempt.url, {
          headers: {
            accept: 'text/event-stream',
            ...(lastEventId !== '' && { 'last-event-id': lastEventId }),
          },
          cache: 'no-store',
          redirect: 'error',
          signal: closing.signal,
        });
        const { ok, status, headers, body } = response;
        const type = headers.get('content-type') ?? '';
        if (!ok || body === null || !type.includes('event-stream')) {
          // Another 404, or the page of a captive portal, says nothing of the route.
          const isOurs = type.includes('problem+json') || status >= 500;
          end(isOurs ? status : 0, '', Number(headers.get('retry-after')) || undefined);
          return;
        }
        const reader = (body as ReadableStream<Uint8Array>).getReader();
        const decoder = new TextDecoder();
        let rest = '';
        for (;;) {
          const { done, value } = (await reader.read()) as { done: boolean; value?: Uint8Array };
          if (done || closing.signal.aborted) return;
          const parts = (rest + decoder.decode(value, { stream: true })).split('\n\n');
          rest = parts.pop() ?? '';
          for (const part of parts) {
            let name = 'message';
            let place = '';
            let data: string | undefined;
            for (const line of part.split('\n')) {
              const [, field, text = ''] = /^(\w+):? ?([^]*)/.exec(line) ?? [];
              if (field === 'event') name = text;
              else if (field === 'id') place = `;place=${text}`;
              else if (field === 'data') data = data === undefined ? text : `${data}\n${text}`;
            }
            if (closing.signal.aborted) return;
            // A comment, or an id alone, is a sign of life.
            on[data === undefined && name === 'message' ? 'beat' : name]?.(data ?? '', place);
          }
        }
      };
      const run = async (): Promise<void> => {
        try {
          await listen();
        } catch {
          // No answer, or one that broke off.
        }
        end(0);
      };
      void run();
      return { ...poster.line, close };
    },
  };
}
