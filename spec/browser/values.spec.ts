/**
 * Goal G33: every property and attribute of every element of HTML and SVG, with 40 values each, in
 * Lustre's own runtime: whatever a view says, its component goes on being patched.
 *
 *     LUSTRE_RUNTIME=… npm run test:browser -- values
 */
import express from 'express';
import { attachWebSockets, effect } from 'express-omnimessage';
import {
  attribute,
  type Attribute,
  component,
  type Element,
  emit,
  html,
  keyed,
  namespaced,
  omniServerComponent,
  property,
  text,
} from 'express-omnimessage/lustre';
import { type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Json } from '../../lib/lustre/vdom/attribute.ts';
import { launchBrowser } from '../support/browser.ts';
import { describeRuntime } from '../support/lustre-runtime.ts';
import { serve } from '../support/serve.ts';

const XHTML = 'http://www.w3.org/1999/xhtml';
const SVG = 'http://www.w3.org/2000/svg';
const words = (list: string): readonly string[] => list.split(/\s+/);

const TAGS: readonly (readonly [namespace: string, tag: string])[] = [
  ...words(
    `a abbr address area article aside audio b base bdi bdo blockquote br button canvas caption cite code
    col colgroup data datalist dd del details dfn dialog div dl dt em embed fieldset figcaption figure
    footer form h1 header hgroup hr i iframe img input ins kbd label legend li link main map mark menu
    meta meter nav noscript object ol optgroup option output p picture pre progress q rp rt ruby s samp
    search section select slot small source span strong sub summary sup table tbody td template textarea
    tfoot th thead time tr track u ul var video wbr my-element`,
  ).map((tag) => [XHTML, tag] as const),
  ...words(
    `a animate circle clipPath defs ellipse feBlend filter foreignObject g image line linearGradient
    marker mask path pattern polygon rect stop svg switch symbol text textPath title tspan use view`,
  ).map((tag) => [SVG, tag] as const),
];

/** The attributes of HTML and of ARIA; those of which the runtime also sets the property are among them. */
const ATTRIBUTES = words(
  `accept accept-charset accesskey action allow allowfullscreen alt aria-checked aria-hidden aria-label
  async autocapitalize autocomplete autofocus autoplay charset checked cite class closedby color cols
  colspan command commandfor content contenteditable controls coords crossorigin data data-x datetime
  decoding default defer dir dirname disabled download draggable enctype enterkeyhint fetchpriority for
  form formaction formenctype formmethod formnovalidate formtarget headers height hidden high href
  hreflang http-equiv id imagesizes imagesrcset inert inputmode integrity is ismap itemid itemprop itemref
  itemscope itemtype kind label lang list loading loop low max maxlength media method min minlength
  multiple muted name nomodule nonce novalidate open optimum part pattern ping placeholder playsinline
  popover popovertarget popovertargetaction poster preload readonly referrerpolicy rel required reversed
  role rows rowspan sandbox scope selected shadowrootmode shape size sizes slot span spellcheck src
  srcdoc srclang srcset start step style summary tabindex target title translate type usemap value
  virtual:defaultChecked virtual:defaultSelected virtual:defaultValue width wrap xlink:href`,
);

const TEXTS: readonly string[] = [
  ...words('a 0 -1 1.5 1e400 NaN true null undefined auto hidden http://[ // </p><p>'),
  '',
  ' ',
  '\0',
  '\u{1F600}',
  '\uD800',
  '\r\n',
  'javascript:alert(1)',
  'x'.repeat(20_000),
];
const NUMBERS: readonly number[] = [
  0,
  -0,
  -1,
  1,
  1.5,
  1e21,
  2_147_483_648,
  -2_147_483_649,
  Number.MAX_VALUE,
  Number.NaN,
  Infinity,
];
const OTHERS: readonly Json[] = [
  true,
  false,
  null,
  [],
  [1, 'a'],
  {},
  { toString: 1 },
  [{ toString: 1 }],
];
const VALUES: readonly Json[] = [...TEXTS, ...NUMBERS, ...OTHERS];

interface Case {
  readonly namespace: string;
  readonly tag: string;
  readonly name: string;
  readonly kind: 'property' | 'attribute';
}

/** An element with each of the values that the words let through. */
function elementsOf({ namespace, tag, name, kind }: Case): readonly Element<never>[] {
  const make = (value: Json): Attribute<never> =>
    kind === 'property' ? property(name, value) : attribute(name, value as string | number);
  return (kind === 'property' ? VALUES : [...TEXTS, ...NUMBERS]).flatMap((value) => {
    try {
      return [namespaced(namespace, tag, [make(value)], [])];
    } catch (error) {
      if (error instanceof TypeError) return [];
      throw error;
    }
  });
}

