/** The rules of "Page and model agree" in docs/server-components.md, on the model of a page. */
import { describe, expect, it } from 'vitest';
import { effect } from '../../lib/index.ts';
import {
  attribute,
  booleanAttribute,
  component,
  type Element,
  html,
  on,
  onClick,
  onInput,
} from '../../lib/lustre.ts';
import { ComponentRuntime } from '../../lib/lustre/component-runtime.ts';
import { ModelPage } from '../support/agreement-model.ts';

interface Opened {
  readonly page: ModelPage;
  readonly other: ModelPage;
  readonly heard: readonly string[];
}

function open(view: (model: string) => Element<string>, first = ''): Opened {
  const heard: string[] = [];
  const runtime = new ComponentRuntime(
    component<undefined, string, string>({
      init: () => [first, effect.none()],
      update: (_before, value) => {
        heard.push(value);
        return [value.toUpperCase(), effect.none()];
      },
      view: (model) => html.div([], [view(model)]),
    }),
    undefined,
    { failed: () => {}, ended: () => {} },
  );
  runtime.begin();
  const [page, other] = [new ModelPage(runtime as never), new ModelPage(runtime as never)];
  return { page, other, heard };
}

const flushed = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

async function settle(...pages: readonly ModelPage[]): Promise<void> {
  while (pages.some(({ up, down }) => up.length + down.length > 0)) {
    for (const page of pages) {
      if (page.up.length > 0) await page.deliver();
      await flushed();
      while (page.down.length > 0) page.receive();
    }
  }
}

function type(page: ModelPage, text: string): void {
  const input = page.input(0);
  for (const letter of text) {
    input.state['value'] = `${String(input.state['value'])}${letter}`;
    page.fire(input, 'input');
  }
}

const shown = (page: ModelPage): unknown => page.input(0).state['value'];

describe('text of which the model makes capitals', () => {
  const view = (model: string): Element<string> =>
    html.input([attribute('value', model), onInput((value: string) => value)]);

  it('is whole, also where all of it was typed before the first answer', async () => {
    const { page, other } = open(view);

    type(page, 'hello');
    await settle(page, other);

    expect([shown(page), shown(other)]).toEqual(['HELLO', 'HELLO']);
  });

  it('is whole where its user types on while answers are on their way', async () => {
    const { page, other } = open(view);

    for (const letter of 'hello') {
      type(page, letter);
      if (page.up.length > 0) await page.deliver();
      await flushed();
    }
    await settle(page, other);

    expect([shown(page), shown(other)]).toEqual(['HELLO', 'HELLO']);
  });

  it('is that of both users, where two type at once', async () => {
    const { page, other } = open(view);

    type(page, 'ab');
    type(other, 'cd');
    await settle(page, other);

    expect(shown(page)).toBe(shown(other));
    expect(String(shown(page)).split('').sort().join('')).toBe('ABCD');
  });

  it('is believed of a page only as far as it can be: a wrong number loses that page alone', async () => {
    const { page, other } = open(view);

    for (const stamp of [-1, 0.5, 1e9, 'x', [], [1], [1, {}], { a: 1 }]) {
      page.input(0).state['_omni'] = stamp;
      type(page, 'x');
      await settle(page, other);
    }

    expect(shown(page)).toBe(shown(other));
  });
});

describe('a toggle', () => {
  it('that only repeats what was written is no news', async () => {
    const isOpenOf = Object.assign(
      (event: unknown) => String((event as { target: { open: boolean } }).target.open),
      { include: ['target.open'] },
    );
    const { page, other, heard } = open(
      (model) =>
        html.details(
          [booleanAttribute('open', model === 'TRUE'), on('toggle', isOpenOf)],
          [html.summary([onClick('true')], [])],
        ),
      'FALSE',
    );
    const [details] = page.root.children;
    if (details === undefined) throw new Error('Expected details');

    page.fire(details.children[0] as never, 'click');
    await settle(page, other);
    // The browser says of our write what it says of a click.
    details.state['open'] = true;
    page.fire(details, 'toggle');
    await settle(page, other);
    expect(heard).toEqual(['true']);

    details.state['open'] = false;
    page.fire(details, 'toggle');
    await settle(page, other);
    expect(heard).toEqual(['true', 'false']);
  });
});
