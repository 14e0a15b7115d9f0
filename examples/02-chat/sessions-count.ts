/**
 * How many people are here, as a server component: one for all who look, pushed as it changes.
 *
 *     <lustre-server-component route="http://localhost:8000/sessions-count"></lustre-server-component>
 *
 * The page needs Lustre's runtime, 5.3.2 or later. (The page of the original's own example is built
 * with 5.0.3, which speaks another wire.) A page on another host must be among ORIGINS.
 */
import { effect } from 'express-omnimessage';
import {
  component,
  html,
  type ServerComponent,
  startServerComponent,
  text,
} from 'express-omnimessage/lustre';
import { type People } from './people.ts';

const sessionsCount = component<People, number, number>({
  init: (people) => [0, effect.from((dispatch) => people.watch(dispatch))],
  update: (_before, count) => [count, effect.none()],
  view: (count) => html.p([], [text(`Online users: ${count}`)]),
});

export const startSessionsCount = (people: People): ServerComponent<number> =>
  startServerComponent(sessionsCount, people, { onError: (error) => console.error(error.message) });
