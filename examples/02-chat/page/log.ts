/** The messages on the page. */
import { type Chat } from '../messages.ts';
import { sentOver } from './person.ts';

/** Messages of one author within so many seconds stand together. */
const TOGETHER = 120;
const WORDS = ['Not accepted', 'Not sent', 'Sent', 'Received', 'Sending…'] as const;
const blank = document.querySelector('template')?.content.firstElementChild as HTMLElement;
const clock = { weekday: 'short', hour: '2-digit', minute: '2-digit' } as const;
const time = new Intl.DateTimeFormat(undefined, clock);

/** Shows these messages and no others; each stays the same element. @returns those that are new */
export function showLog(list: Element, chats: readonly Chat[]): readonly Chat[] {
  const items = new Map<string | undefined, HTMLElement>();
  for (const item of list.querySelectorAll('li')) items.set(item.dataset['id'], item);
  const added = chats.filter(({ id }) => !items.has(id));
  for (const [id, item] of items) if (!chats.some((chat) => chat.id === id)) leave(item);
  for (const [at, chat] of chats.entries()) {
    const item = items.get(chat.id) ?? (blank.cloneNode(true) as HTMLElement);
    if (list.children[at] !== item) list.insertBefore(item, list.children[at] ?? null);
    draw(item, chat, chats[at - 1]);
  }
  return added;
}

/** The focus goes on to the message beside one that vanishes. */
function leave(item: HTMLElement): void {
  const beside = item.nextElementSibling ?? item.previousElementSibling ?? document;
  const next = beside.querySelector<HTMLElement>('.remove, #content');
  if (item.contains(document.activeElement)) next?.focus();
  item.remove();
}

function draw(item: HTMLElement, chat: Chat, before: Chat | undefined): void {
  const { id, content, author = 'Guest', status } = chat;
  const over = sentOver(id);
  const isSoon = Math.abs(chat.sent_at - (before?.sent_at ?? 0)) < TOGETHER;
  const isByOne = before?.author === chat.author && !sentOver(before?.id ?? '') === !over;
  Object.assign(item.dataset, { id, status, over: over ?? 'others' });
  item.style.setProperty('--author', String(hueOf(author)));
  item.classList.toggle('mine', over !== undefined);
  item.classList.toggle('follows', isByOne && isSoon);
  const texts = {
    '.author': over === undefined ? author : 'You:',
    '.content': content,
    time: time.format(chat.sent_at * 1_000),
    '.status': over === undefined ? '' : WORDS[status],
  };
  for (const [selector, text] of Object.entries(texts)) {
    const element = item.querySelector(selector);
    // Only when it is another one: a screen reader reads again what is set again.
    if (element !== null && element.textContent !== text) element.textContent = text;
  }
  const title = content.replaceAll(/\s+/g, ' ').trim().slice(0, 40);
  item.querySelector('.remove')?.setAttribute('aria-label', `Delete “${title}”`);
}

/** A colour for a name, always the same. */
const hueOf = (name: string): number =>
  Array.from(name).reduce((hue, letter) => (hue * 31 + (letter.codePointAt(0) ?? 0)) % 360, 7);
