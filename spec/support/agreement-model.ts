/**
 * A model of pages that show one component: what Lustre's runtime does with inputs, in the order that
 * a seed gives it. Nothing waits: keys, timers (faked) and messages on their way happen one after the
 * other.
 */
import { vi } from 'vitest';
import { type Prepared } from '../../lib/core/prepared.ts';
import { readFrame } from '../../lib/lustre/client-message.ts';
import { type Component } from '../../lib/lustre/component.ts';
import { ComponentRuntime } from '../../lib/lustre/component-runtime.ts';
import { randomOf } from './random.ts';

interface WireElement {
  readonly key?: string;
  readonly tag?: string;
  readonly attributes?: readonly WireAttribute[];
  readonly children?: readonly WireElement[];
  readonly content?: string;
}
interface WireAttribute {
  readonly kind: number;
  readonly name: string;
  readonly value?: unknown;
  readonly include?: readonly string[];
  readonly debounce?: number;
  readonly throttle?: number;
}
interface WirePatch {
  readonly index?: number;
  readonly changes?: readonly { kind: number; content?: string; added?: WireAttribute[] }[];
  readonly children?: readonly WirePatch[];
}

/** A node of a page: its properties, and its handlers. */
export class ModelNode {
  readonly tag: string;
  readonly path: string;
  readonly children: readonly ModelNode[];
  readonly state: Record<string, unknown> = {};
  readonly handlers = new Map<string, WireAttribute>();
  /** What a debounced or throttled handler has not sent yet. */
  readonly waiting = new Map<string, object>();
  readonly throttled = new Set<string>();

  constructor({ tag = '', attributes = [], children = [], content }: WireElement, path: string) {
    this.tag = tag;
    this.path = path;
    if (content !== undefined) this.state['content'] = content;
    for (const each of attributes) this.set(each);
    this.children = children.map((child, at) => new ModelNode(child, `${path}\t${at}`));
  }

  set(attribute: WireAttribute): void {
    const { kind, name, value } = attribute;
    if (kind === 2) this.handlers.set(name, attribute);
    else if (name === 'checked') this.state['checked'] = kind === 0 ? true : value;
    else this.state[name] = kind === 0 ? (value ?? '') : value;
  }

  apply({ changes = [], children = [] }: WirePatch): void {
    for (const { kind, content, added = [] } of changes) {
      if (kind === 0) this.state['content'] = content ?? '';
      else if (kind === 2) for (const each of added) this.set(each);
      else throw new Error(`the model has no change of kind ${kind}`);
    }
    for (const child of children) (this.children[child.index ?? 0] as ModelNode).apply(child);
  }

  *all(): Generator<ModelNode> {
    yield this;
    for (const child of this.children) yield* child.all();
  }

  /** What its user can change of it. */
  shown(): unknown {
    return this.tag === 'input' ? (this.state['checked'] ?? this.state['value']) : undefined;
  }
}

/** One page: it sends a frame, and collects what happens until any frame comes. */
export class ModelPage {
  readonly #runtime: ComponentRuntime<undefined, unknown, unknown>;
  readonly #viewer = { show: (frame: string | Prepared) => this.#arrive(frame), ended: () => {} };
  readonly down: string[] = [];
  readonly up: string[] = [];
  root!: ModelNode;
  #isWaiting = false;
  #queue: object[] = [];

