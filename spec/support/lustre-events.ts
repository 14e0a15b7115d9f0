import { type Event, type HTMLFormElement, type SubmitEvent, type Window } from 'happy-dom';
import { type WireEvent } from './lustre-wire.ts';

const KEY_EVENTS = new Set(['keydown', 'keyup', 'keypress']);

/**
 * What the server is told of an event: what it asked for, and what always goes along. undefined when
 * a path leads through something that is not there.
 */
export function eventData(
  event: Event,
  include: readonly string[],
  window: Window,
): Record<string, unknown> | undefined {
  const target = event.target as unknown as { type?: string };
  const paths = [...include];
  let source: object = event;
  if (event.type === 'input' || event.type === 'change') {
    paths.push(target.type === 'checkbox' ? 'target.checked' : 'target.value');
  }
  if (KEY_EVENTS.has(event.type)) paths.push('key');
  if (event.type === 'submit') {
    paths.push('detail.formData');
    source = { target, detail: { formData: formData(event as SubmitEvent, window) } };
  }
  const data: Record<string, unknown> = {};
  for (const path of paths) {
    const steps = path.split('.');
    const last = steps.pop() ?? '';
    let from: unknown = source;
    let into = data;
    for (const step of steps) {
      if (from == null) return undefined;
      from = (from as Record<string, unknown>)[step];
      into = (into[step] ??= {}) as Record<string, unknown>;
    }
    if (from == null) return undefined;
    into[last] = (from as Record<string, unknown>)[last];
  }
  return data;
}

function formData(event: SubmitEvent, window: Window): [string, unknown][] {
  const form = event.target as unknown as HTMLFormElement;
  const submitter = event.submitter;
  const entries = new window.FormData(form, (submitter ?? undefined) as undefined);
  return [...entries].map(([name, value]) => [name, typeof value === 'string' ? value : {}]);
}

/**
 * Debounce and throttle, which run in the page: throttle lets the first through and drops the rest
 * of its period, debounce lets the last of a burst through when it is over; both together the first
 * and, if it is another, the last.
 */
export class Pace<Message> {
  readonly #debounce: number;
  readonly #throttle: number;
  readonly #send: (message: Message) => void;
  #pending: NodeJS.Timeout | undefined;
  #throttled: NodeJS.Timeout | undefined;

  constructor({ debounce = 0, throttle = 0 }: WireEvent, send: (message: Message) => void) {
    this.#debounce = debounce;
    this.#throttle = throttle;
    this.#send = send;
  }

  take(message: Message): void {
    clearTimeout(this.#pending);
    if (this.#debounce === 0 && this.#throttle === 0) this.#send(message);
    else if (this.#throttle > 0 && this.#throttled === undefined) {
      this.#throttled = setTimeout(() => {
        this.#throttled = undefined;
      }, this.#throttle);
      this.#send(message);
    } else if (this.#debounce > 0) {
      this.#pending = setTimeout(() => {
        this.#send(message);
      }, this.#debounce);
    }
  }

  stop(): void {
    clearTimeout(this.#pending);
    clearTimeout(this.#throttled);
  }
}
