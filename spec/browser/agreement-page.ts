/**
 * The page of the agreement test: elements that show one component, connections that are slow in
 * both directions, and a user who types and clicks at random.
 */
import { randomOf } from '../support/random.ts';

const RealSocket = window.WebSocket;
const realTimeout = window.setTimeout.bind(window);
const realClear = window.clearTimeout.bind(window);

const pause = (ms: number): Promise<void> => new Promise((resolve) => realTimeout(resolve, ms));

/** What goes on in one scenario. */
interface Traffic {
  /** Connections whose last frame has not been answered. */
  readonly unanswered: Set<WebSocket>;
  /** Timers of the runtime: each may still send an event that was debounced. */
  readonly timers: Set<number>;
  underWay: number;
  /** Called each time when something of all this is over. */
  changed: () => void;
}
const traffic = new Map<string, Traffic>();

/** The scenario on whose behalf the page runs code now. */
let current: Traffic | undefined;
function onBehalfOf<Result>(whose: Traffic | undefined, work: () => Result): Result {
  const before = current;
  current = whose;
  try {
    return work();
  } finally {
    current = before;
  }
}

window.setTimeout = ((work: () => void, ms?: number) => {
  const whose = current;
  const timer = realTimeout(() => {
    whose?.timers.delete(timer);
    onBehalfOf(whose, work);
    whose?.changed();
  }, ms);
  whose?.timers.add(timer);
  return timer;
}) as typeof window.setTimeout;
window.clearTimeout = (timer) => {
  realClear(timer);
  for (const { timers } of traffic.values()) timers.delete(timer as number);
};

function trafficOf(url: string): Traffic {
  const seed = new URL(url, location.href).searchParams.get('seed') ?? '';
  let known = traffic.get(seed);
  if (known === undefined)
    traffic.set(
      seed,
      (known = { unanswered: new Set(), timers: new Set(), underWay: 0, changed: () => {} }),
    );
  return known;
}

/** A connection on which every message takes up to so many milliseconds more, in order. */
class SlowSocket extends RealSocket {
  static delay = 0;
  readonly #delay = SlowSocket.delay;
  readonly #traffic = trafficOf(this.url);
  #sent: Promise<void> = Promise.resolve();
  #received: Promise<void> = Promise.resolve();

  override send(data: string): void {
    this.#later('#sent', () => super.send(data));
  }

  override set onmessage(listener: ((event: MessageEvent) => void) | null) {
    super.addEventListener('message', (event) => {
      this.#later('#received', () => listener?.(event));
    });
  }

  #later(way: '#sent' | '#received', deliver: () => void): void {
    this.#traffic.underWay += 1;
    const arrive = (): void => {
      this.#traffic.underWay -= 1;
      if (way === '#sent') this.#traffic.unanswered.add(this);
      else this.#traffic.unanswered.delete(this);
      if (this.readyState === RealSocket.OPEN || way === '#received') {
        onBehalfOf(this.#traffic, deliver);
      }
      this.#traffic.changed();
    };
    // One after the other, whatever the timers do.
    const since = performance.now();
    const delay = Math.random() * this.#delay;
    const before = way === '#sent' ? this.#sent : this.#received;
    const turn = before.then(async () => {
      await pause(Math.max(0, since + delay - performance.now()));
      arrive();
    });
    if (way === '#sent') this.#sent = turn;
    else this.#received = turn;
  }
}
window.WebSocket = SlowSocket;

const errors: string[] = [];
addEventListener('error', ({ message }) => errors.push(message));
addEventListener('unhandledrejection', ({ reason }) => errors.push(String(reason)));

function connected(route: string, delay: number): Promise<HTMLElement> {
  const element = document.createElement('lustre-server-component');
  document.body.append(element);
  return new Promise((resolve) => {
    element.addEventListener('lustre:mount', () => resolve(element), { once: true });
    SlowSocket.delay = delay;
    element.setAttribute('route', route);
  });
}

/** Waits until no frame is under way or unanswered, and no timer of the runtime runs. */
function quiet(seen: Traffic): Promise<void> {
  return new Promise((resolve) => {
    seen.changed = () => {
      if (seen.underWay + seen.unanswered.size + seen.timers.size === 0) resolve();
    };
    seen.changed();
  });
}

/** What a page shows of all that its user can change. */
function stateOf(root: ShadowRoot): string {
  const lines: string[] = [];
  for (const element of root.querySelectorAll('input,textarea,select,option,details,p')) {
    const { tagName, value, checked, selected, open, type } = element as HTMLInputElement & {
      selected?: boolean;
      open?: boolean;
    };
    const shown = type === 'number' && value !== '' ? Number(value) : value;
    const what = [
      tagName,
      shown,
      checked,
      selected,
      open,
      tagName === 'P' ? element.textContent : '',
    ];
    lines.push(what.join(' '));
  }
  return lines.join('\n');
}

