/**
 * A component that runs: the loop of an application, and those who look on. After each step the
 * view is made anew, compared with what the viewers see, and the difference is sent to all of them:
 * once for all steps of a turn of the event loop.
 */
import { ApplicationError } from '../application/errors.ts';
import { type OmniError } from '../core/errors.ts';
import { Prepared } from '../core/prepared.ts';
import { Loop } from '../application/program.ts';
import { type LoopHost } from '../application/loop-host.ts';
import { startTimer } from '../process/timers.ts';
import { type Json } from './vdom/attribute.ts';
import { isSameJson, type Typed } from './vdom/attribute-diff.ts';
import { type ClientMessage } from './client-message.ts';
import { type Component, type Wish } from './component.ts';
import { compact, diff, type TypedInto } from './vdom/diff.ts';
import { type Element, type ElementNode } from './vdom/element.ts';
import { encodeElement } from './vdom/encode.ts';
import { isRefusal } from './vdom/event.ts';
import { messageOf } from './incoming.ts';
import { type WireMessage, type WirePatch } from './vdom/wire.ts';

/** Somebody who looks on. Neither may throw. */
export interface Viewer {
  /** Takes a frame. One that goes to many comes as a `Prepared`. */
  readonly show: (frame: string | Prepared) => void;
  /** The component has ended: because it was stopped, or because of `error`. */
  readonly ended: (error?: ApplicationError) => void;
}

/** Who runs a component. Neither may throw. */
export interface RuntimeHost {
  readonly failed: (error: OmniError) => void;
  /** Is told before the viewers are. */
  readonly ended: (error?: ApplicationError) => void;
}

/** Nothing has changed: it releases what a browser holds back until it is answered. */
export const UNCHANGED = '{"kind":1,"patch":{}}';

/** A running component. `init` is called when it is made; nothing is handled before `begin`. */
export class ComponentRuntime<Args, Model, Message> implements LoopHost<Message> {
  readonly #component: Component<Args, Model, Message>;
  readonly #host: RuntimeHost;
  readonly #idleTimeout: number;
  readonly #loop: Loop<Args, Model, Message>;
  readonly #viewers = new Set<Viewer>();
  readonly #contexts: Map<string, Json>;
  /** What the viewers see; undefined while there are none. */
  #shown: Element<Message> | undefined;
  /** The mounts of what they see, while more than one looks on: all come at once after a restart. */
  readonly #mounts = new Map<boolean, string>();
  /** There were steps since. */
  #isStale = false;
  #isScheduled = false;
  #timer: NodeJS.Timeout | undefined;
  #hasEnded = false;
  #error: ApplicationError | undefined;

  /**
   * @param idleTimeout - after how many milliseconds without a viewer it stops by itself
   * @throws ApplicationError with code `init` when `init` throws, or returns no step
   */
  constructor(
    component: Component<Args, Model, Message>,
    args: Args,
    host: RuntimeHost,
    idleTimeout: number = Infinity,
  ) {
    this.#component = component;
    this.#host = host;
    this.#idleTimeout = idleTimeout;
    this.#contexts = new Map(Object.entries(component.options?.contexts ?? {}));
    this.#loop = new Loop(component, args, this);
  }

  /** Starts the effects of `init`. */
  begin(): void {
    this.#waitForViewers();
    this.#loop.begin();
  }

  get model(): Model {
    return this.#loop.model;
  }

  get signal(): AbortSignal {
    return this.#loop.signal;
  }

  /** How many look on. */
  get viewers(): number {
    return this.#viewers.size;
  }

  dispatch(message: Message): void {
    this.#loop.dispatch(message);
  }

  stop(): void {
    this.#loop.stop();
  }

