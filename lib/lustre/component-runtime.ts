/**
 * A running component: the loop of an application, and its viewers. After each step the view is made
 * again and compared with the view that the pages show, and the difference is sent to all of them,
 * once for all steps of a turn of the event loop.
 */
import { ApplicationError } from '../application/errors.ts';
import { type LoopHost } from '../application/loop-host.ts';
import { Loop } from '../application/program.ts';
import { type OmniError } from '../core/errors.ts';
import { Prepared } from '../core/prepared.ts';
import { startTimer } from '../process/timers.ts';
import { Agreement } from './agreement.ts';
import { type ClientFrame } from './client-message.ts';
import { type Component, type RuntimeCommand } from './component.ts';
import { flushNextTick } from './flush-tick.ts';
import { Incoming, type Snapshot } from './incoming.ts';
import { Mounts } from './mounts.ts';
import { patchesFor } from './patches.ts';
import { type Due } from './pauses.ts';
import { type RuntimeHost } from './runtime-host.ts';
import { branchOf } from './vdom/control-tree.ts';
import { encodeElement } from './vdom/encode.ts';
import { type Element, refuseElement, shown } from './vdom/node.ts';
import { encodeMessage } from './vdom/print.ts';
import { UNCHANGED, type WireMessage } from './vdom/wire.ts';
import { type Viewer, Viewing } from './viewing.ts';

/** A running component. `init` is called when it is made; nothing is handled before `begin`. */
export class ComponentRuntime<Args, Model, Message> implements LoopHost<Message> {
  readonly #component: Component<Args, Model, Message>;
  readonly #host: RuntimeHost;
  readonly #idleTimeout: number;
  readonly #loop: Loop<Args, Model, Message>;
  readonly #viewings = new Map<Viewer, Viewing<Message>>();
  readonly #agreement = new Agreement();
  readonly #incoming: Incoming<Message>;
  readonly #mounts: Mounts<Message>;
  /** The view that the pages show; undefined while there are none. */
  #shown: Snapshot<Message> | undefined;
  /** There were steps since the view was made. */
  #isStale = false;
  #isScheduled = false;
  #timer: NodeJS.Timeout | undefined;
  #hasEnded = false;
  #error: ApplicationError | undefined;

  /**
   * @param idleTimeout - after how many milliseconds without a viewer it stops
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
    this.#mounts = new Mounts(component.options ?? {});
    this.#incoming = new Incoming(component.options, this.#agreement, host.failed);
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

  /** How many viewers there are. */
  get viewers(): number {
    return this.#viewings.size;
  }

  dispatch(message: Message): void {
    this.#loop.dispatch(message);
  }

  stop(): void {
    this.#loop.stop();
  }

