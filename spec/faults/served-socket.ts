/** A WebSocket route at /omni, and all that it saw. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import {
  type CloseEvent,
  type OmniError,
  omniWs,
  type OmniWsOptions,
  type RefusedEvent,
} from 'express-omnimessage';
import { onTestFinished } from 'vitest';
import { type Handshake, RawPeer } from '../drills/raw-peer.ts';
import { frame } from '../drills/wire.ts';
import { type Said, type Says, textCodec } from '../support/codecs.ts';
import { type Stack } from '../support/stacks.ts';

export type SocketOptions = OmniWsOptions<Said, Says>;

export interface ServedSocket {
  readonly url: string;
  /** The messages that reached the handler. */
  readonly handled: Said[];
  /** What `onError` was told. */
  readonly told: OmniError[];
  /** The codes that `onClose` was told. */
  readonly closes: number[];
  /** Resolves when the condition holds; it is looked at whenever one of these has grown. */
  readonly until: (holds: () => boolean) => Promise<void>;
}

/** Starts it. A handler of the tests echoes unless told. */
export async function serveSocket(
  stack: Stack,
  options: Partial<SocketOptions> = {},
): Promise<ServedSocket> {
  const handled: Said[] = [];
  const told: OmniError[] = [];
  const closes: number[] = [];
  const { until, look } = watchman();
  const { handler = ({ text }): Says => ({ said: text }) } = options;
  const url = await stack(
    omniWs<Said, Says>({
      codec: textCodec,
      ...options,
      handler: (message, connection) => {
        handled.push(message);
        look();
        return handler(message, connection);
      },
      onError: (error, exchange) => {
        told.push(error);
        look();
        return options.onError?.(error, exchange);
      },
      onClose: (connection, code) => {
        closes.push(code);
        look();
        return options.onClose?.(connection, code);
      },
    }),
  );
  return { url, handled, told, closes, until };
}

/** Waits for a condition by looking at it when told to. */
export function watchman(): {
  until: (holds: () => boolean) => Promise<void>;
  look: () => void;
} {
  const waiting = new Set<() => void>();
  return {
    until: (holds) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!holds()) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    look: () => {
      for (const one of waiting) one();
    },
  };
}

/** A client byte by byte, which is cut when the test has finished. */
export async function openRaw({ url }: { url: string }, shake?: Handshake): Promise<RawPeer> {
  const peer = await RawPeer.open(url, shake);
  onTestFinished(() => {
    peer.socket.destroy();
  });
  return peer;
}

/** A message as the tests' codec has it. */
export function say(text: string): string {
  return JSON.stringify({ text });
}

/** The same as a client's frame. */
export function sayFrame(text: string): Buffer {
  return frame(say(text));
}

/** What is published on a diagnostics channel until the test has finished. */
export function watched(channel: 'refused'): RefusedEvent[];
export function watched(channel: 'close'): CloseEvent[];
export function watched(channel: string): unknown[] {
  const events: unknown[] = [];
  const listener = (event: unknown): void => {
    events.push(event);
  };
  subscribe(`omnimessage:${channel}`, listener);
  onTestFinished(() => {
    unsubscribe(`omnimessage:${channel}`, listener);
  });
  return events;
}