  /**
   * Lets somebody look on. When it has ended already, they are told so at once.
   * @param tellsProperties - whether the browser can be asked to tell of properties
   */
  connect(viewer: Viewer, tellsProperties: boolean): void {
    if (!this.#hasEnded) this.#flush();
    const mount = this.#hasEnded ? undefined : this.#mount(tellsProperties);
    // The view may just have failed.
    if (mount === undefined || this.#hasEnded) {
      viewer.ended(this.#error);
      return;
    }
    clearTimeout(this.#timer);
    this.#viewers.add(viewer);
    viewer.show(mount);
    const { onConnect } = this.#component.options ?? {};
    if (onConnect !== undefined) this.#loop.dispatch(onConnect);
  }

  /** Shows somebody the whole view anew: they have missed something. */
  remount(viewer: Viewer): void {
    // What is different from what they have missed must not reach them.
    if (!this.#viewers.delete(viewer)) return;
    this.#flush();
    const mount = this.#hasEnded ? undefined : this.#mount(false);
    if (mount === undefined || this.#hasEnded) {
      viewer.ended(this.#error);
      return;
    }
    this.#viewers.add(viewer);
    viewer.show(mount);
  }

  /** Somebody has gone. */
  disconnect(viewer: Viewer): void {
    if (!this.#viewers.delete(viewer)) return;
    if (this.#viewers.size === 0) this.#waitForViewers();
    const { onDisconnect } = this.#component.options ?? {};
    if (onDisconnect !== undefined) this.#loop.dispatch(onDisconnect);
  }

  /**
   * Takes what a browser says, and answers it: with what has changed, or that nothing has.
   * @returns a promise when the program is behind
   */
  receive(viewer: Viewer, said: readonly ClientMessage[]): void | Promise<void> {
    const typed = new Map<ElementNode<unknown>, Typed>();
    const messages: Message[] = [];
    // All are about the view that the browser shows: none is handled before the last is understood.
    for (const each of said) {
      try {
        const message = messageOf(each, this.#component.options, this.#shown, typed);
        if (message !== undefined) messages.push(message);
      } catch (cause) {
        if (!isRefusal(cause)) this.#host.failed(new ApplicationError('event', { cause }));
      }
    }
    this.#loop.dispatchAll(messages);
    const pending = this.#loop.whenHandled();
    if (pending !== undefined) return pending.then(() => this.#answer(viewer, typed));
    this.#answer(viewer, typed);
    return undefined;
  }

  // What the loop tells.

  offered(): void {
    this.#isStale = true;
    if (this.#isScheduled || this.#viewers.size === 0) return;
    this.#isScheduled = true;
    process.nextTick(flushLater, this);
  }

  command(command: unknown): void {
    const wish = command as Wish;
    // What was seen by then comes first.
    this.#flush();
    if (wish.kind === 'emit') {
      this.#tell({ kind: 2, name: wish.name, data: wish.data ?? null });
      return;
    }
    const { key, value } = wish;
    if (this.#contexts.has(key) && isSameJson(this.#contexts.get(key), value)) return;
    this.#tell({ kind: 3, key, value });
    this.#contexts.set(key, value);
    this.#mounts.clear();
  }

  failed(error: OmniError): void {
    this.#host.failed(error);
  }

  ended(error?: ApplicationError): void {
    this.#hasEnded = true;
    this.#error = error;
    this.#shown = undefined;
    this.#mounts.clear();
    clearTimeout(this.#timer);
    this.#host.ended(error);
    const viewers = [...this.#viewers];
    this.#viewers.clear();
    for (const viewer of viewers) viewer.ended(error);
  }

  /** For the tick after the steps. */
  flush(): void {
    this.#isScheduled = false;
    this.#flush();
  }

  #waitForViewers(): void {
    this.#timer = startTimer(() => this.stop(), this.#idleTimeout, undefined);
  }

  /** @returns undefined when the view has failed */
  #mount(tellsProperties: boolean): string | undefined {
    const { options = {}, view } = this.#component;
    const made = this.#mounts.get(tellsProperties);
    if (made !== undefined) return made;
    return this.#guard(() => {
      // Nobody has looked for a while, or ever.
      this.#shown ??= view(this.#loop.model);
      this.#isStale = false;
      const mount = encoded({
        kind: 0,
        open_shadow_root: options.openShadowRoot ?? true,
        will_adopt_styles: options.adoptStyles ?? false,
        observed_attributes: Object.keys(options.attributes ?? {}),
        observed_properties: tellsProperties ? Object.keys(options.properties ?? {}) : [],
        requested_contexts: [],
        provided_contexts: Object.fromEntries(this.#contexts),
        vdom: encodeElement(this.#shown),
      });
      if (this.#viewers.size > 0) this.#mounts.set(tellsProperties, mount);
      return mount;
    });
  }

  #answer(viewer: Viewer, typed: TypedInto): void {
    if (this.#hasEnded || !this.#viewers.has(viewer)) return;
    const isAnswered = typed.size === 0 ? this.#flush() : this.#flush(typed, viewer);
    if (!isAnswered) viewer.show(UNCHANGED);
  }

  /**
   * Shows what has changed.
   * @param typed - what `author` has put into inputs
   * @returns whether the author, or without one anybody, was sent something
   */
  #flush(typed?: TypedInto, author?: Viewer): boolean {
    if (!this.#isStale && typed === undefined) return false;
    this.#isStale = false;
    this.#mounts.clear();
    const before = this.#shown;
    if (before === undefined) return false;
    if (this.#viewers.size === 0) {
      // Whoever comes next is shown the view as it is then.
      this.#shown = undefined;
      return false;
    }
    return (
      this.#guard(() => {
        const after = this.#component.view(this.#loop.model);
        const own = author === undefined ? undefined : this.#patch(diff(before, after, typed));
        const isShared = this.#viewers.size > (author === undefined ? 0 : 1);
        const shared = isShared ? this.#patch(diff(before, after)) : undefined;
        this.#shown = after;
        if (own !== undefined) author?.show(own);
        if (shared !== undefined) this.#show(shared, author);
        return author === undefined ? shared !== undefined : own !== undefined;
      }) ?? false
    );
  }

  #patch(patch: WirePatch | undefined): string | undefined {
    if (patch === undefined) return undefined;
    const isCompact = this.#component.options?.compactPatches === true;
    return encoded({ kind: 1, patch: isCompact ? compact(patch) : patch });
  }

  #tell(message: WireMessage): void {
    this.#show(encoded(message));
  }

  #show(text: string, except?: Viewer): void {
    // Framed once, however many there are.
    const frame = this.#viewers.size > 1 ? new Prepared(text) : text;
    for (const viewer of this.#viewers) if (viewer !== except) viewer.show(frame);
  }

  /** Does what calls the view; one that fails ends the component. */
  #guard<Value>(act: () => Value): Value | undefined {
    try {
      return act();
    } catch (cause) {
      this.#loop.stop(new ApplicationError('view', { cause }));
      return undefined;
    }
  }
}

function flushLater(runtime: { readonly flush: () => void }): void {
  runtime.flush();
}

const encoded: (message: WireMessage) => string = JSON.stringify;
