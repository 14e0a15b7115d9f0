/** The messages on the page: each one is an element that stays the same as long as it is there. */
import { Status } from '../messages.ts';
import { type Shown } from './conversation.ts';

export interface LogEvents {
  readonly remove: (id: string) => void;
  readonly retry: (id: string) => void;
}

/** Messages of one side that came within so many seconds stand together. */
const TOGETHER = 120;

const time = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });

export class Log {
  readonly #list: HTMLElement;
  readonly #events: LogEvents;
  readonly #items = new Map<string, HTMLElement>();

  constructor(list: HTMLElement, events: LogEvents) {
    this.#list = list;
    this.#events = events;
  }

  /** Shows these and no others. */
  show(messages: readonly Shown[]): void {
    const wanted: [key: string, make: () => HTMLElement][] = [];
    let today = '';
    for (const [at, message] of messages.entries()) {
      const date = dateOf(message);
      const key = `day ${date.toDateString()}`;
      if (key !== today) {
        // A wrong clock may bring a day back: each key stands once.
        wanted.push([`${key} ${at}`, () => dayItem(date)]);
        today = key;
      }
      wanted.push([`message ${message.id}`, () => this.#messageItem(message)]);
    }
    const keys = new Set(wanted.map(([key]) => key));
    for (const [key, item] of this.#items) {
      if (keys.has(key)) continue;
      this.#keepFocus(item);
      item.remove();
      this.#items.delete(key);
    }
    let before: Element | null = null;
    for (const [key, make] of wanted) {
      const item = this.#items.get(key) ?? make();
      this.#items.set(key, item);
      const place: Element | null =
        before === null ? this.#list.firstElementChild : before.nextElementSibling;
      if (place !== item) this.#list.insertBefore(item, place);
      before = item;
    }
    for (const [at, message] of messages.entries()) {
      const item = this.#items.get(`message ${message.id}`);
      if (item !== undefined) update(item, message, messages[at - 1]);
    }
  }

  #messageItem({ id, content, isMine }: Shown): HTMLElement {
    const item = cloneOf('message');
    item.dataset['id'] = id;
    item.classList.toggle('mine', isMine);
    part(item, '.author').textContent = isMine ? 'You:' : 'Somebody:';
    part(item, '.content').textContent = content;
    const remove = part(item, '.remove');
    remove.setAttribute('aria-label', `Delete “${shortened(content)}”`);
    remove.title = 'Delete';
    remove.addEventListener('click', () => {
      this.#events.remove(id);
    });
    part(item, '.retry').addEventListener('click', () => {
      this.#events.retry(id);
    });
    return item;
  }

  /** Where the focus goes when the element that has it vanishes: to the next message, or to the last. */
  #keepFocus(item: HTMLElement): void {
    if (!item.contains(document.activeElement)) return;
    const messages = [...this.#list.querySelectorAll<HTMLElement>('.message')];
    const at = messages.indexOf(item);
    const neighbour = messages[at + 1] ?? messages[at - 1];
    if (neighbour === undefined) document.querySelector<HTMLElement>('#content')?.focus();
    else part(neighbour, '.remove').focus();
  }
}

function update(item: HTMLElement, message: Shown, previous: Shown | undefined): void {
  const { status, isMine, sent_at } = message;
  item.dataset['status'] = String(status);
  item.classList.toggle(
    'follows',
    previous !== undefined &&
      previous.isMine === isMine &&
      Math.abs(sent_at - previous.sent_at) < TOGETHER,
  );
  const stamp = part(item, 'time');
  const date = dateOf(message);
  stamp.setAttribute('datetime', date.toISOString());
  setText(stamp, time.format(date));
  setText(part(item, '.status'), isMine ? WORDS[status] : '');
  part(item, '.retry').hidden = status > Status.ServerError;
}

const WORDS: Readonly<Record<Shown['status'], string>> = {
  [Status.ClientError]: 'Not accepted',
  [Status.ServerError]: 'Not sent',
  [Status.Sent]: 'Sent',
  [Status.Received]: 'Received',
  [Status.Sending]: 'Sending…',
};

function dayItem(date: Date): HTMLElement {
  const item = cloneOf('day');
  const stamp = part(item, 'time');
  stamp.setAttribute('datetime', date.toISOString().slice(0, 10));
  stamp.textContent =
    date.toDateString() === new Date().toDateString() ? 'Today' : day.format(date);
  return item;
}

const dateOf = ({ sent_at }: Shown): Date => new Date(sent_at * 1_000);

function shortened(content: string): string {
  const line = content.replaceAll(/\s+/g, ' ').trim();
  return line.length > 40 ? `${line.slice(0, 39)}…` : line;
}

function cloneOf(id: string): HTMLElement {
  const template = document.querySelector<HTMLTemplateElement>(`template#${id}`);
  const item = template?.content.firstElementChild?.cloneNode(true);
  if (!(item instanceof HTMLElement)) throw new Error(`the page has no template ${id}`);
  return item;
}

function part(item: HTMLElement, selector: string): HTMLElement {
  const found = item.querySelector<HTMLElement>(selector);
  if (found === null) throw new Error(`the template has no ${selector}`);
  return found;
}

/** Only when it is another one: what is set again is read out again. */
function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
