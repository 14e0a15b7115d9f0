/** A link of the client, and all that it calls, for one test. */
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import {
  connect,
  type ConnectOptions,
  type Link,
  type Opened,
  type Snapshot,
} from '../../lib/client.ts';
import { type Codec } from '../../lib/core/codec.ts';

/** Messages of the tests: any string; what begins with `local` stays in the page. */
export const words: Codec<string, string> = {
  decode: (encoded) => {
    if (encoded.startsWith('garbage')) throw new TypeError('garbage');
    return encoded;
  },
  encode: (message) => (message.startsWith('local') ? undefined : message),
};

export interface Linked {
  readonly link: Link<string, string>;
  readonly messages: string[];
  readonly opened: Opened[];
  readonly unconfirmed: string[][];
  readonly dropped: (readonly [messages: string[], reason: string])[];
  readonly failed: (readonly [message: string, code: string])[];
  readonly errors: unknown[];
  /** The snapshots, in order. */
  readonly snapshots: Snapshot[];
  /** The states and their reasons, in order. */
  readonly states: () => string[];
  /** How often it was told of a gap. */
  gaps: number;
}

/** Connects with short pauses, and closes the link when the test is over. */
export function linkTo(
  url: ConnectOptions<string, string>['url'],
  options: Partial<ConnectOptions<string, string>> = {},
): Linked {
  const snapshots: Snapshot[] = [];
  const linked: Omit<Linked, 'link'> = {
    messages: [],
    opened: [],
    unconfirmed: [],
    dropped: [],
    failed: [],
    errors: [],
    snapshots,
    states: () =>
      snapshots
        .map(({ state, reason }) => (reason === state ? state : `${state}: ${reason}`))
        .filter((state, index, all) => state !== all[index - 1]),
    gaps: 0,
  };
  const { onOpen, onMessage, ...others } = options;
  const link = connect<string, string>({
    url,
    codec: words,
    WebSocket,
    minDelay: 10,
    maxDelay: 50,
    onMessage: (message) => {
      linked.messages.push(message);
      onMessage?.(message);
    },
    onOpen: (opened) => {
      linked.opened.push(opened);
      onOpen?.(opened);
    },
    onUnconfirmed: (messages) => linked.unconfirmed.push([...messages]),
    onDropped: (messages, reason) => linked.dropped.push([[...messages], reason]),
    onFailed: (message, code) => linked.failed.push([message, code]),
    onError: (error) => linked.errors.push(error),
    onGap: () => {
      linked.gaps += 1;
    },
    ...others,
  });
  link.subscribe(() => snapshots.push(link.getSnapshot()));
  onTestFinished(() => {
    link.close();
  });
  return Object.assign(linked, { link });
}
