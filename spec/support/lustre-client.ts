/**
 * A page with a `<lustre-server-component>`, played: it does with the frames of a server what
 * Lustre's runtime does, in happy-dom, and throws a WireViolation where that runtime would fail or
 * lose track. One frame of its own is in flight at a time.
 */
import {
  CustomEvent,
  type Element,
  type Event,
  type HTMLElement,
  type ShadowRoot,
  Window,
} from 'happy-dom';
import { eventData, Pace } from './lustre-events.ts';
import { Tree, type TreeNode } from './lustre-tree.ts';
import {
  readFrame,
  type Runtime,
  type WireEvent,
  type WireMessage,
  WireViolation,
} from './lustre-wire.ts';

type Mount = Extract<WireMessage, { kind: 0 }>;

/** What a page says. */
export type ClientMessage =
  | { readonly kind: 0; readonly name: string; readonly value: string | null }
  | {
      readonly kind: 1;
      readonly path: string;
      readonly name: string;
      readonly event: Record<string, unknown>;
    }
  | { readonly kind: 2; readonly name: string; readonly value: unknown }
  | { readonly kind: 3; readonly messages: readonly ClientMessage[] };

export interface LustreClientOptions {
  /** Takes each frame that the page sends. */
  readonly send: (frame: string) => void;
  /** Attributes that the host element has from the start. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** Default 5.3.2, the oldest: what it understands all later ones do. */
  readonly runtime?: Runtime;
}

/** One window serves all clients: to make one takes longer than many trees. */
const window = new Window();

export class LustreClient {
  readonly window = window;
  readonly host: HTMLElement;
  /** The mount that the page shows, if there was one. */
  mounted: Mount | undefined;
  /** Contexts that the server provides, as the page's elements would be told of them. */
  readonly contexts = new Map<string, unknown>();
  /** What the server emitted on the host. */
  readonly emitted: { readonly name: string; readonly data: unknown }[] = [];

  readonly #options: LustreClientOptions;
  #shadowRoot: ShadowRoot | undefined;
  #tree: Tree | undefined;
  #isOpen = false;
  #isWaiting = false;
  #queue: ClientMessage[] = [];
  #initialAttributes: [string, string][] | undefined;
  readonly #definedProperties = new Set<string>();

  constructor(options: LustreClientOptions) {
    this.#options = options;
    this.host = window.document.createElement('lustre-server-component');
    const attributes = Object.entries(options.attributes ?? {});
    for (const [name, value] of attributes) this.host.setAttribute(name, value);
    this.#initialAttributes = attributes;
    window.document.body.append(this.host);
  }

  /** The connection stands. What was queued for an earlier one is lost; who waited still waits. */
  open(): void {
    this.#isOpen = true;
    this.#queue = [];
  }

  /** The connection is gone; the page stays as it is, and what happens in it is dropped. */
  close(): void {
    this.#isOpen = false;
  }

  /** Takes the element out of the page. */
  remove(): void {
    this.close();
    this.host.remove();
  }

