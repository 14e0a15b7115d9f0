/**
 * Random views and random changes of them, as plain values: what a view should look like can be
 * said without asking the library that renders it. From one seed always come the same.
 */

export type Value = string | number | boolean | null | readonly Value[] | { [name: string]: Value };

export type ShapeAttribute =
  | { readonly is: 'attribute'; readonly name: string; readonly value: string }
  | { readonly is: 'property'; readonly name: string; readonly value: Value }
  | {
      readonly is: 'event';
      readonly name: string;
      /** What the handler's message says, so that it is known which handler was reached. */
      readonly id: number;
      readonly include: readonly string[];
      readonly prevents: boolean;
      readonly stops: boolean;
      readonly debounce: number;
    };

export interface Kids {
  readonly shapes: readonly Shape[];
  readonly keys: readonly string[] | undefined;
}

export type Shape =
  | { readonly is: 'text'; readonly content: string }
  | { readonly is: 'none' }
  | { readonly is: 'fragment'; readonly kids: Kids }
  | {
      readonly is: 'element';
      readonly isSvg: boolean;
      readonly tag: string;
      readonly attributes: readonly ShapeAttribute[];
      readonly kids: Kids;
    }
  | { readonly is: 'textarea'; readonly content: string }
  | { readonly is: 'raw'; readonly tag: 'div' | 'style'; readonly innerHtml: string }
  | { readonly is: 'map'; readonly by: number; readonly child: Shape }
  /** The child is another one only when the version is. */
  | {
      readonly is: 'memo';
      readonly id: number;
      readonly version: number;
      readonly child: Shape;
    };

const NO_KIDS: Kids = { shapes: [], keys: undefined };
/** `a` is of both namespaces. */
const HTML_TAGS = ['div', 'p', 'ul', 'li', 'button', 'input', 'my-element', 'a'];
const SVG_TAGS = ['svg', 'g', 'circle', 'linearGradient', 'a'];
const TEXTS = ['', 'a', 'b', 'Count: 1', '<b>&amp;', '\u0000', '🦄 \u202e', '  '];
const KEYS = 'a b c d e f g h 0 1 2 k/1.x __proto__ constructor %'.split(' ');
const ODD_KEYS = ['', 'tab\tkey', 'return\rkey', '%09', 'line\nkey'];
/** Elements that no view made are marked, so that those of a view can be counted. */
const RAW: Readonly<Record<'div' | 'style', readonly string[]>> = {
  div: ['', 'text', '<b data-raw="">1</b>', '<b data-raw="">1</b> and <i data-raw="">2</i>'],
  style: ['', 'p{color:red}'],
};
const PROPERTIES: readonly (readonly [string, readonly Value[]])[] = [
  ['hidden', [true, false]],
  ['title', ['x', 'y', '']],
  ['payload', [1, null, [1, { a: 'b' }], [1, { a: 'c' }], { __proto__x: [] }]],
];

/** Makes random views; see the head of this file. */
export class Trees {
  #state: number;
  #ids = 0;
  /** All inputs of one program have one type: a browser moves values about when it changes. */
  readonly #inputType: string;

  constructor(seed: number) {
    this.#state = seed >>> 0;
    this.#inputType = this.#one(['text', 'checkbox']);
  }

