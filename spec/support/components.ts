/** Components for the specs, and a page that shows one over a real socket. */
import { onTestFinished } from 'vitest';
import { effect, type Effect } from '../../lib/index.ts';
import {
  type Component,
  component,
  type ComponentOptions,
  type Element,
  html,
  type omniServerComponent,
  onClick,
  text,
} from '../../lib/lustre.ts';
import { serveAttached } from './attached.ts';
import { type ClientMessage, LustreClient } from './lustre-client.ts';
import { connect, type SocketClient } from './socket-client.ts';

export type CounterMessage = 'more' | 'less' | 'boom' | 'blind' | { readonly set: number };

/** The counter that Lustre's own documents begin with. A negative count cannot be shown. */
export function counter(
  options: ComponentOptions<CounterMessage> = {},
  effects: Partial<Record<string, Effect<CounterMessage>>> = {},
): Component<number, number, CounterMessage> {
  return component<number, number, CounterMessage>({
    init: (start) => [start, effects['init'] ?? effect.none()],
    update: (count, message) => {
      if (message === 'boom') throw new Error('boom');
      const done = typeof message === 'string' ? effects[message] : undefined;
      return [counted(count, message), done ?? effect.none()];
    },
    view: counterView,
    options,
  });
}

function counted(count: number, message: Exclude<CounterMessage, 'boom'>): number {
  if (typeof message === 'object') return message.set;
  return { more: count + 1, less: count - 1, blind: -1 }[message];
}

export function counterView(count: number): Element<CounterMessage> {
  if (count < 0) throw new Error('nothing to see');
  return html.div(
    [],
    [
      html.button([onClick('less')], [text('-')]),
      html.p([], [text('Count: '), text(count)]),
      html.button([onClick('more')], [text('+')]),
    ],
  );
}

/** A button as it stands on the wire. */
const button = (label: string): object => ({
  kind: 1,
  tag: 'button',
  attributes: [
    { kind: 2, name: 'click', prevent_default: { kind: 0 }, stop_propagation: { kind: 0 } },
  ],
  children: [{ kind: 2, content: label }],
});

/** The mount of the counter at 0. */
export const COUNTER_MOUNT = {
  kind: 0,
  open_shadow_root: true,
  will_adopt_styles: false,
  observed_attributes: [],
  observed_properties: [],
  requested_contexts: [],
  provided_contexts: {},
  vdom: {
    kind: 1,
    tag: 'div',
    children: [
      button('-'),
      {
        kind: 1,
        tag: 'p',
        children: [
          { kind: 2, content: 'Count: ' },
          { kind: 2, content: '0' },
        ],
      },
      button('+'),
    ],
  },
} as const;

/** The patch that shows another count. */
export const counts = (content: string): object => ({
  kind: 1,
  patch: {
    children: [
      { children: [{ index: 1, children: [{ index: 1, changes: [{ kind: 0, content }] }] }] },
    ],
  },
});
export const UNCHANGED = { kind: 1, patch: {} };

/** A frame that says that `+` was clicked. */
export const PLUS: ClientMessage = { kind: 1, path: '0\t2', name: 'click', event: {} };
export const MINUS: ClientMessage = { kind: 1, path: '0\t0', name: 'click', event: {} };

/** A socket whose frames are JSON. */
export interface JsonClient extends Pick<SocketClient, 'socket' | 'closed'> {
  readonly say: (message: unknown) => void;
  /** The next frame, parsed. */
  readonly next: () => Promise<unknown>;
  /** What has come when all that was said is handled. */
  readonly settled: () => Promise<unknown[]>;
}

export async function connectJson(
  url: string,
  headers: Record<string, string> = {},
): Promise<JsonClient> {
  const { socket, closed, send, next, settled } = await connect(url, { headers });
  return {
    socket,
    closed,
    say: (message) => send(typeof message === 'string' ? message : JSON.stringify(message)),
    next: async () => JSON.parse(String(await next())) as unknown,
    settled: async () => (await settled()).map((frame) => JSON.parse(String(frame)) as unknown),
  };
}

/** A page that shows what a socket brings. */
export interface Page {
  readonly client: LustreClient;
  /** Takes the next frame. */
  readonly receive: () => Promise<void>;
}

/** Opens a page on a server component, mounted. */
export async function openPage(
  url: string,
  attributes: Readonly<Record<string, string>> = {},
): Promise<Page> {
  const { send, next } = await connect(url);
  const client = new LustreClient({ send, attributes });
  client.open();
  onTestFinished(() => client.remove());
  const receive = async (): Promise<void> => client.receive(String(await next()));
  await receive();
  return { client, receive };
}

/** The address of a page's socket, on an attached server. */
export async function serveComponent(
  route: ReturnType<typeof omniServerComponent>,
): Promise<string> {
  return `${(await serveAttached((app) => app.ws('/omni', route as never))).url}/omni`;
}
