/** The messages that show a page the whole component, kept while the view does not change. */
import { type ComponentOptions } from './component.ts';
import { type Json } from './vdom/attribute.ts';
import { isSameJson } from './vdom/attribute-diff.ts';
import { encodeMessage } from './vdom/print.ts';
import { type WireNode } from './vdom/wire.ts';

export class Mounts<Message> {
  readonly #options: ComponentOptions<Message>;
  readonly #contexts: Map<string, Json>;
  /** After a restart of the server all pages come at once. */
  readonly #made = new Map<boolean, string>();

  constructor(options: ComponentOptions<Message>) {
    this.#options = options;
    this.#contexts = new Map(Object.entries(options.contexts ?? {}));
  }

  /** The message that was kept, if the view has not changed since. */
  made(asksForProperties: boolean): string | undefined {
    return this.#made.get(asksForProperties);
  }

  /**
   * @param vdom - the view, encoded
   * @param asksForProperties - whether the browser can be asked to send properties
   * @param isKept - whether to keep it: there are other pages
   */
  make(vdom: WireNode, asksForProperties: boolean, isKept: boolean): string {
    const { openShadowRoot, adoptStyles, attributes, properties } = this.#options;
    const mount = encodeMessage({
      kind: 0,
      open_shadow_root: openShadowRoot ?? true,
      will_adopt_styles: adoptStyles ?? false,
      observed_attributes: Object.keys(attributes ?? {}).map((name) => name.toLowerCase()),
      observed_properties: asksForProperties ? Object.keys(properties ?? {}) : [],
      requested_contexts: [],
      provided_contexts: Object.fromEntries(this.#contexts),
      vdom,
    });
    if (isKept) this.#made.set(asksForProperties, mount);
    return mount;
  }

  /** The view has changed. */
  clear(): void {
    this.#made.clear();
  }

  /** @returns whether the context had another value before */
  provide(key: string, value: Json): boolean {
    if (this.#contexts.has(key) && isSameJson(this.#contexts.get(key), value)) return false;
    this.#contexts.set(key, value);
    this.#made.clear();
    return true;
  }
}
