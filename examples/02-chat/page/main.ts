/**
 * The page: what a person does changes the conversation, which is shown; the link tells the server,
 * and what the server says changes the conversation again.
 */
import { CONTENT_LIMIT, type ServerMessage } from '../messages.ts';
import { fail, merge, next, remove, retry, send, shown } from './conversation.ts';
import { keep, kept } from './kept.ts';
import { Link, type LinkState } from './link.ts';
import { Log } from './log.ts';
import { type Transport } from './wires.ts';

const root = document.documentElement;
const wall = byId('wall', HTMLElement);
const composer = byId('composer', HTMLFormElement);
const content = byId('content', HTMLTextAreaElement);
const people = byId('people', HTMLElement);
const latest = byId('latest', HTMLButtonElement);
const alert = byId('alert', HTMLElement);
const nothing = byId('nothing', HTMLElement);
const choices = [...document.querySelectorAll<HTMLInputElement>('[name="transport"]')];

const WORDS: Readonly<Record<LinkState, string>> = {
  connecting: 'Connecting…',
  up: 'Connected',
  away: 'Server away, trying again…',
  shut: 'Not connected',
};

let conversation = kept();
let unread = 0;
const messages = byId('messages', HTMLElement);
const log = new Log(messages, {
  remove: (id) => {
    tell(remove(conversation, id));
  },
  retry: (id) => {
    tell(retry(conversation, id));
  },
});

// How messages travel is part of the address: it can be shared, and outlives a reload.
const wanted = new URL(location.href).searchParams.get('over');
let link = linkOver(choices.find(({ value }) => value === wanted)?.value ?? 'app');
show(conversation);

for (const choice of choices) {
  choice.addEventListener('change', () => {
    link.close();
    link = linkOver(choice.value);
    const address = new URL(location.href);
    address.searchParams.set('over', choice.value);
    history.replaceState(null, '', address);
  });
}

function linkOver(value: string): Link {
  const transport = value as Transport;
  root.dataset['transport'] = transport;
  for (const choice of choices) choice.checked = choice.value === transport;
  people.textContent = '';
  showState('connecting');
  return new Link(transport, {
    next: () => next(conversation),
    heard,
    failed: (message, failure) => {
      show(fail(conversation, message, failure));
      alert.textContent = message[0] === 1 ? 'Not deleted.' : 'A message was not sent.';
    },
    changed: showState,
  });
}

/** Shows what a person did, and lets the server know. */
function tell(changed: typeof conversation): void {
  alert.textContent = '';
  show(changed);
  link.poke();
}

function heard(message: ServerMessage): void {
  switch (message[0]) {
    case 0:
      show(merge(conversation, message[1]));
      // From here on what is new is read out: not all that was said before one came.
      requestAnimationFrame(() => {
        messages.setAttribute('aria-live', 'polite');
      });
      break;
    case 1:
      people.textContent = message[1] === 1 ? 'Only you are here' : `${message[1]} people are here`;
      break;
  }
}

function show(changed: typeof conversation): void {
  const before = new Set(shown(conversation).map(({ id }) => id));
  const wasAtEnd = wall.scrollHeight - wall.scrollTop - wall.clientHeight < 80;
  conversation = changed;
  keep(conversation);
  const all = shown(conversation);
  log.show(all);
  nothing.hidden = all.length > 0;
  const added = all.filter(({ id }) => !before.has(id));
  const byOthers = added.filter(({ isMine }) => !isMine).length;
  if (wasAtEnd || byOthers < added.length) toEnd();
  else if (byOthers > 0) latest.hidden = false;
  if (document.hidden && before.size > 0) showUnread(unread + byOthers);
}

function toEnd(): void {
  wall.scrollTop = wall.scrollHeight;
  latest.hidden = true;
}

function showUnread(count: number): void {
  unread = count;
  document.title = count === 0 ? 'Common room' : `(${count}) Common room`;
}

function showState(state: LinkState): void {
  root.dataset['state'] = state;
  byId('state-text', HTMLElement).textContent = WORDS[state];
  byId('away', HTMLElement).hidden = state !== 'away' && state !== 'shut';
  byId('away-text', HTMLElement).textContent =
    state === 'shut'
      ? 'The server lets nobody in from here.'
      : 'The server is away. What you write waits here, and is sent when it is back.';
  if (state !== 'up') people.textContent = '';
}

composer.addEventListener('submit', (event) => {
  event.preventDefault();
  const text = content.value.trim();
  if (text !== '') tell(send(conversation, { id: newId(), content: text, at: new Date() }));
  content.value = '';
  showLeft();
  content.focus();
});

// Where there are real keys, Enter sends. It does not while it chooses a word of an input method.
content.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  if (matchMedia('(pointer: coarse)').matches) return;
  event.preventDefault();
  composer.requestSubmit();
});
content.addEventListener('input', showLeft);

/** Says how much room is left, when that is little; and gives a longer text more lines. */
function showLeft(): void {
  const left = CONTENT_LIMIT - content.value.length;
  byId('left', HTMLElement).textContent = left <= 100 ? `${left} left` : '';
  content.style.height = 'auto';
  content.style.height = `${content.scrollHeight}px`;
}

latest.addEventListener('click', () => {
  toEnd();
  wall.focus();
});
wall.addEventListener('scroll', () => {
  if (wall.scrollHeight - wall.scrollTop - wall.clientHeight < 80) latest.hidden = true;
});

const wake = (): void => {
  link.wake();
};
byId('wake', HTMLButtonElement).addEventListener('click', wake);
byId('again', HTMLButtonElement).addEventListener('click', wake);
window.addEventListener('online', wake);
document.addEventListener('visibilitychange', () => {
  if (document.hidden) return;
  showUnread(0);
  wake();
});

if (matchMedia('(pointer: fine)').matches) content.focus();

/** A random UUID. `crypto.randomUUID` is not there on a page without TLS. */
function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function byId<Found extends HTMLElement>(id: string, kind: new () => Found): Found {
  const found = document.querySelector(`#${id}`);
  if (!(found instanceof kind)) throw new Error(`the page has no #${id}`);
  return found;
}
