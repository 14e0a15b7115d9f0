/** The messages on the page: each one is an element that stays the same as long as it is shown. */
import { type Chat } from '../messages.ts';
import { isFailure } from './conversation.ts';

/** Messages of one author within so many seconds stand together. */
const TOGETHER = 120;
const WORDS = ['Not accepted', 'Not sent', 'Sent', 'Received', 'Sending…'] as const;
const time = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });

export interface LogEvents {
  readonly remove: (id: string) => void;
  readonly retry: (id: string) => void;
  /** Over which transport this window sent a message; undefined for the messages of others. */
  readonly sentOver: (id: string) => string | undefined;
}

export class Log {
  readonly #list: HTMLElement;
  readonly #events: LogEvents;
  readonly #items = new Map<string, HTMLElement>();

  constructor(list: HTMLElement, events: LogEvents) {
    this.#list = list;
    this.#events = events;
  }

  /** Shows these messages and no others. */
  show(chats: readonly Chat[]): void {
    const wanted = new Map<string, () => HTMLElement>();
    let today = '';
    for (const [at, chat] of chats.entries()) {
      const date = dateOf(chat).toDateString();
      // A wrong clock may bring a day back: each key stands once.
      if (date !== today) wanted.set(`${date} ${at}`, () => dayItem(dateOf(chat)));
      today = date;
      wanted.set(chat.id, () => this.#chatItem(chat));
    }
    for (const [key, item] of this.#items) {
      if (wanted.has(key)) continue;
      this.#keepFocus(item);
      item.remove();
      this.#items.delete(key);
    }
    let place: Element | null = null;
    for (const [key, make] of wanted) {
      const item = this.#items.get(key) ?? make();
      this.#items.set(key, item);
      const next: Element | null =
        place === null ? this.#list.firstElementChild : place.nextElementSibling;
      if (next !== item) this.#list.insertBefore(item, next);
      place = item;
    }
    for (const [at, chat] of chats.entries()) {
      const item = this.#items.get(chat.id);
      if (item !== undefined) this.#update(item, chat, chats[at - 1]);
    }
  }

  #chatItem({ id, content, author = 'Guest' }: Chat): HTMLElement {
    const item = cloneOf('message');
    const over = this.#events.sentOver(id);
    if (over === undefined) item.style.setProperty('--hue', String(hueOf(author)));
    else item.dataset['over'] = over;
    item.classList.toggle('mine', over !== undefined);
    part(item, '.author').textContent = over === undefined ? author : 'You:';
    part(item, '.content').textContent = content;
    const remove = part(item, '.remove');
    remove.setAttribute('aria-label', `Delete “${shortened(content)}”`);
    remove.title = 'Delete';
    remove.addEventListener('click', () => this.#events.remove(id));
    part(item, '.retry').addEventListener('click', () => this.#events.retry(id));
    // On a touch screen a tap shows what can be done with a message.
    part(item, '.bubble').addEventListener('click', () => item.classList.toggle('chosen'));
    return item;
  }

  #update(item: HTMLElement, chat: Chat, previous: Chat | undefined): void {
    const { status, author, sent_at, id } = chat;
    const isMine = this.#events.sentOver(id) !== undefined;
    item.dataset['status'] = String(status);
    item.classList.toggle(
      'follows',
      previous !== undefined &&
        (this.#events.sentOver(previous.id) !== undefined) === isMine &&
        previous.author === author &&
        Math.abs(sent_at - previous.sent_at) < TOGETHER,
    );
    const stamp = part(item, 'time');
    stamp.setAttribute('datetime', dateOf(chat).toISOString());
    setText(stamp, time.format(dateOf(chat)));
    setText(part(item, '.status'), isMine ? WORDS[status] : '');
    part(item, '.retry').hidden = !isFailure(status);
  }

  /** Moves the focus from an element that vanishes to the next message, or to the last. */
  #keepFocus(item: HTMLElement): void {
    if (!item.contains(document.activeElement)) return;
    const messages = [...this.#list.querySelectorAll<HTMLElement>('.message')];
    const at = messages.indexOf(item);
    const neighbour = messages[at + 1] ?? messages[at - 1];
    if (neighbour === undefined) document.querySelector<HTMLElement>('#content')?.focus();
    else part(neighbour, '.remove').focus();
  }
}

function dayItem(date: Date): HTMLElement {
  const item = cloneOf('day');
  const stamp = part(item, 'time');
  const isToday = date.toDateString() === new Date().toDateString();
  stamp.setAttribute('datetime', date.toISOString().slice(0, 10));
  stamp.textContent = isToday ? 'Today' : day.format(date);
  return item;
}

const dateOf = ({ sent_at }: Chat): Date => new Date(sent_at * 1_000);

/** A colour for a name, always the same. */
const hueOf = (name: string): number =>
  Array.from(name).reduce((hue, letter) => (hue * 31 + (letter.codePointAt(0) ?? 0)) % 360, 7);

function shortened(content: string): string {
  const line = content.replaceAll(/\s+/g, ' ').trim();
  return line.length > 40 ? `${line.slice(0, 39)}…` : line;
}

function cloneOf(id: string): HTMLElement {
  return part(document, `template#${id}`, HTMLTemplateElement).content.firstElementChild?.cloneNode(
    true,
  ) as HTMLElement;
}

/** An element that must be there. */
export function part<Kind extends Element = HTMLElement>(
  within: ParentNode,
  selector: string,
  kind: new () => Kind = HTMLElement as unknown as new () => Kind,
): Kind {
  const found = within.querySelector(selector);
  if (!(found instanceof kind)) throw new Error(`the page has no ${selector}`);
  return found;
}

/** Only when it is another one: a screen reader reads again what is set again. */
function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
