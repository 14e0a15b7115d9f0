/**
 * Names of elements, attributes, properties and events. A browser refuses a name that is none with
 * an exception, and then shows nothing of the whole view: so they are checked when a view is made.
 */

const MORE = String.raw`\w.\-\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u3001-\ud7ff`;

type NameKind = 'attribute' | 'property' | 'tag' | 'event';

/** What every browser takes: a part of what XML takes. */
const PATTERNS: Readonly<Record<NameKind, RegExp>> = {
  attribute: new RegExp(`^[a-zA-Z_:][:${MORE}]*$`),
  property: /^[^\s"'<>/=]+$/,
  tag: new RegExp(`^[a-zA-Z][${MORE}]*$`),
  event: /^[^\n\r\t]+$/,
};

/** Views use the same names again and again: those that passed are remembered, up to this many. */
const MAX_KNOWN = 1000;
const known: Readonly<Record<NameKind, Set<string>>> = {
  attribute: new Set<string>(),
  property: new Set<string>(),
  tag: new Set<string>(),
  event: new Set<string>(),
};

/** @throws TypeError unless it is a name of that kind */
export function expectName(kind: NameKind, name: string): void {
  if (known[kind].has(name)) return;
  if (typeof name !== 'string' || !PATTERNS[kind].test(name)) {
    throw new TypeError(`Expected a name for the ${kind}, got ${JSON.stringify(name)}`);
  }
  if (known[kind].size < MAX_KNOWN) known[kind].add(name);
}

/**
 * English words that begin with "on" and are no event. Everything else that begins so is taken for a
 * handler: browsers add events, and one that is missing here would be a hole.
 */
const NO_HANDLER = /^on(?:$|.*-|(?:ce|e|es|ly|line|to|set|going|boarding|tology)$)/;

/** @throws TypeError for an event handler as text, which would be a program in the page */
export function expectAttributeName(name: string): void {
  if (!/^on/i.test(name) || NO_HANDLER.test(name)) return;
  throw new TypeError(`Expected the name of an attribute; use \`on\` in place of ${name}`);
}

/** These replace what the view shows, or are no property of the node alone. */
const UNSAFE: ReadonlySet<string> = new Set(
  '__proto__ constructor prototype innerHTML innerText nodeValue outerHTML outerText textContent'.split(
    ' ',
  ),
);

/**
 * What the browser runtime calls on nodes, or throws on when it is set: the node would not be
 * patched any more. Read-only ones of all elements, and those that hold elements.
 */
const REFUSED: ReadonlySet<string> = new Set(
  (
    'addEventListener after animate append appendChild attachInternals attachShadow before blur click ' +
    'cloneNode closest contains dispatchEvent focus getAttribute getRootNode hasAttribute hidePopover ' +
    'insertBefore matches moveBefore normalize play prepend remove removeAttribute removeChild ' +
    'removeEventListener replaceChild replaceChildren replaceWith scroll scrollBy scrollIntoView scrollTo ' +
    'setAttribute setAttributeNS showPopover toggleAttribute togglePopover ' +
    'activeViewTransition ariaActionsElements ariaActiveDescendantElement ariaControlsElements ' +
    'ariaDescribedByElements ariaDetailsElements ariaErrorMessageElements ariaFlowToElements ' +
    'ariaLabelledByElements ariaOwnsElements assignedSlot attributeStyleMap attributes baseURI ' +
    'childElementCount childNodes children clientHeight clientLeft clientTop clientWidth ' +
    'currentCSSZoom customElementRegistry dataset editContext firstChild firstElementChild ' +
    'interestForElement isConnected isContentEditable lastChild lastElementChild localName ' +
    'namespaceURI nextElementSibling nextSibling nodeName nodeType offsetHeight offsetLeft ' +
    'offsetParent offsetTop offsetWidth ownerDocument parentElement parentNode prefix ' +
    'previousElementSibling previousSibling scrollHeight scrollWidth shadowRoot tagName'
  ).split(' '),
);

/** The constants of every node. */
const CONSTANT = /^(?:[A-Z]+_)+NODE$|^DOCUMENT_POSITION_/;

/** @throws TypeError for a property that a view must not set, or cannot */
export function expectPropertyName(name: string): void {
  if (/^on/i.test(name) && !NO_HANDLER.test(name)) refuseProperty(name);
  if (UNSAFE.has(name)) refuseProperty(name);
  // guard: properties that browsers refuse to set
  if (REFUSED.has(name) || CONSTANT.test(name)) refuseProperty(name);
}

/** @throws TypeError */
export function refuseProperty(name: string, tag?: string): never {
  const place = tag === undefined ? '' : ` on ${tag}`;
  throw new TypeError(`Expected the name of a property that a view may set${place}, got ${name}`);
}

/** @throws TypeError unless it is the name of a CSS property or of a custom one */
export function expectStyleName(name: string): void {
  if (/^-?-?[a-zA-Z_\u0080-\uffff][\w\-\u0080-\uffff]*$/.test(name)) return;
  throw new TypeError(`Expected the name of a CSS property, got ${JSON.stringify(name)}`);
}
