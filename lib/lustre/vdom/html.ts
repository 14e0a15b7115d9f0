/**
 * The elements of HTML: `html.div(attributes, children)`. `title`, `textarea`, `option`, `style`
 * and `script` take a string in the place of children.
 *
 * Source: `lustre/element/html` of Lustre.
 */
import { type Attribute, attribute, property } from './attribute.ts';
import { element, text, unsafeRawHtml } from './element.ts';
import { type Element, XHTML } from './node.ts';
import { CHOICE } from './reports.ts';
import { type Tag, tagsOf } from './tag.ts';

const tag = tagsOf(XHTML);

/** A choice of a `select`. To choose one, give it the attribute `selected`. */
export function option<Message = never>(
  attributes: readonly Attribute<NoInfer<Message>>[],
  label: string,
): Element<Message> {
  return element('option', attributes, [text(label)]);
}

/**
 * An option of a `select` with `multiple`, whose value `onChoices` is given.
 * @param value - what the choice is called in the model
 */
export function choice<Message = never>(
  value: string,
  attributes: readonly Attribute<NoInfer<Message>>[],
  label: string,
): Element<Message> {
  return option([attribute('value', value), property(CHOICE, value), ...attributes], label);
}

/** The title of a document. */
export function title<Message = never>(
  attributes: readonly Attribute<NoInfer<Message>>[],
  content: string,
): Element<Message> {
  return element('title', attributes, [text(content)]);
}

/** A field of several lines. Its content is controlled: see `control.ts`. */
export function textarea<Message = never>(
  attributes: readonly Attribute<NoInfer<Message>>[],
  content: string,
): Element<Message> {
  return element<Message>('textarea', [property('value', content), ...attributes], [text(content)]);
}

/** A style sheet for what the component shows. It is CSS of yours, and never checked. */
export function style<Message = never>(
  attributes: readonly Attribute<NoInfer<Message>>[],
  css: string,
): Element<Message> {
  return unsafeRawHtml('style', attributes, css);
}

/** A script, which runs in the page. It is a program of yours, and never checked. */
export function script<Message = never>(
  attributes: readonly Attribute<NoInfer<Message>>[],
  javascript: string,
): Element<Message> {
  return unsafeRawHtml('script', attributes, javascript);
}

export const a: Tag = tag('a');
export const abbr: Tag = tag('abbr');
export const address: Tag = tag('address');
export const area: Tag = tag('area');
export const article: Tag = tag('article');
export const aside: Tag = tag('aside');
export const audio: Tag = tag('audio');
export const b: Tag = tag('b');
export const base: Tag = tag('base');
export const bdi: Tag = tag('bdi');
export const bdo: Tag = tag('bdo');
export const blockquote: Tag = tag('blockquote');
export const br: Tag = tag('br');
export const button: Tag = tag('button');
export const canvas: Tag = tag('canvas');
export const caption: Tag = tag('caption');
export const cite: Tag = tag('cite');
export const code: Tag = tag('code');
export const col: Tag = tag('col');
export const colgroup: Tag = tag('colgroup');
export const data: Tag = tag('data');
export const datalist: Tag = tag('datalist');
export const dd: Tag = tag('dd');
export const del: Tag = tag('del');
export const details: Tag = tag('details');
export const dfn: Tag = tag('dfn');
export const dialog: Tag = tag('dialog');
export const div: Tag = tag('div');
export const dl: Tag = tag('dl');
export const dt: Tag = tag('dt');
export const em: Tag = tag('em');
export const embed: Tag = tag('embed');
export const fieldset: Tag = tag('fieldset');
export const figcaption: Tag = tag('figcaption');
export const figure: Tag = tag('figure');
export const footer: Tag = tag('footer');
export const form: Tag = tag('form');
export const h1: Tag = tag('h1');
export const h2: Tag = tag('h2');
export const h3: Tag = tag('h3');
export const h4: Tag = tag('h4');
export const h5: Tag = tag('h5');
export const h6: Tag = tag('h6');
export const header: Tag = tag('header');
export const hgroup: Tag = tag('hgroup');
export const hr: Tag = tag('hr');
export const i: Tag = tag('i');
export const iframe: Tag = tag('iframe');
export const img: Tag = tag('img');
export const input: Tag = tag('input');
export const ins: Tag = tag('ins');
export const kbd: Tag = tag('kbd');
export const label: Tag = tag('label');
export const legend: Tag = tag('legend');
export const li: Tag = tag('li');
export const link: Tag = tag('link');
export const main: Tag = tag('main');
export const map: Tag = tag('map');
export const mark: Tag = tag('mark');
export const menu: Tag = tag('menu');
export const meta: Tag = tag('meta');
export const meter: Tag = tag('meter');
export const nav: Tag = tag('nav');
export const noscript: Tag = tag('noscript');
export const object: Tag = tag('object');
export const ol: Tag = tag('ol');
export const optgroup: Tag = tag('optgroup');
export const output: Tag = tag('output');
export const p: Tag = tag('p');
export const picture: Tag = tag('picture');
export const pre: Tag = tag('pre');
export const progress: Tag = tag('progress');
export const q: Tag = tag('q');
export const rp: Tag = tag('rp');
export const rt: Tag = tag('rt');
export const ruby: Tag = tag('ruby');
export const s: Tag = tag('s');
export const samp: Tag = tag('samp');
export const search: Tag = tag('search');
export const section: Tag = tag('section');
export const select: Tag = tag('select');
export const slot: Tag = tag('slot');
export const small: Tag = tag('small');
export const source: Tag = tag('source');
export const span: Tag = tag('span');
export const strong: Tag = tag('strong');
export const sub: Tag = tag('sub');
export const summary: Tag = tag('summary');
export const sup: Tag = tag('sup');
export const table: Tag = tag('table');
export const tbody: Tag = tag('tbody');
export const td: Tag = tag('td');
export const template: Tag = tag('template');
export const tfoot: Tag = tag('tfoot');
export const th: Tag = tag('th');
export const thead: Tag = tag('thead');
export const time: Tag = tag('time');
export const tr: Tag = tag('tr');
export const track: Tag = tag('track');
export const u: Tag = tag('u');
export const ul: Tag = tag('ul');
const var_: Tag = tag('var');
export const video: Tag = tag('video');
export const wbr: Tag = tag('wbr');
export { var_ as var };
