/**
 * The chat as an application: each connection runs a program of its own, which sends all messages
 * when it starts and after every change, and how many people are here.
 */
import { application, effect, type Effect } from 'express-omnimessage';
import { handle } from './handler.ts';
import {
  applicationCodec,
  type ClientMessage,
  type Directed,
  type ServerMessage,
} from './messages.ts';
import { type Presence } from './people.ts';
import { type Messages } from './store.ts';

/** What all programs share. */
export interface Room {
  readonly store: Messages;
  readonly people: Presence;
}

/** Its model is the room: a program keeps nothing of its own. */
export const chatProgram = application<Room, Room, Directed>({
  init: (room) => [room, effect.batch([followMessages(room), followPeople(room)])],
  update: (room, directed) => [
    room,
    directed.from === 'client' ? perform(room, directed.message) : effect.none(),
  ],
  codec: applicationCodec,
});

const fromServer = (message: ServerMessage): Directed => ({ from: 'server', message });

/** Sends all messages, now and after every change. What `subscribe` returns ends it with the program. */
const followMessages = ({ store }: Room): Effect<Directed> =>
  effect.from((dispatch) => {
    dispatch(fromServer([0, store.all]));
    return store.subscribe((all) => {
      dispatch(fromServer([0, all]));
    });
  });

/** Sends how many people are here; counts one of them until the program ends. */
const followPeople = ({ people }: Room): Effect<Directed> =>
  effect.from((dispatch) =>
    people.enter((count) => {
      dispatch(fromServer([1, count]));
    }),
  );

/** Handles a message of the client. */
const perform = ({ store }: Room, message: ClientMessage): Effect<Directed> =>
  effect.from((dispatch) => {
    const before = store.all;
    const answer = handle(store, message);
    // After a change this program has sent the messages already, as all others have.
    if (store.all === before) dispatch(fromServer(answer));
  });
