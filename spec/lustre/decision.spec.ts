/** Which controls are written to in one patch: on the model of a page, without a socket. */
import { describe, expect, it } from 'vitest';
import { effect } from '../../lib/index.ts';
import {
  attribute,
  booleanAttribute,
  component,
  type Element,
  html,
  onChange,
  onCheck,
  onInput,
  property,
} from '../../lib/lustre.ts';
import { ComponentRuntime } from '../../lib/lustre/component-runtime.ts';
import { type ModelNode, ModelPage } from '../support/agreement-model.ts';

type Update = (model: string, value: string) => string;

/** A component whose model is one text, with two pages. */
function open(
  update: Update,
  view: (model: string) => Element<string>,
): readonly [ModelPage, ModelPage] {
  const runtime = new ComponentRuntime(
    component<undefined, string, string>({
      init: () => ['', effect.none()],
      update: (model, value) => [update(model, value), effect.none()],
      view: (model) => html.div([], [view(model)]),
    }),
    undefined,
    { failed: () => {}, ended: () => {} },
  );
  runtime.begin();
  return [new ModelPage(runtime as never), new ModelPage(runtime as never)];
}

/** What a page is sent for an event: the names and values of the attributes. */
async function sentFor(page: ModelPage, at: number, name: string, state: object): Promise<unknown> {
  const controls = [...page.root.all()].filter(({ tag }) => tag === 'input' || tag === 'select');
  const control = controls[at] as ModelNode;
  Object.assign(control.state, state);
  page.fire(control, name);
  await page.deliver();
  await new Promise((resolve) => process.nextTick(resolve));
  const frame = page.down.join('');
  while (page.down.length > 0) page.receive();
  return frame;
}

const keep: Update = (model) => model;
const take: Update = (_model, value) => value;

describe('what is written to a control', () => {
  const input = (model: string): Element<string> =>
    html.input([attribute('value', model), onInput((value: string) => value)]);

  it('is nothing where the page shows what the view says, and the value for the other page', async () => {
    const [page, other] = open(take, input);

    expect(await sentFor(page, 0, 'input', { value: 'a' })).toBe('{"kind":1,"patch":{}}');
    expect(other.down.join('')).toContain('"name":"value","value":"a"');
  });

  it('is the value of the view where the page shows another, which is refused', async () => {
    const [page, other] = open(keep, input);

    expect(await sentFor(page, 0, 'input', { value: 'a' })).toContain('{"kind":0,"name":"value"}');
    expect(other.down).toEqual([]);
  });
});

describe('radio buttons', () => {
  const group = (model: string): Element<string> =>
    html.fieldset(
      [],
      ['a', 'b', 'c'].map((choice) =>
        html.input([
          attribute('type', 'radio'),
          attribute('name', 'group'),
          attribute('value', choice),
          booleanAttribute('checked', model === choice),
          onChange((value: string) => value),
        ]),
      ),
    );

  it('of a group are written together: all of them, or none', async () => {
    const [page] = open(keep, group);

    const refused = String(await sentFor(page, 1, 'change', { checked: true }));

    expect(refused.match(/"name":"checked"/g)).toHaveLength(3);
  });

  it('are not written where the model takes the choice', async () => {
    const [page] = open(take, group);

    const taken = String(await sentFor(page, 1, 'change', { checked: true }));

    expect(taken).toBe('{"kind":1,"patch":{}}');
  });
});

describe('a select', () => {
  const choices = (model: string): Element<string> =>
    html.select(
      [onChange((value: string) => value)],
      ['a', 'b'].map((choice) =>
        html.option(
          [attribute('value', choice), booleanAttribute('selected', model === choice)],
          choice,
        ),
      ),
    );

  it('has all its options written where the choice is refused', async () => {
    const [page] = open(keep, choices);

    const refused = String(await sentFor(page, 0, 'change', { value: 'b' }));

    expect(refused.match(/"name":"selected"/g)).toHaveLength(2);
  });

  it('is not written where the model takes the choice', async () => {
    const [page] = open(take, choices);

    const taken = String(await sentFor(page, 0, 'change', { value: 'b' }));

    expect(taken).not.toContain('_omni');
  });
});

describe('a box', () => {
  const box = (isUndecided: boolean) => (model: string) =>
    html.input<string>([
      attribute('type', 'checkbox'),
      booleanAttribute('checked', model === 'true'),
      property('indeterminate', isUndecided),
      onCheck(String),
    ]);

  it('that the view says is undecided is told so after each click, which undoes it', async () => {
    const [page] = open(take, box(true));

    const sent = await sentFor(page, 0, 'change', { checked: true, indeterminate: false });

    expect(sent).toContain('"name":"indeterminate","value":true');
  });

  it('that it says is decided is left alone', async () => {
    const [page] = open(take, box(false));

    expect(await sentFor(page, 0, 'change', { checked: true })).toBe('{"kind":1,"patch":{}}');
  });
});