  get shadowRoot(): ShadowRoot {
    if (this.#shadowRoot === undefined) throw new Error('nothing has been mounted');
    return this.#shadowRoot;
  }

  get tree(): Tree {
    if (this.#tree === undefined) throw new Error('nothing has been mounted');
    return this.#tree;
  }

  /** What the page shows, as HTML; nothing before a mount. */
  get shown(): string {
    return this.#shadowRoot?.innerHTML ?? '';
  }

  /** The one element that a selector finds. */
  find(selector: string): Element {
    const [found, ...more] = this.shadowRoot.querySelectorAll(selector);
    if (found === undefined) throw new Error(`no ${selector} in ${this.shadowRoot.innerHTML}`);
    if (more.length > 0) throw new Error(`${more.length + 1} of ${selector}`);
    return found;
  }

  click(selector: string): void {
    (this.find(selector) as HTMLElement).click();
  }

  /** Types over what an input, textarea or select holds. */
  type(selector: string, value: string): void {
    const element = this.find(selector) as Element & { value: string };
    element.value = value;
    element.dispatchEvent(new window.Event('input', { bubbles: true }));
  }

  setAttribute(name: string, value: string | null): void {
    this.setAttributes({ [name]: value });
  }

  /** Several attributes of the host in one go; null removes. */
  setAttributes(changed: Readonly<Record<string, string | null>>): void {
    const messages: ClientMessage[] = [];
    for (const [name, value] of Object.entries(changed)) {
      if (value === null) this.host.removeAttribute(name);
      else this.host.setAttribute(name, value);
      if (this.mounted?.observed_attributes.includes(name)) messages.push({ kind: 0, name, value });
    }
    const [only] = messages;
    if (messages.length > 1) this.#say({ kind: 3, messages });
    else if (only !== undefined) this.#say(only);
  }

  setProperty(name: string, value: unknown): void {
    if (this.#definedProperties.has(name)) this.#say({ kind: 2, name, value });
  }

  /** Takes one frame of the server. */
  receive(frame: string): void {
    const message = readFrame(frame, this.#options.runtime ?? '5.3.2');
    if (!this.#isOpen) throw new Error('a frame came over a connection that is not open');
    try {
      this.#process(message);
    } finally {
      const messages = this.#queue;
      this.#queue = [];
      if (messages.length === 0) this.#isWaiting = false;
      else this.#write({ kind: 3, messages });
    }
  }

  #process(message: WireMessage): void {
    switch (message.kind) {
      case 0:
        this.#mount(message);
        return;
      case 1:
        if (this.#tree === undefined) throw new WireViolation('a patch came before a mount');
        this.#tree.apply(message.patch);
        return;
      case 2:
        this.emitted.push({ name: message.name, data: message.data });
        this.host.dispatchEvent(new CustomEvent(message.name, { detail: message.data as object }));
        return;
      case 3:
        this.contexts.set(message.key, message.value);
    }
  }

  #mount(mount: Mount): void {
    const mode = mount.open_shadow_root ? 'open' : 'closed';
    this.#shadowRoot ??= this.host.attachShadow({ mode });
    for (const node of this.#tree?.root.descendants() ?? []) {
      for (const stop of node.stopListening.values()) stop();
    }
    this.#shadowRoot.replaceChildren();
    this.mounted = mount;
    const messages = (this.#initialAttributes ?? [])
      .filter(([name]) => mount.observed_attributes.includes(name))
      .map(([name, value]) => ({ kind: 0, name, value }) as const);
    this.#initialAttributes = undefined;
    for (const name of mount.observed_properties) {
      // The runtime throws here and stays empty: an accessor cannot be defined again.
      if (this.#definedProperties.has(name)) throw new WireViolation(`property ${name}, again`);
      this.#definedProperties.add(name);
    }
    for (const [key, value] of Object.entries(mount.provided_contexts)) {
      this.contexts.set(key, value);
    }
    if (messages.length > 0) this.#say({ kind: 3, messages });
    this.#tree = new Tree(window, this.#shadowRoot, mount.vdom, this.#listen);
  }

  readonly #listen = (node: TreeNode, name: string): (() => void) => {
    const options = node.attributes.get(name) as WireEvent;
    const pace = new Pace<ClientMessage>(options, (message) => {
      this.#say(message);
    });
    const listener = (event: Event): void => {
      if (options.prevent_default.kind === 2) event.preventDefault();
      if (options.stop_propagation.kind === 2) event.stopPropagation();
      const data = eventData(event, options.include ?? [], window);
      // A path that leads nowhere: the runtime throws, and the event is lost.
      if (data !== undefined) pace.take({ kind: 1, path: node.path, name, event: data });
    };
    const { element } = node;
    element.addEventListener(name, listener, { passive: options.prevent_default.kind === 0 });
    return () => {
      element.removeEventListener(name, listener);
      pace.stop();
    };
  };

  #say(message: ClientMessage): void {
    if (!this.#isOpen) return;
    if (this.#isWaiting) this.#queue.push(message);
    else this.#write(message);
  }

  #write(message: ClientMessage): void {
    this.#isWaiting = true;
    this.#options.send(JSON.stringify(message));
  }
}