  constructor(runtime: ComponentRuntime<undefined, unknown, unknown>) {
    this.#runtime = runtime;
    runtime.connect(this.#viewer, false);
  }

  get inputs(): ModelNode[] {
    return [...this.root.all()].filter(({ tag }) => tag === 'input');
  }

  /** One of its inputs. */
  input(at: number): ModelNode {
    return this.inputs[at] as ModelNode;
  }

  /** It is closed. */
  leave(): void {
    this.#runtime.disconnect(this.#viewer);
  }

  /**
   * An event of the DOM, of which the runtime sends what the handler asks for.
   * @param from - where it happened, when the handler is around that
   */
  fire(node: ModelNode, name: string, from: ModelNode = node): void {
    const handler = node.handlers.get(name);
    if (handler === undefined) return;
    const target: Record<string, unknown> = {};
    if (name === 'input' || name === 'change') target['value'] = from.state['value'];
    for (const path of handler.include ?? []) {
      const property = path.replace('target.', '');
      if (from.state[property] !== undefined) target[property] = from.state[property];
    }
    const message = { kind: 1, path: node.path, name, event: { target } };
    const { debounce = 0, throttle = 0 } = handler;
    if (throttle > 0 && !node.throttled.has(name)) {
      node.throttled.add(name);
      node.waiting.delete(name);
      this.#send(message);
    } else if (debounce > 0) {
      node.waiting.set(name, message);
    } else if (throttle === 0) {
      this.#send(message);
    }
  }

  /** The timers of a node are over. */
  elapse(node: ModelNode): void {
    node.throttled.clear();
    for (const [name, message] of node.waiting) {
      node.waiting.delete(name);
      this.#send(message);
    }
  }

  /** The next frame of the server reaches the page. */
  receive(): void {
    const { kind, vdom, patch } = JSON.parse(this.down.shift() as string) as {
      kind: number;
      vdom: WireElement;
      patch: WirePatch;
    };
    if (kind === 0) this.root = new ModelNode(vdom, '0');
    else for (const child of patch.children ?? []) this.root.apply(child);
    if (this.#queue.length > 0) {
      this.up.push(JSON.stringify({ kind: 3, messages: this.#queue }));
      this.#queue = [];
    } else {
      this.#isWaiting = false;
    }
  }

  /** The next frame of the page reaches the server. */
  async deliver(): Promise<void> {
    await this.#runtime.receive(this.#viewer, readFrame(this.up.shift() as string));
  }

  #send(message: object): void {
    if (this.#isWaiting) {
      this.#queue.push(message);
      return;
    }
    this.#isWaiting = true;
    this.up.push(JSON.stringify(message));
  }

  #arrive(frame: string | Prepared): void {
    this.down.push(typeof frame === 'string' ? frame : String(frame.encoded));
    if (this.down.length === 1 && this.root === undefined) this.receive();
  }
}

export interface Outcome {
  /** What each page shows at the end, and last what a fresh mount shows. */
  readonly shown: readonly (readonly unknown[])[];
  /** The letters that were typed into each input, by its place. */
  readonly typed: ReadonlyMap<number, string>;
  readonly trace: readonly string[];
}

/** How the steps of a scenario are chosen. */
export interface Course {
  readonly seed: number;
  readonly pages: number;
  readonly actions: number;
  /** The likelihoods of: a user acts, a frame reaches the server, a frame reaches a page, a timer. */
  readonly weights: readonly [act: number, up: number, down: number, timer: number];
}

const tick = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

/** Plays a scenario to its end. */
export async function play(
  component: Component<undefined, never, never>,
  { seed, pages: count, actions, weights }: Course,
): Promise<Outcome> {
  const below = randomOf(seed);
  const failed = (error: unknown): never => {
    throw error;
  };
  const runtime = new ComponentRuntime(
    component as unknown as Component<undefined, unknown, unknown>,
    undefined,
    { failed, ended: () => {} },
  );
  runtime.begin();
  const pages = Array.from({ length: count }, () => new ModelPage(runtime));
  const typed = new Map<number, string>();
  const trace: string[] = [];
  let letters = 0;
  const act = (page: ModelPage): void => {
    const nodes = [...page.root.all()].filter(({ tag }) => tag === 'input' || tag === 'button');
    const node = nodes[below(nodes.length)] as ModelNode;
    const at = page.inputs.indexOf(node);
    if (node.tag === 'button') page.fire(node, 'click');
    else if (node.state['type'] === 'checkbox') {
      node.state['checked'] = node.state['checked'] !== true;
      for (const name of ['click', 'input', 'change']) page.fire(node, name);
    } else if (below(8) === 0) {
      page.fire(node, 'change');
    } else {
      const letter = 'abcdefghijklmnopqrstuvwxyz'[letters++ % 26] as string;
      typed.set(at, (typed.get(at) ?? '') + letter);
      node.state['value'] = `${String(node.state['value'])}${letter}`;
      page.fire(node, 'input');
    }
    trace.push(`page ${pages.indexOf(page)}: ${node.path.slice(2)} is ${String(node.shown())}`);
  };
  const step = async (at: number, kind: number): Promise<void> => {
    const page = pages[at] as ModelPage;
    if (kind === 1 && page.up.length > 0) {
      trace.push(`page ${at} up ${page.up[0]}`);
      await page.deliver();
      await tick();
    } else if (kind === 2 && page.down.length > 0) {
      trace.push(`page ${at} down ${page.down[0]}`);
      page.receive();
    } else if (kind === 3) {
      const { inputs } = page;
      page.elapse(inputs[below(inputs.length)] as ModelNode);
      vi.advanceTimersByTime(below(20));
      await tick();
    }
  };
  const settle = async (): Promise<void> => {
    for (const page of pages) for (const node of page.root.all()) page.elapse(node);
    vi.advanceTimersByTime(100);
    await tick();
    while (pages.some(({ up, down }) => up.length + down.length > 0)) {
      for (const at of pages.keys()) {
        await step(at, 1);
        await step(at, 2);
      }
    }
  };
  const total = weights.reduce((sum, each) => sum + each, 0);
  for (let acted = 0; acted < actions;) {
    let kind = 0;
    for (let left = below(total) - weights[0]; left >= 0; left -= weights[kind] as number) kind++;
    const at = below(pages.length);
    if (kind > 0) {
      await step(at, kind);
      continue;
    }
    act(pages[at] as ModelPage);
    acted += 1;
  }
  await settle();
  for (const page of pages) {
    for (const node of page.inputs) page.fire(node, 'change');
    await settle();
  }
  const fresh = new ModelPage(runtime);
  runtime.stop();
  const shown = [...pages, fresh].map(({ inputs }) => inputs.map((node) => node.shown()));
  return { shown, typed, trace };
}
