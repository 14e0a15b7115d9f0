/** The pauses of `debounce` and `throttle` that the server keeps. No socket is involved. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { effect } from '../../lib/index.ts';
import {
  attribute,
  type Component,
  component,
  debounce,
  html,
  on,
  onChange,
  onClick,
  onInput,
  throttle,
} from '../../lib/lustre.ts';
import { ComponentRuntime } from '../../lib/lustre/component-runtime.ts';
import { type Attribute } from '../../lib/lustre/vdom/attribute.ts';
import { encodeElement } from '../../lib/lustre/vdom/encode.ts';
import { ModelPage } from '../support/agreement-model.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

const typed = (value: string): string => value;

/** An input of which the model makes capitals, a button that suggests Berlin. */
function editor(
  handlers: readonly Attribute<string>[],
  heard: string[] = [],
): Component<undefined, string, string> {
  return component<undefined, string, string>({
    init: () => ['', effect.none()],
    update: (_before, value) => {
      heard.push(value);
      return [value.toUpperCase(), effect.none()];
    },
    view: (value) =>
      html.div(
        [],
        [
          html.input([attribute('value', value), ...handlers]),
          html.button([onClick('Berlin')], []),
        ],
      ),
  });
}

function start(shown: Component<undefined, string, string>): {
  readonly runtime: ComponentRuntime<undefined, string, string>;
  readonly open: () => ModelPage;
} {
  const failed = (error: unknown): never => {
    throw error;
  };
  const runtime = new ComponentRuntime(shown, undefined, { failed, ended: () => {} });
  runtime.begin();
  return { runtime, open: () => new ModelPage(runtime as never) };
}

const flushed = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

/** Types, and has the server hear and answer all of it. */
async function type(page: ModelPage, text: string): Promise<void> {
  const input = page.input(0);
  input.state['value'] = `${String(input.state['value'])}${text}`;
  page.fire(input, 'input');
  await exchange(page);
}

async function exchange(page: ModelPage): Promise<void> {
  await flushed();
  while (page.up.length + page.down.length > 0) {
    if (page.up.length > 0) await page.deliver();
    await flushed();
    while (page.down.length > 0) page.receive();
  }
}

const valueOf = (page: ModelPage): unknown => page.input(0).state['value'];

describe('debounce', () => {
  it('handles the last of a burst, when it has been quiet for so long', async () => {
    const heard: string[] = [];
    const { open } = start(editor([debounce(onInput(typed), 300)], heard));
    const page = open();

    await type(page, 'a');
    vi.advanceTimersByTime(299);
    await type(page, 'b');
    vi.advanceTimersByTime(299);
    expect(heard).toEqual([]);
    vi.advanceTimersByTime(1);
    await exchange(page);

    expect(heard).toEqual(['ab']);
    expect(valueOf(page)).toBe('AB');
  });

  it('loses nothing that was typed before a write, whatever is typed after it', async () => {
    const heard: string[] = [];
    const { open } = start(editor([debounce(onInput(typed), 300)], heard));
    const page = open();

    await type(page, 'a');
    vi.advanceTimersByTime(300);
    // The write of A is on its way when the user goes on.
    const input = page.input(0);
    input.state['value'] = 'abc';
    page.fire(input, 'input');
    await exchange(page);
    expect(valueOf(page)).toBe('A');
    await type(page, 'd');
    vi.advanceTimersByTime(300);
    await exchange(page);

    expect(valueOf(page)).toBe('ABCD');
  });

  it('is over where another event of the same element comes', async () => {
    const heard: string[] = [];
    const left = onChange((value: string) => `${value}.`);
    const { open } = start(editor([debounce(onInput(typed), 300), left], heard));
    const page = open();

    await type(page, 'a');
    page.fire(page.input(0), 'change');
    await exchange(page);

    expect(heard).toEqual(['a', 'a.']);
    expect(vi.getTimerCount()).toBeLessThanOrEqual(1);
  });

  it('drops what was overtaken by what its user did elsewhere', async () => {
    const heard: string[] = [];
    const { open } = start(editor([debounce(onInput(typed), 300)], heard));
    const page = open();

    await type(page, 'Ber');
    page.fire(page.root.children[1] as never, 'click');
    await exchange(page);
    vi.advanceTimersByTime(300);
    await exchange(page);

    expect(heard).toEqual(['Berlin']);
    expect(valueOf(page)).toBe('BERLIN');
  });

  it('holds each of several inputs by itself, also for a handler around them', async () => {
    const heard: string[] = [];
    const around = Object.assign(
      ({ target }: { target: { name: string; value: string } }) => `${target.name}=${target.value}`,
      { include: ['target.name', 'target.value'] },
    );
    const { open } = start(
      component<undefined, string, string>({
        init: () => ['', effect.none()],
        update: (model, value) => {
          heard.push(value);
          return [model, effect.none()];
        },
        view: () =>
          html.div(
            [debounce(on('input', around as never), 300)],
            ['a', 'b'].map((name) => html.input([attribute('name', name), attribute('value', '')])),
          ),
      }),
    );
    const page = open();

    for (const at of [0, 1]) {
      const input = page.input(at);
      input.state['value'] = String(at);
      page.fire(page.root, 'input', input);
    }
    await exchange(page);
    vi.advanceTimersByTime(300);

    expect(heard).toEqual(['a=0', 'b=1']);
  });
});

describe('throttle', () => {
  it('handles the first at once, and the last when its time is over', async () => {
    const heard: string[] = [];
    const { open } = start(editor([throttle(onInput(typed), 100)], heard));
    const page = open();

    await type(page, 'a');
    expect(heard).toEqual(['a']);
    await type(page, 'b');
    await type(page, 'c');
    vi.advanceTimersByTime(99);
    expect(heard).toEqual(['a']);
    vi.advanceTimersByTime(1);
    expect(heard).toEqual(['a', 'Abc']);
    await type(page, 'd');
    expect(heard).toHaveLength(2);
    vi.advanceTimersByTime(200);
    await type(page, 'e');

    expect(heard).toHaveLength(4);
    expect(valueOf(page)).toBe('ABCDE');
  });
});

describe('the end', () => {
  it('of a page brings what waits; that of the component drops it, and its timers', async () => {
    const heard: string[] = [];
    const { runtime, open } = start(editor([debounce(onInput(typed), 300)], heard));
    const [one, other] = [open(), open()];

    await type(one, 'a');
    await type(other, 'b');
    one.leave();
    expect(heard).toEqual(['a']);
    runtime.stop();

    vi.advanceTimersByTime(300);
    expect(heard).toEqual(['a']);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('who keeps the pause', () => {
  const sent = (...attributes: readonly Attribute<string>[]): unknown => {
    const node = encodeElement(
      html.input<string>([...attributes, debounce(onInput(typed), 300)]),
    ) as { attributes?: readonly { name: string; debounce?: number }[] };
    return node.attributes?.find(({ name }) => name === 'input')?.debounce;
  };

  it.each<[string, unknown, readonly Attribute<string>[]]>([
    ['the page, of an input without a value', 300, []],
    ['the server, of one whose value is the model’s', undefined, [attribute('value', 'a')]],
    ['the page, of a number', 300, [attribute('type', 'number'), attribute('value', 1)]],
    ['the server, of 8,192 letters', undefined, [attribute('value', 'a'.repeat(8_192))]],
    ['the page, of 8,193 letters', 300, [attribute('value', 'a'.repeat(8_193))]],
  ])('%s', (_, wanted, attributes) => {
    expect(sent(...attributes)).toBe(wanted);
  });
});
