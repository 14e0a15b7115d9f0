/**
 * Random components of inputs of every kind: some take what is entered, some change it, some refuse
 * it. From one seed always come the same.
 */
import { effect } from 'express-omnimessage';
import {
  attribute,
  booleanAttribute,
  type Component,
  component,
  debounce,
  decodeEvent,
  type Element,
  html,
  on,
  onChange,
  onCheck,
  onChoices,
  onClick,
  onInput,
  onSubmit,
  property,
  text,
  throttle,
} from 'express-omnimessage/lustre';
import { object, string } from 'superstruct';
import { randomOf } from './random.ts';

export interface Field {
  readonly name: string;
  readonly kind: (typeof KINDS)[number];
  /** What the model makes of what is entered. */
  readonly rule: (typeof RULES)[number];
  readonly pace: 'none' | 'debounced' | 'throttled';
  readonly isProperty: boolean;
}

const KINDS = [
  'text',
  'text',
  'textarea',
  'number',
  'change',
  'blur',
  'checkbox',
  'radio',
  'select',
  'choices',
  'details',
  'summary',
  'submitted',
  'delegated',
] as const;
const RULES = ['echo', 'echo', 'upper', 'short', 'refuse', 'server'] as const;

type Value = string | number | boolean | readonly string[] | undefined;
export type Model = Readonly<Record<string, Value>>;
export type Message =
  | { readonly type: 'entered'; readonly field: string; readonly value: Value }
  | { readonly type: 'set'; readonly field: string }
  | { readonly type: 'tick' };

export function fieldsOf(seed: number): readonly Field[] {
  const below = randomOf(seed);
  const one = <Item>(items: readonly Item[]): Item => items[below(items.length)] as Item;
  return Array.from({ length: 1 + below(3) }, (_, at) => ({
    name: `f${at}`,
    kind: one(KINDS),
    rule: one(RULES),
    pace: one(['none', 'none', 'none', 'debounced', 'throttled'] as const),
    isProperty: below(4) === 0,
  }));
}

const CHOICES = ['a', 'b', 'c', 'd'];

export function componentOf(seed: number): Component<undefined, Model, Message> {
  const fields = fieldsOf(seed);
  const byName = new Map(fields.map((field) => [field.name, field]));
  return component<undefined, Model, Message>({
    init: () => [
      Object.fromEntries(fields.map(({ name, kind }) => [name, first(kind)])),
      effect.none(),
    ],
    update: (model, message) => {
      if (message.type === 'tick')
        return [{ ...model, ticks: Number(model['ticks'] ?? 0) + 1 }, effect.none()];
      const field = byName.get(message.field);
      if (field === undefined) return [model, effect.none()];
      const before = model[field.name];
      const value =
        message.type === 'set' ? another(field.kind, before) : ruled(field, before, message.value);
      return [{ ...model, [field.name]: value }, effect.none()];
    },
    view: (model) =>
      html.div(
        [],
        [
          html.p([], [text(Number(model['ticks'] ?? 0))]),
          html.button([attribute('class', 'tick'), onClick({ type: 'tick' })], [text('tick')]),
          ...fields.map((field) => fieldView(field, model[field.name])),
        ],
      ),
  });
}

function first(kind: Field['kind']): Value {
  if (kind === 'checkbox' || kind === 'details' || kind === 'summary') return false;
  if (kind === 'radio' || kind === 'select') return 'a';
  if (kind === 'choices') return [];
  return kind === 'number' ? 0 : '';
}

function another(kind: Field['kind'], before: Value): Value {
  if (typeof before === 'boolean') return !before;
  if (kind === 'radio' || kind === 'select') {
    return CHOICES[(CHOICES.indexOf(String(before)) + 1) % CHOICES.length];
  }
  if (Array.isArray(before)) return before.length === 0 ? ['b', 'd'] : [];
  return typeof before === 'number' ? before + 1 : `${String(before).slice(0, 3)}!`;
}

