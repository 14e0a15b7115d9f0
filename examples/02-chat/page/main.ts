/**
 * The page. A store of `express-omnimessage/client` holds the conversation and the link to the
 * server; the rest is what a person sees and does.
 */
import {
  createStore,
  http,
  resume,
  type Store,
  storedQueue,
  webSocket,
} from 'express-omnimessage/client';
import * as store from 'idb-keyval';
import {
  type Chat,
  type ClientMessage,
  CONTENT_LIMIT,
  directedCodec,
  type FromClient,
  type FromServer,
  Status,
} from '../messages.ts';
import {
  confirms,
  type Conversation,
  type Dismissed,
  empty,
  shown,
  update,
} from './conversation.ts';
import { part } from './elements.ts';
import { createLog } from './log.ts';
import { nameOf, newId, rename, sentOver } from './person.ts';

type Over = 'http' | 'ws' | 'app';
type Chats = Store<Conversation, FromServer, FromClient, Dismissed>;

const transports = {
  http: () => http({ url: '/omni-http' }),
  ws: () => webSocket({ url: '/omni-pipe-ws' }),
  app: () => webSocket({ url: '/omni-app-ws' }),
};
const root = document.documentElement;
const get = <Kind extends HTMLElement>(id: string, kind?: new () => Kind): Kind =>
  part(document, `#${id}`, kind);
const wall = get('wall');
const content = get('content', HTMLTextAreaElement);
const choices = [...document.querySelectorAll<HTMLInputElement>('[name="transport"]')];
/** How often a message was sent again by itself: the server knows ids, so that does no harm. */
const repeats = new Map<string, number>();
let unread = 0;

// How messages travel is part of the address: it can be shared, and survives a reload.
const wanted = new URL(location.href).searchParams.get('over');
let over = (choices.find(({ value }) => value === wanted)?.value ?? 'app') as Over;
let chats = openOver(over, empty);
const showLog = createLog(get('messages'), remove, retry);

function openOver(transport: Over, init: Conversation): Chats {
  root.dataset['transport'] = transport;
  for (const choice of choices) choice.checked = choice.value === transport;
  let wasAway = false;
  const made: Chats = createStore({
    init: { ...init, people: undefined },
    update,
    confirms,
    connect: {
      codec: directedCodec,
      transport: transports[transport](),
      onOpen: fetchAll,
      resume: resume(),
      // What a window had not sent when it was closed is sent by another one, or the next time.
      // Nobody logs in here: whoever uses the browser is one person.
      queue: storedQueue({ store, name: 'chat', owner: () => 'guest' }),
    },
  });
  made.subscribe(() => {
    // A message whose answer was lost may be sent again, because the server knows its id.
    for (const { id, message, code } of made.failed()) {
      const [kind, about] = message.message;
      if (kind !== 0) made.discard(id);
      else if (code === 'unconfirmed' && mayRepeat(about.id)) made.retry(id);
      if (kind === 1) get('alert').textContent = 'A message was not deleted.';
    }
    show();
  });
  made.link.subscribe(() => {
    const { state } = made.link.getSnapshot();
    wasAway = state === 'waiting' || (wasAway && state === 'connecting');
    showState(wasAway ? 'waiting' : state);
  });
  showState('connecting');
  return made;
}

function mayRepeat(id: string): boolean {
  const times = (repeats.get(id) ?? 0) + 1;
  repeats.set(id, times);
  return times <= 2;
}

function send(message: ClientMessage): void {
  get('alert').textContent = '';
  chats.dispatch({ from: 'client', message });
}

/** The messages that need a person. */
const failedChats = (): Chat[] =>
  chats.failed().flatMap(({ message: { message } }) => (message[0] === 0 ? [message[1]] : []));

function show(): void {
  const conversation = chats.getSnapshot();
  const all = shown(conversation, failedChats());
  const before = new Set([...document.querySelectorAll<HTMLElement>('.message')].map(idOf));
  const wasAtEnd = restBelow() < 80;
  showLog(all);
  get('nothing').hidden = all.length > 0;
  const { people } = conversation;
  get('people').textContent =
    people === undefined ? '' : people === 1 ? 'Only you are here' : `${people} people are here`;
  const added = all.filter(({ id }) => !before.has(id));
  const byOthers = added.filter(({ id }) => sentOver(id) === undefined).length;
  if (wasAtEnd || byOthers < added.length) toEnd();
  else if (byOthers > 0) get('latest').hidden = false;
  if (document.hidden && before.size > 0) showUnread(unread + byOthers);
  // From here on new messages are read out: not all of those from before the page was opened.
  requestAnimationFrame(() => get('messages').setAttribute('aria-live', 'polite'));
}