  /**
   * Shows the component to a viewer. When it has ended already, `ended` of the viewer is called at
   * once.
   * @param asksForProperties - whether the browser can be made to send properties
   */
  connect(viewer: Viewer, asksForProperties: boolean): void {
    const viewing = new Viewing<Message>(
      viewer,
      (late, due) => void this.#handle(late, [due], false),
    );
    if (!this.#mountFor(viewer, viewing, asksForProperties)) return;
    clearTimeout(this.#timer);
    const { onConnect } = this.#component.options ?? {};
    if (onConnect !== undefined) this.#loop.dispatch(onConnect);
  }

  /** Sends a viewer the whole view again, because it has missed a patch. */
  remount(viewer: Viewer): void {
    const viewing = this.#viewings.get(viewer);
    if (viewing === undefined) return;
    this.#handleAll(viewing);
    // A patch against a view that it has missed must not reach it.
    this.#viewings.delete(viewer);
    this.#mountFor(viewer, viewing, false);
  }

  /** A viewer has disconnected. */
  disconnect(viewer: Viewer): void {
    const viewing = this.#viewings.get(viewer);
    if (viewing === undefined) return;
    this.#handleAll(viewing);
    this.#viewings.delete(viewer);
    this.#agreement.left(viewing.page);
    if (this.#viewings.size === 0) this.#waitForViewers();
    const { onDisconnect } = this.#component.options ?? {};
    if (onDisconnect !== undefined) this.#loop.dispatch(onDisconnect);
  }

  /**
   * Handles a frame of a browser, and answers it: with a patch, or an empty one.
   * @returns a promise when the program is behind
   */
  receive(viewer: Viewer, frame: ClientFrame): void | Promise<void> {
    const viewing = this.#viewings.get(viewer);
    if (viewing === undefined) return undefined;
    // All are about the view that the browser showed then: none is handled before the last is read.
    const then = viewing.looksBack(frame.isBatch, this.#shown);
    const due = frame.messages.flatMap((each) => viewing.pauses.admit(each, then));
    return this.#handle(viewing, due, true);
  }

  // Called by the loop.

  offered(): void {
    this.#isStale = true;
    if (this.#isScheduled || this.#viewings.size === 0) return;
    this.#isScheduled = true;
    flushNextTick(this);
  }

  command(request: unknown): void {
    const command = request as RuntimeCommand;
    // The view of the steps before comes first.
    this.#flush();
    if (command.kind === 'emit') {
      this.#send({ kind: 2, name: command.name, data: command.data ?? null });
      return;
    }
    const { key, value } = command;
    if (this.#mounts.provide(key, value)) this.#send({ kind: 3, key, value });
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
    const viewings = [...this.#viewings.values()];
    this.#viewings.clear();
    for (const { viewer, pauses } of viewings) {
      pauses.drain();
      viewer.ended(error);
    }
  }

  /** For the tick after the steps. */
  flush(): void {
    this.#isScheduled = false;
    this.#flush();
  }

  #waitForViewers(): void {
    this.#timer = startTimer(() => this.stop(), this.#idleTimeout, undefined);
  }

  /** @returns whether it is shown; otherwise `ended` of the viewer has been called */
  #mountFor(viewer: Viewer, viewing: Viewing<Message>, asksForProperties: boolean): boolean {
    if (!this.#hasEnded) this.#flush();
    const mount = this.#hasEnded ? undefined : this.#mount(asksForProperties);
    // The view may just have failed.
    if (mount === undefined || this.#hasEnded) {
      viewer.ended(this.#error);
      return false;
    }
    this.#viewings.set(viewer, viewing);
    this.#agreement.mounted(viewing.page);
    viewing.show(mount, this.#shown, true);
    return true;
  }

  /** @returns undefined when the view has failed */
  #mount(asksForProperties: boolean): string | undefined {
    const made = this.#mounts.made(asksForProperties);
    if (made !== undefined) return made;
    return this.#guard(() => {
      // There was no viewer for a while, or ever.
      const view = this.#shown?.view ?? this.#view();
      const vdom = encodeElement(view);
      this.#shown ??= { view, branch: branchOf(shown(view)) };
      this.#isStale = false;
      return this.#mounts.make(vdom, asksForProperties, this.#viewings.size > 0);
    });
  }

  /** @param isFrame - it came just now, and the page waits for an answer */
  #handle(
    viewing: Viewing<Message>,
    due: readonly Due<Message>[],
    isFrame: boolean,
  ): void | Promise<void> {
    this.#loop.dispatchAll(this.#incoming.messagesOf(due, viewing.page));
    const pending = this.#loop.whenHandled();
    if (pending !== undefined) return pending.then(() => this.#answer(viewing, isFrame));
    return this.#answer(viewing, isFrame);
  }

  /** Handles what a page has sent that still waits. */
  #handleAll({ pauses, page }: Viewing<Message>): void {
    this.#loop.dispatchAll(this.#incoming.messagesOf(pauses.drain(), page));
  }

  #answer(viewing: Viewing<Message>, isFrame: boolean): void {
    const { page, viewer } = viewing;
    if (this.#hasEnded || !this.#viewings.has(viewer)) return;
    page.isAnswered = true;
    const isAnswered = this.#flush(viewing);
    if (isFrame && !isAnswered && !this.#hasEnded) viewing.show(UNCHANGED, this.#shown);
  }

  /**
   * Sends the changes of the view.
   * @param author - the viewer whose events the patch answers
   * @returns whether the author was sent something
   */
  #flush(author?: Viewing<Message>): boolean {
    const isMarked = author !== undefined && this.#agreement.isMarked(author.page);
    if (!this.#isStale && !isMarked) return false;
    const wasStale = this.#isStale;
    this.#isStale = false;
    this.#mounts.clear();
    const before = this.#shown;
    if (before === undefined) return false;
    if (this.#viewings.size === 0) {
      // The next viewer is shown the view as it is then.
      this.#shown = undefined;
      return false;
    }
    return this.#guard(() => this.#show(before, wasStale, author)) ?? false;
  }

  #show(
    before: Snapshot<Message>,
    wasStale: boolean,
    author: Viewing<Message> | undefined,
  ): boolean {
    const view = wasStale ? this.#view() : before.view;
    const {
      shown: after,
      alone,
      shared,
      others,
      answersAuthor,
    } = patchesFor({
      agreement: this.#agreement,
      viewings: this.#viewings.values(),
      before,
      view,
      wasStale,
      author,
      isCompact: this.#component.options?.compactPatches === true,
    });
    this.#shown = after;
    for (const [viewing, patch] of alone) viewing.show(patch, after);
    if (shared !== undefined) this.#showAll(shared, others);
    return answersAuthor;
  }

  #view(): Element<Message> {
    const view = this.#component.view(this.#loop.model);
    return typeof view === 'object' && view !== null ? view : refuseElement(view);
  }

  #send(message: WireMessage): void {
    this.#showAll(encodeMessage(message), [...this.#viewings.values()]);
  }

  #showAll(text: string, viewings: readonly Viewing<Message>[]): void {
    // Framed once for all viewers.
    const frame = viewings.length > 1 ? new Prepared(text) : text;
    for (const viewing of viewings) viewing.show(frame, this.#shown);
  }

  /** Does what calls the view, in the program's context; one that fails ends the component. */
  #guard<Value>(act: () => Value): Value | undefined {
    try {
      // guard: a view in the context of its program → return act();
      return this.#loop.asyncContext.run(act, undefined);
    } catch (cause) {
      this.#loop.stop(new ApplicationError('view', { cause }));
      return undefined;
    }
  }
}