function ruled({ kind, rule }: Field, before: Value, value: Value): Value {
  if (rule === 'refuse') return before;
  if (kind === 'number') {
    const number = Number(value);
    return Number.isFinite(number) ? number : before;
  }
  if (typeof value !== 'string' || kind === 'radio' || kind === 'select') return value;
  if (rule === 'upper') return value.toUpperCase();
  if (rule === 'short') return value.slice(0, 4);
  return kind === 'blur' ? value.trim() : value;
}

function fieldView(field: Field, value: Value): Element<Message> {
  const { name, rule, kind } = field;
  const change: Element<Message> = html.button(
    [attribute('class', 'set'), onClick({ type: 'set', field: name })],
    [text('set')],
  );
  return html.div(
    [attribute('data-rule', rule), attribute('data-kind', kind)],
    [control(field, value), ...(rule === 'server' ? [change] : [])],
  );
}

function control(field: Field, value: Value): Element<Message> {
  const { name, kind, isProperty } = field;
  const entered = (entry: Value): Message => ({ type: 'entered', field: name, value: entry });
  const named = attribute('name', name);
  const shown = isProperty ? property('value', String(value)) : attribute('value', String(value));
  const paced: typeof debounce = (handler) => {
    if (field.pace === 'debounced') return debounce(handler, 15);
    return field.pace === 'throttled' ? throttle(handler, 15) : handler;
  };
  switch (kind) {
    case 'text':
      return html.input([named, shown, paced(onInput(entered), 0)]);
    case 'textarea':
      return html.textarea([named, paced(onInput(entered), 0)], String(value));
    case 'number':
      return html.input([named, attribute('type', 'number'), shown, paced(onInput(entered), 0)]);
    case 'change':
      return html.input([named, shown, onChange(entered)]);
    case 'blur':
      return html.input([
        named,
        shown,
        on(
          'blur',
          decodeEvent(object({ target: object({ value: string() }) }), ({ target }) =>
            entered(target.value),
          ),
        ),
      ]);
    case 'checkbox':
      return html.label(
        [],
        [
          html.input([
            named,
            attribute('type', 'checkbox'),
            booleanAttribute('checked', value === true),
            onCheck(entered),
          ]),
          text('check'),
        ],
      );
    case 'radio':
      return html.fieldset(
        [],
        CHOICES.map((choice) =>
          html.input([
            named,
            attribute('type', 'radio'),
            attribute('value', choice),
            booleanAttribute('checked', value === choice),
            onChange(entered),
          ]),
        ),
      );
    case 'select':
      return html.select(
        [named, onChange(entered)],
        CHOICES.map((choice) =>
          html.option([booleanAttribute('selected', value === choice)], choice),
        ),
      );
    case 'choices':
      return html.select(
        [named, booleanAttribute('multiple', true), onChoices(entered)],
        CHOICES.map((choice) =>
          html.choice(
            choice,
            [booleanAttribute('selected', (value as readonly string[]).includes(choice))],
            choice,
          ),
        ),
      );
    case 'details':
      return html.details(
        [
          booleanAttribute('open', value === true),
          on(
            'toggle',
            Object.assign(
              (event: unknown) =>
                entered((event as { target?: { open?: boolean } }).target?.open === true),
              { include: ['target.open'] },
            ),
          ),
        ],
        [html.summary([], [text('more')])],
      );
    case 'summary':
      return html.details(
        [booleanAttribute('open', value === true)],
        [html.summary([onClick(entered(value !== true))], [text('more')])],
      );
    case 'submitted':
      return html.form(
        [onSubmit((fields) => entered(new Map(fields).get(name)))],
        [html.input([named, shown]), html.button([], [text('submit')])],
      );
    case 'delegated':
      return html.form(
        [
          on(
            'input',
            decodeEvent(object({ target: object({ value: string() }) }), ({ target }) =>
              entered(target.value),
            ),
          ),
        ],
        [html.input([named, shown])],
      );
  }
}