const idOf = ({ dataset }: HTMLElement): string | undefined => dataset['id'];
const restBelow = (): number => wall.scrollHeight - wall.scrollTop - wall.clientHeight;

function toEnd(): void {
  wall.scrollTop = wall.scrollHeight;
  get('latest').hidden = true;
}

function showUnread(count: number): void {
  unread = count;
  document.title = count === 0 ? 'Common room' : `(${count}) Common room`;
}

function showState(state: 'connecting' | 'open' | 'waiting' | 'closed'): void {
  const words = { connecting: 'Connecting…', open: 'Connected', closed: 'Not connected' };
  root.dataset['state'] = state;
  get('state-text').textContent = state === 'waiting' ? 'Server away, trying again…' : words[state];
  get('away').hidden = state === 'open' || state === 'connecting';
  get('away-text').textContent =
    state === 'closed'
      ? 'The server does not let this page in.'
      : 'The server is away. What you write waits here, and is sent when it is back.';
}

/** The server's list, again: over a transport that does not bring the messages of others. */
function fetchAll(): void {
  chats.link.send({ from: 'client', message: [2, null] }, { queue: false });
}

function remove(id: string): void {
  const failed = chats.failed().find(({ message: { message } }) => isAbout(message, id));
  if (failed !== undefined) chats.discard(failed.id);
  chats.dispatch({ from: 'page', id });
  // Also what is still on its way: the server may have it already.
  send([1, id]);
}

function retry(id: string): void {
  const failed = chats.failed().find(({ message: { message } }) => isAbout(message, id));
  if (failed !== undefined) chats.retry(failed.id);
  const refused = chats.getSnapshot().refused.find((chat) => chat.id === id);
  if (refused !== undefined) send([0, { ...refused, status: Status.Sending }]);
}

const isAbout = (message: ClientMessage, id: string): boolean =>
  message[0] === 0 && message[1].id === id;

for (const choice of choices) {
  choice.addEventListener('change', () => {
    // What is stored the next store finds there.
    const unsent = chats.link.getSnapshot().isStored
      ? []
      : shown(chats.getSnapshot(), failedChats()).filter((chat) => !isSent(chat));
    chats.link.close();
    over = choice.value as Over;
    chats = openOver(over, { ...empty, all: chats.getSnapshot().all.filter(isSent) });
    for (const chat of unsent) send([0, { ...chat, status: Status.Sending }]);
    show();
    const address = new URL(location.href);
    address.searchParams.set('over', over);
    history.replaceState(null, '', address);
  });
}
const isSent = ({ status }: Chat): boolean => status === Status.Sent;

get('composer', HTMLFormElement).addEventListener('submit', (event) => {
  event.preventDefault();
  const text = content.value.trim();
  if (text !== '') {
    const chat: Chat = {
      id: newId(over),
      content: text,
      status: Status.Sending,
      sent_at: Math.floor(Date.now() / 1_000),
      author: nameOf(),
    };
    send([0, chat]);
  }
  content.value = '';
  showLeft();
  content.focus();
});

// Where there is a keyboard, Enter sends. It does not while it chooses a word of an input method.
content.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  if (matchMedia('(pointer: coarse)').matches) return;
  event.preventDefault();
  get('composer', HTMLFormElement).requestSubmit();
});
content.addEventListener('input', showLeft);

/** Shows how much room is left, when that is little, and gives a longer message more lines. */
function showLeft(): void {
  const left = CONTENT_LIMIT - content.value.length;
  get('left').textContent = left <= 100 ? `${left} left` : '';
  content.style.height = 'auto';
  content.style.height = `${content.scrollHeight}px`;
}

const name = get('name', HTMLInputElement);
name.value = nameOf();
name.addEventListener('change', () => {
  name.value = rename(name.value);
});
get('latest').addEventListener('click', () => {
  toEnd();
  wall.focus();
});
wall.addEventListener('scroll', () => {
  if (restBelow() < 80) get('latest').hidden = true;
});
get('wake').addEventListener('click', fetchAll);
get('again').addEventListener('click', () => chats.link.retry());
setInterval(() => {
  if (over !== 'app' && root.dataset['state'] === 'open') fetchAll();
}, 10_000);
document.addEventListener('visibilitychange', () => {
  if (!document.hidden) showUnread(0);
});
if (matchMedia('(pointer: fine)').matches) content.focus();
show();
