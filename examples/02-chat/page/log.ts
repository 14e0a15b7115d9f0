/** The messages on the page. */
import { type Chat } from '../messages.ts';
import { isFailure } from './conversation.ts';
import { cloneOf, Keyed, part, setText } from './elements.ts';
import { sentOver } from './person.ts';

/** Messages of one author within so many seconds stand together. */
const TOGETHER = 120;
const WORDS = ['Not accepted', 'Not sent', 'Sent', 'Received', 'Sending…'] as const;
const time = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const day = new Intl.DateTimeFormat(undefined, { weekday: 'long', day: 'numeric', month: 'long' });

/** What a person does with a message. */
export type Act = (id: string) => void;

/** @returns the function that shows these messages and no others */
export function createLog(
  list: HTMLElement,
  remove: Act,
  retry: Act,
): (chats: readonly Chat[]) => void {
  const items = new Keyed(list, (item) => {
    if (item.contains(document.activeElement)) focusBeside(list, item);
  });
  return (chats) => {
    const wanted = new Map<string, () => HTMLElement>();
    let today = '';
    for (const [at, chat] of chats.entries()) {
      const date = dateOf(chat).toDateString();
      // A wrong clock may bring a day back: each key stands once.
      if (date !== today) wanted.set(`${date} ${at}`, () => dayItem(dateOf(chat)));
      today = date;
      wanted.set(chat.id, () => chatItem(chat, remove, retry));
    }
    items.show(wanted);
    for (const [at, chat] of chats.entries()) {
      const item = items.get(chat.id);
      if (item !== undefined) showState(item, chat, chats[at - 1]);
    }
  };
}

function chatItem({ id, content, author = 'Guest' }: Chat, remove: Act, retry: Act): HTMLElement {
  const item = cloneOf('message');
  const over = sentOver(id);
  if (over === undefined) item.style.setProperty('--hue', String(hueOf(author)));
  else item.dataset['over'] = over;
  item.classList.toggle('mine', over !== undefined);
  part(item, '.author').textContent = over === undefined ? author : 'You:';
  part(item, '.content').textContent = content;
  const removal = part(item, '.remove');
  const line = content.replaceAll(/\s+/g, ' ').trim();
  removal.ariaLabel = `Delete “${line.length > 40 ? `${line.slice(0, 39)}…` : line}”`;
  removal.title = 'Delete';
  removal.addEventListener('click', () => {
    remove(id);
  });
  part(item, '.retry').addEventListener('click', () => {
    retry(id);
  });
  // On a touch screen a tap shows what can be done with a message.
  part(item, '.bubble').addEventListener('click', () => item.classList.toggle('chosen'));
  return item;
}

/** What may change of a message. */
function showState(item: HTMLElement, chat: Chat, previous: Chat | undefined): void {
  const { status, author, sent_at, id } = chat;
  const isMine = sentOver(id) !== undefined;
  item.dataset['status'] = String(status);
  item.classList.toggle(
    'follows',
    previous !== undefined &&
      (sentOver(previous.id) !== undefined) === isMine &&
      previous.author === author &&
      Math.abs(sent_at - previous.sent_at) < TOGETHER,
  );
  const stamp = part(item, 'time');
  stamp.setAttribute('datetime', dateOf(chat).toISOString());
  setText(stamp, time.format(dateOf(chat)));
  setText(part(item, '.status'), isMine ? WORDS[status] : '');
  part(item, '.retry').hidden = !isFailure(status);
}

/** Moves the focus from a message that vanishes to the next one, or to the last. */
function focusBeside(list: HTMLElement, item: HTMLElement): void {
  const messages = [...list.querySelectorAll<HTMLElement>('.message')];
  const at = messages.indexOf(item);
  const neighbour = messages[at + 1] ?? messages[at - 1];
  if (neighbour === undefined) part(document, '#content').focus();
  else part(neighbour, '.remove').focus();
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
