/**
 * The chat as an application: each connection runs a program of its own, which says all messages at
 * once, again after every change by whomever, and how many people are here.
 */
import { application, effect, type Effect } from 'express-omnimessage';
import { handle } from './handler.ts';
import { applicationCodec, type ClientMessage, type Said, type ServerMessage } from './messages.ts';
import { type Presence } from './people.ts';
import { type Messages } from './store.ts';

/** What all programs share. */
export interface Room {
  readonly store: Messages;
  readonly people: Presence;
}

/** Its model is the room: a program keeps nothing of its own. */
export const chatProgram = application<Room, Room, Said>({
  init: (room) => [room, effect.batch([hearMessages(room), hearPeople(room)])],
  update: (room, said) => [
    room,
    said.from === 'client' ? perform(room, said.message) : effect.none(),
  ],
  codec: applicationCodec,
});

const fromServer = (message: ServerMessage): Said => ({ from: 'server', message });

/** Says all messages, now and after every change. What `subscribe` returns ends it with the program. */
const hearMessages = ({ store }: Room): Effect<Said> =>
  effect.from((dispatch) => {
    dispatch(fromServer([0, store.all]));
    return store.subscribe((all) => {
      dispatch(fromServer([0, all]));
    });
  });

/** Says how many people are here; counts one of them until the program ends. */
const hearPeople = ({ people }: Room): Effect<Said> =>
  effect.from((dispatch) =>
    people.enter((count) => {
      dispatch(fromServer([1, count]));
    }),
  );

/** Does what the client says. */
const perform = ({ store }: Room, message: ClientMessage): Effect<Said> =>
  effect.from((dispatch) => {
    const before = store.all;
    const answer = handle(store, message);
    // After a change this program has been told as all others have.
    if (store.all === before) dispatch(fromServer(answer));
  });
