/**
 * What a page must look like that shows a random view, said from the view alone; and how to look at
 * a page. `snapshot` runs in a browser too: it uses nothing that is not its own.
 */
import { type Kids, type Shape, type ShapeAttribute, type Value } from './lustre-trees.ts';

/** What `snapshot` reads of a node, in happy-dom and in browsers. */
export interface DomNode {
  readonly nodeType: number;
  readonly nodeValue: string | null;
  readonly childNodes: Iterable<unknown>;
  readonly namespaceURI?: string | null;
  readonly localName?: string;
  readonly attributes?: Iterable<{ readonly name: string; readonly value: string }>;
}

/** The nodes below this one as text; with `isExact` also the empty texts, which hold places. */
export function snapshot(root: DomNode, isExact: boolean): string {
  let text = '';
  for (const child of root.childNodes as Iterable<DomNode>) {
    if (child.nodeType === 3) {
      if (isExact || child.nodeValue !== '') text += `${JSON.stringify(child.nodeValue)}\n`;
    } else {
      const space = child.namespaceURI === 'http://www.w3.org/1999/xhtml' ? '' : 'svg:';
      const attributes = [...(child.attributes ?? [])]
        .map(({ name, value }) => ` ${name}=${JSON.stringify(value)}`)
        .sort();
      text += `<${space}${child.localName}${attributes.join('')}>\n`;
      text += `${snapshot(child, isExact)}</>\n`;
    }
  }
  return text;
}

/** A handler of the view. Elements are counted in the order of the document, without raw HTML. */
export interface ExpectedHandler {
  readonly element: number;
  readonly name: string;
  readonly hit: Hit;
  readonly prevents: boolean;
  readonly debounce: number;
}

/** The message of a handler, with what the maps around it added, from the inside out. */
export interface Hit {
  readonly id: number;
  readonly via: readonly number[];
}

export interface Expected {
  /** As `snapshot` without the empty texts. */
  readonly text: string;
  readonly handlers: readonly ExpectedHandler[];
  readonly properties: readonly {
    readonly element: number;
    readonly name: string;
    readonly value: Value;
  }[];
}

export function expected(shape: Shape): Expected {
  const handlers: ExpectedHandler[] = [];
  const properties: { element: number; name: string; value: Value }[] = [];
  let elements = 0;

  const all = ({ shapes }: Kids, via: readonly number[]): string =>
    shapes.map((kid) => textOf(kid, via)).join('');

  /** One of each name, the last; those that show as attributes. */
  const attributesOf = (
    attributes: readonly ShapeAttribute[],
    via: readonly number[],
    isSvg: boolean,
  ): string => {
    const element = elements++;
    const classes: string[] = [];
    const byName = new Map<string, ShapeAttribute>();
    for (const each of attributes) {
      if (each.name !== 'class') byName.set(each.name, each);
      else if (each.is === 'attribute' && each.value !== '') classes.push(each.value);
    }
    const shown: string[] = [];
    const show = (name: string, value: string): void => {
      shown.push(` ${isSvg ? name : name.toLowerCase()}=${JSON.stringify(value)}`);
    };
    if (classes.length > 0) show('class', classes.join(' '));
    for (const each of byName.values()) {
      const { name } = each;
      if (each.is === 'event') {
        const { id, prevents, debounce } = each;
        handlers.push({ element, name, hit: { id, via }, prevents, debounce });
      } else if (each.is === 'attribute') {
        show(name, each.value);
        if (name === 'value') properties.push({ element, name, value: each.value });
        if (name === 'checked') properties.push({ element, name, value: true });
      } else {
        properties.push({ element, name, value: each.value });
        if (name === 'hidden' && each.value === true) show(name, '');
        if (name === 'title' && typeof each.value === 'string') show(name, each.value);
      }
    }
    return shown.sort().join('');
  };

  const textOf = (node: Shape, via: readonly number[]): string => {
    switch (node.is) {
      case 'text':
        return node.content === '' ? '' : `${JSON.stringify(node.content)}\n`;
      case 'none':
        return '';
      case 'fragment':
        return all(node.kids, via);
      case 'element': {
        const attributes = attributesOf(node.attributes, via, node.isSvg);
        const name = `${node.isSvg ? 'svg:' : ''}${node.tag}`;
        return `<${name}${attributes}>\n${all(node.kids, via)}</>\n`;
      }
      case 'textarea': {
        properties.push({ element: elements++, name: 'value', value: node.content });
        return `<textarea>\n${textOf({ is: 'text', content: node.content }, via)}</>\n`;
      }
      case 'raw':
        elements += 1;
        return `<${node.tag}>\n${rawText(node.innerHtml)}</>\n`;
      case 'map':
        return textOf(node.child, [node.by, ...via]);
      case 'memo':
        return textOf(node.child, via);
    }
  };

  return { text: textOf(shape, []), handlers, properties };
}

/** The markup of the generator: elements that hold a text, and texts between them. */
function rawText(markup: string): string {
  return [...markup.matchAll(/<(\w) data-raw="">([^<]*)<\/\w>|[^<]+/g)]
    .map(([whole, tag, inner]) =>
      tag === undefined
        ? `${JSON.stringify(whole)}\n`
        : `<${tag} data-raw="">\n${JSON.stringify(inner)}\n</>\n`,
    )
    .join('');
}
