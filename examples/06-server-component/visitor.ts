/** The component of one window: a counter, and the name under which it is known. */
import { randomUUID } from 'node:crypto';
import { effect, type Step } from 'express-omnimessage';
import {
  attribute,
  component,
  type Element,
  emit,
  html,
  onClick,
  onInput,
  text,
} from 'express-omnimessage/lustre';
import { leave, type Person, tell } from './presence.ts';

const MAX_NAME = 24;

interface Model {
  readonly person: Person;
  /** What a click adds: an attribute of the element in the page. */
  readonly step: number;
}

type Message =
  | { readonly type: 'added'; readonly times: 1 | -1 }
  | { readonly type: 'named'; readonly name: string }
  | { readonly type: 'stepped'; readonly step: number };

let guests = 0;

function init(): Step<Model, Message> {
  guests += 1;
  const person = { id: randomUUID(), name: `Guest ${guests}`, count: 0, since: Date.now() };
  // The cleanup runs once, however the connection ends.
  const enter = effect.from<Message>(() => {
    tell(person);
    return () => {
      leave(person.id);
    };
  });
  return [{ person, step: 1 }, enter];
}

function update(model: Model, message: Message): Step<Model, Message> {
  switch (message.type) {
    case 'added': {
      const count = model.person.count + message.times * model.step;
      return changed(model, { count }, emit('counted', count));
    }
    case 'named':
      return changed(model, { name: message.name.slice(0, MAX_NAME) });
    case 'stepped':
      return [{ ...model, step: message.step }, effect.none()];
  }
}

/** Changes what is known of the visitor, and tells everybody. */
function changed(
  model: Model,
  change: Partial<Person>,
  also: ReturnType<typeof emit> = effect.none(),
): Step<Model, Message> {
  const person = { ...model.person, ...change };
  return [{ ...model, person }, effect.batch([effect.from(() => tell(person)), also])];
}

function view({ person, step }: Model): Element<Message> {
  return html.div(
    [],
    [
      // The page's style sheet ends at the component; a link, and not html.style, for a strict policy.
      html.link([attribute('rel', 'stylesheet'), attribute('href', '/page/component.css')]),
      html.div(
        [attribute('class', 'count')],
        [
          html.button(
            [onClick({ type: 'added', times: -1 }), attribute('aria-label', `${step} less`)],
            [text('−')],
          ),
          html.output([], [text(String(person.count))]),
          html.button(
            [onClick({ type: 'added', times: 1 }), attribute('aria-label', `${step} more`)],
            [text('+')],
          ),
        ],
      ),
      html.label(
        [],
        [
          text('Your name'),
          html.input([
            attribute('value', person.name),
            attribute('autocomplete', 'off'),
            onInput((name) => ({ type: 'named', name })),
          ]),
        ],
      ),
    ],
  );
}

/** A whole number from 1 to 100, or nothing. */
function stepOf(value: string | null): Message | undefined {
  const step = Number(value);
  return Number.isInteger(step) && step >= 1 && step <= 100 ? { type: 'stepped', step } : undefined;
}

export const visitor = component<undefined, Model, Message>({
  init,
  update,
  view,
  options: { attributes: { step: stepOf } },
});
