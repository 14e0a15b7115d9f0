/** The page: a store of the client is what `useSyncExternalStore` takes. */
import { createStore } from 'express-omnimessage/client';
import { type ReactElement, useSyncExternalStore } from 'react';
import { createRoot } from 'react-dom/client';
import { type Item, pageCodec, type PageMessage, type ServerMessage } from '../messages.ts';

const store = createStore({
  init: [] as readonly Item[],
  update: (items, message: PageMessage | ServerMessage): readonly Item[] => {
    switch (message.type) {
      case 'list':
        return message.items;
      case 'add':
        return [...items, { id: message.id, text: message.text, done: false }];
      case 'tick':
        return items.map((item) =>
          item.id === message.id ? { ...item, done: message.done } : item,
        );
    }
  },
  connect: { url: '/list', codec: pageCodec },
});

function add(form: FormData): void {
  const text = form.get('text');
  if (typeof text === 'string' && text.trim() !== '')
    store.dispatch({ type: 'add', id: String(Math.random()), text: text.trim() });
}

function Shopping(): ReactElement {
  const items = useSyncExternalStore(store.subscribe, store.getSnapshot);
  const { state, text } = useSyncExternalStore(store.link.subscribe, store.link.getSnapshot);
  const failed = useSyncExternalStore(store.subscribe, store.failed);
  return (
    <main>
      <h1>Shopping</h1>
      <p role="status">{state === 'open' ? 'Connected' : text}</p>
      <ul>
        {items.map(({ id, text: name, done }) => (
          <li key={id}>
            <label>
              <input
                type="checkbox"
                checked={done}
                onChange={() => store.dispatch({ type: 'tick', id, done: !done })}
              />
              <span dir="auto">{name}</span>
            </label>
          </li>
        ))}
      </ul>
      {failed.map(({ id }) => (
        <p key={id} role="alert">
          A change was not saved. <button onClick={() => store.retry(id)}>Try again</button>
        </p>
      ))}
      <form action={add}>
        <input name="text" aria-label="What to buy" placeholder="What to buy" maxLength={100} />
        <button>Add</button>
      </form>
    </main>
  );
}

const root = document.querySelector('#root');
if (root !== null) createRoot(root).render(<Shopping />);
