/** Elements of the page. Nothing here knows of a chat. */

/** An element that must be there. */
export function part<Kind extends Element = HTMLElement>(
  within: ParentNode,
  selector: string,
  kind: new () => Kind = HTMLElement as unknown as new () => Kind,
): Kind {
  const found = within.querySelector(selector);
  if (!(found instanceof kind)) throw new Error(`the page has no ${selector}`);
  return found;
}

export function cloneOf(id: string): HTMLElement {
  return part(document, `template#${id}`, HTMLTemplateElement).content.firstElementChild?.cloneNode(
    true,
  ) as HTMLElement;
}

/** Only when it is another one: a screen reader reads again what is set again. */
export function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** The children of a list by their keys: each stays the same element as long as it is wanted. */
export class Keyed extends Map<string, HTMLElement> {
  readonly #list: HTMLElement;
  /** Called with an element before it goes. */
  readonly #leaves: (item: HTMLElement) => void;

  constructor(list: HTMLElement, leaves: (item: HTMLElement) => void) {
    super();
    this.#list = list;
    this.#leaves = leaves;
  }

  /** Shows these in this order, and no others. */
  show(wanted: ReadonlyMap<string, () => HTMLElement>): void {
    for (const [key, item] of this) {
      if (wanted.has(key)) continue;
      this.#leaves(item);
      item.remove();
      this.delete(key);
    }
    let place: Element | null = null;
    for (const [key, make] of wanted) {
      const item = this.get(key) ?? make();
      this.set(key, item);
      const next: Element | null =
        place === null ? this.#list.firstElementChild : place.nextElementSibling;
      if (next !== item) this.#list.insertBefore(item, next);
      place = item;
    }
  }
}