/** The names of the properties that elements of a tag have; of `div`, those of all elements. */
const namesOf = (page: Page): Promise<readonly (readonly string[])[]> =>
  page.evaluate<readonly (readonly string[])[]>(`(() => {
    const common = new Set();
    for (const name in document.createElement('div')) common.add(name);
    return ${JSON.stringify(TAGS)}.map(([namespace, tag]) => {
      const names = [];
      for (const name in document.createElementNS(namespace, tag)) {
        if (tag === 'div' || !common.has(name)) names.push(name);
      }
      return names;
    });
  })()`);

/** Runs in the page: shows every case, and returns those after which it was not patched. */
const DRIVER = `async (count) => {
  const stuck = [];
  let element;
  const connect = () => new Promise((resolve) => {
    element?.remove();
    element = document.createElement('lustre-server-component');
    document.body.append(element);
    element.addEventListener('lustre:mount', resolve, { once: true });
    element.setAttribute('route', '/values');
  });
  await connect();
  for (let at = 0; at < count; at++) {
    const shown = new Promise((resolve) => element.addEventListener('shown', resolve, { once: true }));
    element.setAttribute('case', String(at));
    await shown;
    const sentinels = [...element.shadowRoot.querySelectorAll('.sentinel')];
    if (sentinels.length === 2 && sentinels.every((each) => each.textContent === String(at))) continue;
    stuck.push(at);
    await connect();
  }
  return stuck;
}`;

describeRuntime('odd values, on the runtime $name', ({ script }) => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  it('stop no component from being patched', async () => {
    const cases: Case[] = [];
    const errors: unknown[] = [];
    let elements = 0;
    const { app, server } = attachWebSockets(express());
    app.ws(
      '/values',
      omniServerComponent({
        component: component<undefined, number, number>({
          init: () => [-1, effect.none()],
          update: (_before, at) => [at, emit('shown', at)],
          view: (at) => {
            const one = cases[at];
            const shown = one === undefined ? [] : elementsOf(one);
            elements += shown.length;
            const sentinel = html.p([attribute('class', 'sentinel')], [text(at)]);
            const rows = shown.map((each, place) => [`${at}.${place}`, each] as const);
            return html.div([], [sentinel, html.section([], keyed(rows)), sentinel]);
          },
          options: {
            attributes: { case: (value) => (value === null ? undefined : Number(value)) },
          },
        }),
        start: () => undefined,
        onError: (error) => void errors.push(error),
      }),
    );
    app.get('/runtime.mjs', (_request, response) => {
      response.type('text/javascript').send(script);
    });
    app.get('/', (_request, response) => {
      response
        .type('html')
        .send('<!doctype html><script type="module" src="/runtime.mjs"></script><body>');
    });
    const url = await serve(server);
    const page = await browser.newPage();
    // What the values name is not to be fetched.
    await page.route('**/*', (route) =>
      new URL(route.request().url()).host === new URL(url).host &&
      ['/', '/runtime.mjs'].includes(new URL(route.request().url()).pathname)
        ? route.continue()
        : route.abort(),
    );
    await page.goto(url);
    await page.waitForFunction("customElements.get('lustre-server-component') !== undefined");
    const names = await namesOf(page);
    for (const [at, [namespace, tag]] of TAGS.entries()) {
      for (const name of names[at] ?? []) cases.push({ namespace, tag, name, kind: 'property' });
    }
    const properties = cases.length;
    for (const [namespace, tag] of TAGS) {
      // A proper part of the tags, and each attribute that is also set as a property, for all.
      for (const name of ATTRIBUTES) {
        const isSynced = ['autofocus', 'autoplay', 'checked', 'selected', 'value'].includes(name);
        const isTried = isSynced || name.startsWith('virtual:') || FULL.has(tag);
        if (isTried) cases.push({ namespace, tag, name, kind: 'attribute' });
      }
    }

    const stuck = await page.evaluate<number[]>(`(${DRIVER})(${cases.length})`);

    process.stdout.write(
      `values: ${properties} properties and ${cases.length - properties} attributes of ` +
        `${TAGS.length} elements, ${elements} values, ${stuck.length} stuck\n`,
    );
    const found = stuck
      .map((at) => cases[at])
      .map((one) => `${one?.kind} ${one?.name} of ${one?.tag}`);
    expect(found.join('\n')).toBe('');
    expect(properties).toBeGreaterThan(500);
    expect(errors).toEqual([]);
  }, 400_000);
});

/** Elements that are tried with every attribute. */
const FULL: ReadonlySet<string> = new Set(
  words('div input progress meter video a my-element svg object iframe select details'),
);
