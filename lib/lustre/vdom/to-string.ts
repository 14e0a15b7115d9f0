/**
 * A view as HTML: for mail, for a first page, and for what is shown before the runtime has connected.
 *
 * Source: `element.to_string` of Lustre.
 */
import { type Carried } from './attribute.ts';
import { type Element, type Shown, shown, XHTML } from './node.ts';

/** Elements of HTML that have no end tag. */
const VOID: ReadonlySet<string> = new Set(
  'area base br col embed hr img input link meta source track wbr'.split(' '),
);

/** Elements whose text the parser takes as it is, without entities. */
const RAW_TEXT: ReadonlySet<string> = new Set(['script', 'style']);

/** Properties of a first view that HTML has as boolean attributes. */
const BOOLEAN: ReadonlySet<string> = new Set(
  'async autofocus autoplay checked controls default defer disabled hidden inert loop multiple muted open required reversed selected'.split(
    ' ',
  ),
);

/**
 * Writes a view as HTML. Text and attributes are escaped; handlers are left out, and of properties
 * those remain that HTML has as an attribute: `value`, and the boolean ones.
 *
 * @throws what a memo throws, and TypeError for what is no element
 */
export function renderToString<Message>(element: Element<Message>): string {
  return htmlOf(shown(element));
}

function htmlOf(node: Shown<unknown>, inside: string = ''): string {
  switch (node.kind) {
    case 'text':
      return RAW_TEXT.has(inside) ? rawText(inside, node.content) : escapeText(node.content);
    case 'fragment':
      return childrenOf(node.children, inside);
    case 'raw':
      return `<${node.tag}${attributesOf(node.tag, node.attributes)}>${node.innerHtml}</${node.tag}>`;
    case 'element': {
      const { tag, namespace } = node;
      const start = `<${tag}${attributesOf(tag, node.attributes)}>`;
      if (namespace === XHTML && VOID.has(tag)) return start;
      const inner = childrenOf(node.children, tag);
      // The parser drops a newline at the beginning of these.
      const begin = (tag === 'textarea' || tag === 'pre') && inner.startsWith('\n') ? '\n' : '';
      return `${start}${begin}${inner}</${tag}>`;
    }
  }
}

function childrenOf(children: readonly Element<unknown>[], inside: string): string {
  let html = '';
  for (const child of children) html += htmlOf(shown(child), inside);
  return html;
}

function attributesOf(tag: string, attributes: readonly Carried<unknown>[]): string {
  let html = '';
  for (const each of attributes) {
    if (each.kind === 'event') continue;
    const { name, value } = each;
    if (each.kind === 'attribute') html += ` ${name}="${escapeAttribute(each.value)}"`;
    else if (name === 'value' && tag !== 'textarea' && typeof value !== 'object') {
      html += ` value="${escapeAttribute(String(value))}"`;
    } else if (BOOLEAN.has(name) && value === true) html += ` ${name}=""`;
  }
  return html;
}

/** For text between tags. */
export function escapeText(text: string): string {
  return text.replaceAll(/[&<>]/g, (letter) => ENTITIES[letter] as string);
}

/** For a value between double quotes. */
export function escapeAttribute(value: string): string {
  return value.replaceAll(/[&<>"']/g, (letter) => ENTITIES[letter] as string);
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Nothing in it ends the element, or begins a comment that would. */
function rawText(tag: string, text: string): string {
  const escaped = tag === 'script' ? String.raw`\x3C` : String.raw`\3c `;
  return text.replaceAll(/<(?=\/|!--|script)/gi, () => escaped);
}
