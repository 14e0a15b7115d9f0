/** The component of all windows: a table of who is here, which is sent to everybody as it changes. */
import { effect, type Step } from 'express-omnimessage';
import {
  attribute,
  component,
  type Element,
  html,
  keyed,
  startServerComponent,
  text,
} from 'express-omnimessage/lustre';
import { everybody, hub, PEOPLE, type Person } from './presence.ts';

type Model = readonly Person[];

const init = (): Step<Model, Model> => [
  everybody(),
  effect.subscribe(hub, PEOPLE, (people) => people),
];

const update = (_before: Model, people: Model): Step<Model, Model> => [people, effect.none()];

function view(people: Model): Element<Model> {
  return html.div(
    [],
    [
      html.link([attribute('rel', 'stylesheet'), attribute('href', '/page/component.css')]),
      html.table(
        [],
        [
          html.caption([], [text(people.length === 1 ? '1 is here' : `${people.length} are here`)]),
          html.thead(
            [],
            [
              html.tr(
                [],
                ['Name', 'Count', 'Since'].map((name) =>
                  html.th([attribute('scope', 'col')], [text(name)]),
                ),
              ),
            ],
          ),
          // By key, so that a row stays the row of its person when another one goes.
          html.tbody([], keyed(people.map((person) => [person.id, row(person)]))),
        ],
      ),
    ],
  );
}

function row({ name, count, since }: Person): Element<never> {
  const iso = new Date(since).toISOString();
  return html.tr(
    [],
    [
      // A name is text, whatever is in it.
      html.th([attribute('scope', 'row')], [text(name === '' ? 'No name' : name)]),
      html.td([], [text(String(count))]),
      html.td([], [html.time([attribute('datetime', iso)], [text(`${iso.slice(11, 19)} UTC`)])]),
    ],
  );
}

/** It runs as long as the server does, whether somebody looks or not. */
export const everyone = startServerComponent(
  component<undefined, Model, Model>({ init, update, view }),
  undefined,
  { onError: (error) => console.error(error.message) },
);