/** One scenario; returns what is wrong at its end. */
async function scenario(seed: number, delay: number): Promise<string[]> {
  const below = randomOf(seed ^ 0x5bd1e995);
  const route = `/live?seed=${seed}`;
  const pages = [await connected(route, delay)];
  if (below(3) === 0) pages.push(await connected(route, delay));
  const typed = new Map<string, string>();
  let letter = 0;
  const actions = 3 + below(12);
  for (let action = 0; action < actions; action += 1) {
    const root = pages[below(pages.length)]?.shadowRoot as ShadowRoot;
    const next = (): string => 'abcdefghijklmnopqrstuvwxyz'[letter++ % 26] as string;
    onBehalfOf(trafficOf(route), () => act(root, below, next, typed));
    // A user is now quick, now slow.
    if (below(3) > 0) await pause(below(25));
  }
  await finish(pages, trafficOf(route));
  let fresh = await connected(route, 0);
  const wrong = errors.splice(0);
  for (const page of pages) {
    const differ = (): string | undefined => {
      const is = stateOf(page.shadowRoot as ShadowRoot);
      const wanted = stateOf(fresh.shadowRoot as ShadowRoot);
      return is === wanted ? undefined : `live:\n${is}\nfresh:\n${wanted}`;
    };
    // A busy machine delivers late: what differs for good, also from another fresh mount, is a fault.
    for (let more = 0; differ() !== undefined && more < 20; more += 1) {
      await pause(100);
      fresh.remove();
      fresh = await connected(route, 0);
    }
    const found = differ();
    if (found !== undefined) wrong.push(found);
  }
  for (const [name, letters] of typed) {
    const input = fresh.shadowRoot?.querySelector<HTMLInputElement>(`[name=${name}]`);
    const lost = letters.split('').filter((each) => !input?.value.toLowerCase().includes(each));
    if (lost.length > 0) wrong.push(`lost ${lost.join('')} of ${letters}: ${input?.value}`);
  }
  for (const page of [...pages, fresh]) page.remove();
  return wrong.map((each) => `seed ${seed}: ${each}`);
}

/** Leaves everything, and sends the forms: what was begun is told then. */
async function finish(pages: readonly HTMLElement[], seen: Traffic): Promise<void> {
  await quiet(seen);
  for (const { shadowRoot } of pages) {
    onBehalfOf(seen, () => (shadowRoot?.activeElement as HTMLElement | null)?.blur());
  }
  await quiet(seen);
  for (const { shadowRoot } of pages) {
    for (const button of shadowRoot?.querySelectorAll<HTMLElement>('form button') ?? []) {
      onBehalfOf(seen, () => button.click());
      await quiet(seen);
    }
  }
}

function act(
  root: ShadowRoot,
  below: (limit: number) => number,
  letter: () => string,
  typed: Map<string, string>,
): void {
  const all = [...root.querySelectorAll<HTMLElement>('input,textarea,select,summary,button')];
  const element = all[below(all.length)] as HTMLInputElement;
  const field = element.closest<HTMLElement>('[data-rule]')?.dataset;
  if (element.matches('select')) {
    const select = element as unknown as HTMLSelectElement;
    const option = select.options[below(select.options.length)] as HTMLOptionElement;
    option.selected = select.multiple ? !option.selected : true;
    select.dispatchEvent(new Event('input', { bubbles: true }));
    select.dispatchEvent(new Event('change', { bubbles: true }));
  } else if (element.matches('button,summary,[type=checkbox],[type=radio]')) {
    element.click();
  } else {
    element.focus();
    for (let times = 1 + below(4); times > 0; times -= 1) {
      if (below(6) === 0 && field?.['rule'] === 'short') {
        document.execCommand('delete');
        continue;
      }
      const text =
        element.type === 'number' ? (['1', '5', '0', '.', '-'][below(5)] as string) : letter();
      document.execCommand('insertText', false, text);
      const isKept = field?.['rule'] === 'echo' || field?.['rule'] === 'upper';
      if (isKept && ['text', 'textarea'].includes(field?.['kind'] ?? '')) {
        typed.set(element.name, (typed.get(element.name) ?? '') + text);
      }
    }
  }
}

/** Runs scenarios, so many at a time: they mostly wait. */
export async function run(from: number, count: number, delay: number): Promise<string[]> {
  const seeds = Array.from({ length: count }, (_, at) => from + at);
  return (await Promise.all(seeds.map((seed) => scenario(seed, delay)))).flat();
}
