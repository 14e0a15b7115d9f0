/**
 * What users can change, kind by kind, in two pages of one component on Lustre's own runtime: once
 * all is quiet both show what a fresh mount shows.
 */
import express from 'express';
import { attachWebSockets, effect } from 'express-omnimessage';
import {
  attribute,
  booleanAttribute,
  component,
  type Element,
  html,
  on,
  onCheck,
  onChoices,
  onClick,
  onInput,
  omniServerComponent,
  onChange,
  property,
  type ServerComponent,
  startServerComponent,
  text,
} from 'express-omnimessage/lustre';
import { type Browser, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { launchBrowser } from '../support/browser.ts';
import { describeRuntime } from '../support/lustre-runtime.ts';
import { serve } from '../support/serve.ts';

type Value = string | boolean | readonly string[];
type Model = Readonly<Record<string, Value>>;
type Message = Model | 'tick';

/** An event of which the handler wants a property of the target. */
const target = (name: string, toMessage: (value: never) => Message): never =>
  Object.assign(
    (event: { target: Record<string, unknown> }) => toMessage(event.target[name] as never),
    { include: [`target.${name}`] },
  ) as never;

/** A number, and whether something was heard that is none. */
const signed = ({ a, isHalf }: Model): Element<Message> =>
  html.div(
    [],
    [
      html.input([
        attribute('name', 'a'),
        attribute('type', 'number'),
        attribute('value', String(a)),
        onInput((value: string) => (value === '' ? { isHalf: true } : { a: value })),
      ]),
      html.output([], [text(isHalf === true ? 'half' : 'whole')]),
    ],
  );

/** Types a minus in the place of the number, and waits until the page has been answered. */
async function typeMinus(page: Page): Promise<void> {
  await page.locator('input').selectText();
  await page.keyboard.type('-');
  await page.locator('output', { hasText: 'half' }).waitFor();
}

interface Case {
  readonly title: string;
  readonly first: Model;
  readonly view: (model: Model) => Element<Message>;
  /** What a user does, in the first of two pages. */
  readonly act: (page: Page, other: Page) => Promise<void>;
  /** The model afterwards. */
  readonly model: Model;
}

const CHOICES = ['a', 'b', 'c'];
const named = (name: string): string => `[name=${name}]`;

const CASES: readonly Case[] = [
  {
    title: 'a reset button gives the view, not what the input began with',
    first: { a: 'one' },
    view: ({ a }) =>
      html.form(
        [],
        [
          html.input([
            attribute('name', 'a'),
            attribute('value', String(a)),
            onInput((value: string) => ({ a: value })),
          ]),
          html.button([attribute('type', 'reset')], [text('reset')]),
        ],
      ),
    act: async (page) => {
      await page.locator(named('a')).fill('two');
      await page.locator('button').click();
    },
    model: { a: 'two' },
  },
  {
    title: 'a reset button, in an input that nobody listens to',
    first: { a: 'one' },
    view: ({ a }) =>
      html.form(
        [],
        [
          html.input([attribute('name', 'a'), attribute('value', String(a))]),
          html.input([attribute('type', 'checkbox'), booleanAttribute('checked', true)]),
          html.input([attribute('type', 'reset'), attribute('value', 'reset')]),
        ],
      ),
    act: async (page) => {
      await page.locator(named('a')).fill('two');
      await page.locator('[type=checkbox]').click();
      await page.locator('[type=reset]').click();
    },
    model: { a: 'one' },
  },
  {
    title: 'details of one name',
    first: { open: 'a' },
    view: ({ open }) =>
      html.div(
        [],
        CHOICES.map((choice) =>
          html.details(
            [
              attribute('name', 'group'),
              booleanAttribute('open', open === choice),
              on(
                'toggle',
                target('open', (isOpen: boolean) => (isOpen ? { open: choice } : 'tick')),
              ),
            ],
            [html.summary([], [text(choice)]), text('inside')],
          ),
        ),
      ),
    act: async (page, other) => {
      await page.locator('summary').nth(1).click();
      await other.locator('details:nth-child(2)[open]').waitFor();
      await other.locator('summary').nth(2).click();
    },
    model: { open: 'c' },
  },
  {
    title: 'a dialog that its user closes',
    first: { isOpen: true },
    view: ({ isOpen }) =>
      html.dialog(
        [booleanAttribute('open', isOpen === true), on('close', () => ({ isOpen: false }))],
        [html.form([attribute('method', 'dialog')], [html.button([], [text('close')])])],
      ),
    act: (page) => page.locator('button').click(),
    model: { isOpen: false },
  },
  {
    title: 'a choice of a radio group that the model refuses',
    first: { choice: 'a' },
    view: ({ choice }) =>
      html.fieldset(
        [],
        CHOICES.map((each) =>
          html.input([
            attribute('type', 'radio'),
            attribute('name', 'group'),
            attribute('value', each),
            booleanAttribute('checked', choice === each),
            onChange((value: string) => (value === 'b' ? 'tick' : { choice: value })),
          ]),
        ),
      ),
    act: async (page, other) => {
      await page.locator('[value=c]').click();
      await other.locator('[value=b]').click();
      await page.locator('[value=b]').click();
    },
    model: { choice: 'c' },
  },
  {
    title: 'several choices',
    first: { choices: ['a'] },
    view: ({ choices }) =>
      html.select(
        [booleanAttribute('multiple', true), onChoices((chosen) => ({ choices: chosen }))],
        CHOICES.map((each) =>
          html.choice(
            each,
            [booleanAttribute('selected', (choices as readonly string[]).includes(each))],
            each,
          ),
        ),
      ),
    act: async (page, other) => {
      await page.locator('select').selectOption(['a', 'b']);
      await other.locator('select').selectOption(['b', 'c']);
    },
    model: { choices: ['b', 'c'] },
  },
  {
    title: 'a number that is half typed when it is left',
    first: { a: '7' },
    view: ({ a }) =>
      html.input([
        attribute('name', 'a'),
        attribute('type', 'number'),
        attribute('value', String(a)),
        onInput((value: string) => (value === '' ? 'tick' : { a: value })),
      ]),
    act: async (page) => {
      await page.locator(named('a')).press('End');
      await page.keyboard.type('5');
      await page.keyboard.type('e');
      await page.locator(named('a')).blur();
    },
    model: { a: '75' },
  },
  {
    title: 'a minus that a number begins with',
    first: { a: '7', isHalf: false },
    view: signed,
    act: async (page) => {
      await typeMinus(page);
      await page.keyboard.type('5');
    },
    model: { a: '-5', isHalf: true },
  },
  {
    title: 'a minus that is all of a number when it is left',
    first: { a: '7', isHalf: false },
    view: signed,
    act: async (page) => {
      await typeMinus(page);
      await page.locator('input').blur();
    },
    model: { a: '7', isHalf: true },
  },
  {
    title: 'a date',
    first: { day: '2026-01-01' },
    view: ({ day }) =>
      html.input([
        attribute('name', 'day'),
        attribute('type', 'date'),
        attribute('value', String(day)),
        onChange((value: string) => ({ day: value === '' ? String(day) : value })),
      ]),
    act: async (page, other) => {
      await page.locator(named('day')).fill('2026-02-03');
      await other.locator(named('day')).fill('');
    },
    model: { day: '2026-02-03' },
  },
  {
    title: 'a box that the view says is undecided, whatever is clicked',
    first: { isChecked: false },
    view: ({ isChecked }) =>
      html.input([
        attribute('type', 'checkbox'),
        booleanAttribute('checked', isChecked === true),
        property('indeterminate', true),
        onCheck((checked) => ({ isChecked: checked })),
      ]),
    act: (page) => page.locator('input').click(),
    model: { isChecked: true },
  },
  {
    title: 'a box that is refused, inside a label around a box that is heard by its form',
    first: { isChecked: false },
    view: ({ isChecked }) =>
      html.form(
        [on('input', () => 'tick')],
        [
          html.label(
            [],
            [
              html.input([
                attribute('type', 'checkbox'),
                attribute('name', 'box'),
                booleanAttribute('checked', isChecked === true),
              ]),
              html.span([], [text('label')]),
            ],
          ),
        ],
      ),
    act: (page) => page.locator('span').click(),
    model: { isChecked: false },
  },
  {
    title: 'a color and a range',
    first: { color: '#000000', range: '5' },
    view: (model) =>
      html.div(
        [],
        ['color', 'range'].map((type) =>
          html.input([
            attribute('type', type),
            attribute('name', type),
            attribute('value', String(model[type])),
            onInput((value: string) => ({ [type]: value.toUpperCase() })),
          ]),
        ),
      ),
    act: async (page, other) => {
      await page.locator(named('color')).fill('#ff00aa');
      await other.locator(named('range')).fill('7');
    },
    model: { color: '#FF00AA', range: '7' },
  },
];

const BOX = `document.getElementById('live').shadowRoot.querySelector('[type=checkbox]')`;

/** What a page shows of all that its user can change. */
const STATE = `(root) => [...root.querySelectorAll('input,select,option,details,dialog,textarea')].map(
  ({ tagName, value, checked, selected, open, indeterminate }) =>
    [tagName, value, checked, selected, open, indeterminate].join(' ')).join('\\n')`;

describeRuntime('controls in two pages, on the runtime $name', ({ script }) => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());
  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
  });

  interface Shown {
    readonly pages: readonly [Page, Page];
    readonly shared: ServerComponent<Message>;
    readonly model: () => Model;
  }

  async function show(first: Model, view: (model: Model) => Element<Message>): Promise<Shown> {
    let model = first;
    const shared = startServerComponent(
      component<undefined, Model, Message>({
        init: () => [first, effect.none()],
        update: (before, message) => {
          if (message === 'tick') return [before, effect.none()];
          model = { ...before, ...message };
          return [model, effect.none()];
        },
        view: (shown) => html.div([], [view(shown), html.p([onClick('tick')], [text('p')])]),
      }),
      undefined,
      { onError: (error) => expect.fail(String(error)) },
    );
    const { app, server } = attachWebSockets(express());
    app.ws('/live', omniServerComponent({ shared: () => shared }));
    app.get('/runtime.mjs', (_request, response) => {
      response.type('text/javascript').send(script);
    });
    app.get('/', (_request, response) => {
      response
        .type('html')
        .send(
          '<!doctype html><script type="module" src="/runtime.mjs"></script><body>' +
            '<lustre-server-component id="live" route="/live"></lustre-server-component>',
        );
    });
    const url = await serve(server);
    const open = async (): Promise<Page> => {
      const page = await browser.newPage();
      page.setDefaultTimeout(30_000);
      await page.goto(url);
      await page.locator('p').waitFor();
      return page;
    };
    return { pages: [await open(), await open()], shared, model: () => model };
  }

  it.each(CASES)('$title', async ({ first, view, act, model: wanted }) => {
    const { pages, shared, model } = await show(first, view);

    await act(...pages);

    await expect.poll(model, { timeout: 20_000 }).toEqual({ ...first, ...wanted });
    for (const page of pages) {
      // The page, and a fresh mount beside it.
      const states = (): Promise<readonly string[]> =>
        page.evaluate<readonly string[]>(`(async () => {
          globalThis.fresh ??= new Promise((resolve) => {
            const element = document.createElement('lustre-server-component');
            element.hidden = true;
            document.body.append(element);
            element.addEventListener('lustre:mount', () => resolve(element));
            element.setAttribute('route', '/live');
          });
          const state = ${STATE};
          return [document.getElementById('live'), await fresh].map(({ shadowRoot }) => state(shadowRoot));
        })()`);
      await expect
        .poll(
          async () => {
            const [live, fresh] = await states();
            return live === fresh ? 'agree' : `live: ${live}, fresh: ${fresh}`;
          },
          { timeout: 20_000 },
        )
        .toBe('agree');
    }
    shared.stop();
  });

  it('what the view leaves to the user stays, whatever is patched around it', async () => {
    const { pages, shared } = await show({ count: '0' }, ({ count }) =>
      html.div(
        [],
        [
          html.output([], [text(String(count))]),
          html.div([attribute('contenteditable', 'true')], [text('edit')]),
          html.input([attribute('type', 'file')]),
          html.input([attribute('type', 'checkbox')]),
          html.details([], [html.summary([], [text('more')])]),
          html.button([onClick({ count: String(Number(count) + 1) })], [text('more')]),
        ],
      ),
    );
    const [page, other] = pages;

    await page.locator('[contenteditable]').fill('typed');
    await page
      .locator('[type=file]')
      .setInputFiles({ name: 'a.txt', mimeType: 'text/plain', buffer: Buffer.from('a') });
    await page.evaluate(`${BOX}.indeterminate = true`);
    await page.locator('summary').click();
    await page.locator('[contenteditable]').focus();
    await other.locator('button').click();
    await page.locator('output', { hasText: '1' }).waitFor();
    await page.keyboard.type('!');

    expect(await page.locator('[contenteditable]').textContent()).toContain('!');
    expect(await page.locator('[type=file]').inputValue()).toContain('a.txt');
    expect(await page.evaluate(`${BOX}.indeterminate`)).toBe(true);
    expect(await page.locator('details[open]').count()).toBe(1);
    expect(await other.locator('[contenteditable]').textContent()).toBe('edit');
    shared.stop();
  });
});
