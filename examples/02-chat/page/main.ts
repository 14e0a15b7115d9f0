/** The page: a store holds the conversation and the link; the rest is what a person sees and does. */
import * as client from 'express-omnimessage/client';
import * as store from 'idb-keyval';
import { type ClientMessage, directedCodec, Status } from '../messages.ts';
import { confirms, notSent, update } from './conversation.ts';
import { showLog } from './log.ts';
import { nameOf, newId, sentOver } from './person.ts';

const ways = {
  http: client.http({ url: '/omni-http' }),
  ws: client.anyWebSocket({ url: '/omni-pipe-ws' }),
  app: client.anyWebSocket({ url: '/omni-app-ws' }),
};
const get = (id: string): HTMLElement => document.getElementById(id) as HTMLElement;
const [wall, log, latest] = [get('wall'), get('messages'), get('latest')];
const composer = get('composer') as HTMLFormElement;
const text = get('content') as HTMLTextAreaElement;
const name = get('name') as HTMLInputElement;

// How messages travel is part of the address: it can be shared, and survives a reload.
const address = new URL(location.href);
const choices = [...document.querySelectorAll<HTMLInputElement>('[name="transport"]')];
choices.find(({ value }) => value === address.searchParams.get('over'))?.click();
const over = () => choices.find(({ checked }) => checked)?.value as keyof typeof ways;

const chats = client.createStore({
  init: { all: [], people: 1 },
  update,
  confirms,
  // The server knows the ids of chats: one that comes twice changes nothing.
  mayRepeat: () => true,
  connect: {
    codec: directedCodec,
    // Whatever the link asks of its transport, the one that is chosen answers.
    transport: new Proxy<client.Transport>(ways.app, {
      get: (_, key) => ways[over()][key as keyof client.Transport],
    }),
    onOpen: fetchAll,
    resume: client.resume(),
    // What a window had not sent when it was closed is sent by another one, or the next time.
    // Nobody logs in here: whoever uses the browser is one person.
    queue: client.storedQueue({ store, name: 'chat', owner: () => 'guest' }),
  },
});

/** The server's list, again: over a transport that does not bring the messages of others. */
function fetchAll(): void {
  chats.link.send({ from: 'client', message: [2, null] }, { queue: false });
}

function send(message: ClientMessage): void {
  get('alert').textContent = '';
  chats.dispatch({ from: 'client', message });
}

function showState(state: string): void {
  document.documentElement.dataset['state'] = state;
  get('state-text').textContent = get('state-text').dataset[state] ?? '';
}

function show(): void {
  const wasAtEnd = restBelow() < 80;
  const { all, people } = chats.getSnapshot();
  const failed = chats.failed().flatMap(({ id, message }) => {
    const chat = notSent(message);
    if (chat !== undefined) return all.some((one) => one.id === chat.id) ? [] : [chat];
    get('alert').textContent = 'A message was not deleted.';
    chats.discard(id);
    return [];
  });
  const added = showLog(log, [...all, ...failed]);
  const byOthers = added.filter(({ id }) => sentOver(id) === undefined).length;
  if (wasAtEnd || byOthers < added.length) wall.scrollTop = wall.scrollHeight;
  else if (byOthers > 0) latest.hidden = false;
  if (document.hidden && byOthers > 0) document.title = '● Common room';
  get('people').textContent = people === 1 ? 'Only you are here' : `${people} people are here`;
  // From here on new messages are read out: not all of those from before the page was opened.
  requestAnimationFrame(() => log.setAttribute('aria-live', 'polite'));
}
const restBelow = (): number => wall.scrollHeight - wall.scrollTop - wall.clientHeight;

chats.subscribe(show);
chats.link.subscribe(() => {
  const { state } = chats.link.getSnapshot();
  // That the link tries again is no news.
  if (state !== 'connecting') showState(state);
});
get('transports').addEventListener('change', () => {
  address.searchParams.set('over', over());
  history.replaceState(null, '', address);
  showState('connecting');
  chats.link.retry();
});
log.addEventListener('click', ({ target }) => {
  const item = (target as Element).closest('li');
  const button = (target as Element).closest('button');
  const id = item?.dataset['id'] ?? '';
  const failed = chats.failed().find(({ message }) => notSent(message)?.id === id)?.id ?? 0;
  if (button?.className === 'retry') chats.retry(failed);
  // On a touch screen a tap shows what can be done with a message.
  else if (button === null) item?.classList.toggle('chosen');
  else {
    chats.discard(failed);
    // Also what has failed or is on its way: the server may have it already.
    send([1, id]);
  }
});
composer.addEventListener('submit', (event) => {
  event.preventDefault();
  const [content, sent_at] = [text.value.trim(), Math.floor(Date.now() / 1_000)];
  const chat = { content, sent_at, status: Status.Sending, author: name.value, id: newId(over()) };
  if (content !== '') send([0, chat]);
  composer.reset();
  text.focus();
});
// Where there is a keyboard, Enter sends. It does not while it chooses a word of an input method.
text.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
  if (matchMedia('(pointer: coarse)').matches) return;
  event.preventDefault();
  composer.requestSubmit();
});
name.value = nameOf();
name.addEventListener('change', () => (name.value = nameOf(name.value)));
wall.addEventListener('scroll', () => (latest.hidden ||= restBelow() < 80));
latest.addEventListener('click', () => {
  wall.scrollTop = wall.scrollHeight;
  wall.focus();
});
get('wake').addEventListener('click', fetchAll);
get('again').addEventListener('click', chats.link.retry);
document.addEventListener('visibilitychange', () => (document.title = 'Common room'));
setInterval(() => over() !== 'app' && fetchAll(), 10_000);
if (matchMedia('(pointer: fine)').matches) text.focus();
show();