  /** From 0 up to, but not including. (Mulberry32: small, and the same on every machine.) */
  #below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(this.#state ^ (this.#state >>> 15), this.#state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return Math.floor((((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32) * limit);
  }
  #one<Item>(items: readonly Item[]): Item {
    return items[this.#below(items.length)] as Item;
  }
  #chance(percent: number): boolean {
    return this.#below(100) < percent;
  }

  /** A new view: mostly one with something in it. */
  view(): Shape {
    if (this.#chance(10)) return this.#shape(4, false);
    const kids = { shapes: [0, 1, 2].map(() => this.#shape(4, false)), keys: undefined };
    if (this.#chance(50)) return { is: 'fragment', kids };
    return { is: 'element', isSvg: false, tag: 'div', attributes: [], kids };
  }

  #shape(depth: number, isSvg: boolean): Shape {
    const die = this.#below(depth === 0 ? 25 : 100);
    if (die < 15) return { is: 'text', content: this.#one(TEXTS) };
    if (die < 19) return { is: 'none' };
    if (die < 22) return this.#raw(this.#one(['div', 'style']));
    if (die < 25) return { is: 'textarea', content: this.#one(TEXTS) };
    if (die < 40) return { is: 'fragment', kids: this.#kids(depth - 1, isSvg) };
    if (die < 46) return { is: 'map', by: this.#below(100), child: this.#shape(depth - 1, isSvg) };
    if (die < 52) {
      return { is: 'memo', id: ++this.#ids, version: 0, child: this.#shape(depth - 1, isSvg) };
    }
    const willBeSvg = isSvg || this.#chance(10);
    const tag = this.#one(willBeSvg ? SVG_TAGS : HTML_TAGS);
    return {
      is: 'element',
      isSvg: willBeSvg,
      tag,
      attributes: this.#attributes(tag, willBeSvg),
      kids: tag === 'input' ? NO_KIDS : this.#kids(depth - 1, willBeSvg),
    };
  }

  #raw(tag: 'div' | 'style'): Shape {
    return { is: 'raw', tag, innerHtml: this.#one(RAW[tag]) };
  }

  #kids(depth: number, isSvg: boolean): Kids {
    const length = this.#below(this.#chance(20) ? 9 : 5);
    const shapes = Array.from({ length }, () => this.#shape(depth, isSvg));
    return { shapes, keys: this.#chance(50) ? this.#keys(length) : undefined };
  }

  #keys(count: number): string[] {
    const keys: string[] = [];
    // Sometimes one stands there twice.
    while (keys.length < count) keys.push(this.#freshKey(this.#chance(2) ? [] : keys));
    return keys;
  }
  #freshKey(taken: readonly string[]): string {
    for (;;) {
      const key = this.#one(this.#chance(10) ? ODD_KEYS : KEYS);
      if (!taken.includes(key)) return key;
    }
  }

  #attributes(tag: string, isSvg: boolean): ShapeAttribute[] {
    const attributes: ShapeAttribute[] = [];
    if (tag === 'input') {
      attributes.push({ is: 'attribute', name: 'type', value: this.#inputType });
      if (this.#inputType === 'checkbox') {
        if (this.#chance(50)) attributes.push({ is: 'attribute', name: 'checked', value: '' });
        else attributes.push({ is: 'property', name: 'checked', value: false });
      } else if (this.#chance(70)) {
        const is = this.#one(['attribute', 'property'] as const);
        attributes.push({ is, name: 'value', value: this.#one(['', 'a', 'b']) });
      }
    }
    for (let left = this.#below(4); left > 0; left -= 1) attributes.push(this.#attribute(isSvg));
    if (this.#chance(40)) attributes.push(this.#event());
    if (this.#chance(10)) attributes.push(this.#event());
    return attributes;
  }

  #attribute(isSvg: boolean): ShapeAttribute {
    if (!isSvg && this.#chance(35)) {
      const [name, values] = this.#one(PROPERTIES);
      return { is: 'property', name, value: this.#one(values) };
    }
    const name = this.#one(['class', 'class', 'title', 'hidden', 'data-a', 'data-b', 'viewBox']);
    return {
      is: 'attribute',
      name,
      value: name === 'hidden' ? '' : this.#one(['', 'x', 'y "z" <']),
    };
  }

  #event(): Extract<ShapeAttribute, { is: 'event' }> {
    return {
      is: 'event',
      name: this.#one(['click', 'click', 'input', 'odd-event', 'mouseover']),
      id: ++this.#ids,
      include: this.#one([[], ['type'], ['target.id'], ['target.id', 'type']]),
      prevents: this.#chance(20),
      stops: this.#chance(20),
      debounce: this.#chance(10) ? 50 : 0,
    };
  }

  /** The view after a change: mostly like the one before. */
  changed(shape: Shape): Shape {
    const die = this.#below(100);
    if (die < 3) return this.view();
    if (die < 8) return shape;
    return this.#vary(shape, this.#one([3, 10, 30]), 4, false);
  }

  /** The same keys in another order, some of them gone. */
  rearranged(keys: readonly string[]): readonly string[] {
    const left = keys.filter(() => !this.#chance(8));
    for (let moves = this.#below(left.length + 1); moves > 0; moves -= 1) {
      left.splice(this.#below(left.length), 0, ...left.splice(this.#below(left.length), 1));
    }
    return this.#chance(10) ? left.reverse() : left;
  }

  /** Each node changes with this chance; what it contains may change in any case. */
  #vary(shape: Shape, percent: number, depth: number, isSvg: boolean): Shape {
    const changes = this.#chance(percent);
    if (changes && this.#chance(25)) return this.#shape(Math.max(depth - 1, 0), isSvg);
    switch (shape.is) {
      case 'text':
        return changes ? { is: 'text', content: this.#one(TEXTS) } : shape;
      case 'none':
        return shape;
      case 'raw':
        return changes ? this.#raw(shape.tag) : shape;
      case 'textarea':
        return changes ? { ...shape, content: this.#one(TEXTS) } : shape;
      case 'fragment':
        return { ...shape, kids: this.#varyKids(shape.kids, changes, percent, depth, isSvg) };
      case 'map':
        return {
          ...shape,
          by: changes ? this.#below(100) : shape.by,
          child: this.#vary(shape.child, percent, depth - 1, isSvg),
        };
      case 'memo':
        return changes
          ? {
              ...shape,
              version: shape.version + 1,
              child: this.#vary(shape.child, percent, depth - 1, isSvg),
            }
          : shape;
      case 'element': {
        const kids = this.#varyKids(shape.kids, changes, percent, depth, shape.isSvg);
        if (changes && shape.tag !== 'input' && this.#chance(30)) return this.#renamed(shape, kids);
        const { tag } = shape;
        return {
          ...shape,
          attributes: this.#chance(percent)
            ? this.#attributes(tag, shape.isSvg)
            : this.#newHandlers(shape.attributes),
          kids: tag === 'input' ? NO_KIDS : kids,
        };
      }
    }
  }

  /** The same children in another element: where it has a key, it may move at the same time. */
  #renamed({ isSvg, attributes }: Extract<Shape, { is: 'element' }>, kids: Kids): Shape {
    if (this.#chance(30)) {
      return { is: 'element', isSvg: !isSvg, tag: 'a', attributes: [this.#event()], kids };
    }
    const tag = this.#one(isSvg ? SVG_TAGS : ['div', 'p', 'a']);
    return { is: 'element', isSvg, tag, attributes, kids };
  }

  /** A view makes its handlers anew each time, with what they know by then. */
  #newHandlers(attributes: readonly ShapeAttribute[]): readonly ShapeAttribute[] {
    if (!this.#chance(30)) return attributes;
    return attributes.map((each) => {
      if (each.is !== 'event') return each;
      if (this.#chance(70)) return { ...each, id: ++this.#ids };
      return { ...this.#event(), name: each.name };
    });
  }

  #varyKids(kids: Kids, changes: boolean, percent: number, depth: number, isSvg: boolean): Kids {
    const shapes = kids.shapes.map((kid) => this.#vary(kid, percent, depth - 1, isSvg));
    const keys = kids.keys === undefined ? undefined : [...kids.keys];
    if (!changes) return { shapes, keys };
    for (let left = 1 + this.#below(3); left > 0; left -= 1) {
      this.#edit(shapes, keys, depth, isSvg);
    }
    if (this.#chance(5)) return { shapes, keys: keys ? undefined : this.#keys(shapes.length) };
    return { shapes, keys };
  }

  #edit(shapes: Shape[], keys: string[] | undefined, depth: number, isSvg: boolean): void {
    const at = this.#below(shapes.length + 1);
    const die = this.#below(100);
    if (shapes.length === 0 || (die < 30 && shapes.length < 12)) {
      shapes.splice(at, 0, this.#shape(Math.max(depth - 1, 0), isSvg));
      keys?.splice(at, 0, this.#freshKey(this.#chance(2) ? [] : keys));
    } else if (die < 55) {
      shapes.splice(at, 1);
      keys?.splice(at, 1);
    } else if (die < 60) {
      shapes.reverse();
      keys?.reverse();
    } else {
      const to = this.#below(shapes.length);
      const from = this.#below(shapes.length);
      shapes.splice(to, 0, ...shapes.splice(from, 1));
      keys?.splice(to, 0, ...keys.splice(from, 1));
    }
  }
}
