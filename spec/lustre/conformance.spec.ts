import { type Event } from 'happy-dom';
import { describe, expect, it } from 'vitest';
import { compact, diff } from '../../lib/lustre/vdom/diff.ts';
import { type Element } from '../../lib/lustre/vdom/node.ts';
import { encodeElement } from '../../lib/lustre/vdom/encode.ts';
import { findHandler } from '../../lib/lustre/vdom/path.ts';
import { type ClientMessage, LustreClient } from '../support/lustre-client.ts';
import { expected, type Hit, snapshot } from '../support/lustre-expected.ts';
import { type TreeNode } from '../support/lustre-tree.ts';
import { type Shape, Trees } from '../support/lustre-trees.ts';
import { viewOf } from '../support/lustre-views.ts';
import { type Runtime } from '../support/lustre-wire.ts';

/** How many updates in all; `LUSTRE_UPDATES=20000` for the whole. */
const UPDATES = Number(process.env['LUSTRE_UPDATES'] ?? 1_000);
const STEPS = 10;

/** A page that shows a view, and the view as the server remembers it. */
class Played {
  readonly client: LustreClient;
  view: Element<Hit>;
  readonly #runtime: Runtime;
  #sent: ClientMessage[] = [];

  constructor(view: Element<Hit>, runtime: Runtime) {
    this.view = view;
    this.#runtime = runtime;
    this.client = new LustreClient({
      runtime,
      send: (frame) => this.#sent.push(JSON.parse(frame) as ClientMessage),
    });
    this.client.open();
    this.#receive({
      kind: 0,
      open_shadow_root: true,
      will_adopt_styles: false,
      observed_attributes: [],
      observed_properties: [],
      requested_contexts: [],
      provided_contexts: {},
      vdom: encodeElement(view),
    });
  }

  #receive(message: object): void {
    this.client.receive(JSON.stringify(message));
  }

  show(view: Element<Hit>): void {
    const patch = diff(this.view, view) ?? {};
    this.view = view;
    this.#receive({ kind: 1, patch: this.#runtime === '5.7.0' ? compact(patch) : patch });
  }

  /** What the server makes of what the page says of an event. */
  fire(element: number, name: string): { hit: unknown; prevented: boolean } {
    const { window } = this.client;
    const event: Event = new window.Event(name, { cancelable: true });
    this.elements()[element]?.dispatchEvent(event);
    const [message, ...more] = this.#sent.splice(0);
    if (message?.kind !== 1 || more.length > 0)
      throw new Error(`${name} of ${element} was not said once`);
    this.#receive({ kind: 1, patch: {} });
    const found = findHandler(this.view, message.path, message.name);
    if (found === undefined) throw new Error(`nobody answers to ${JSON.stringify(message)}`);
    return {
      hit: found.toMessage(found.handler.decode(message.event)),
      prevented: event.defaultPrevented,
    };
  }

  /** The elements of the view: not those that raw HTML brought along. */
  elements(): readonly { [name: string]: unknown; dispatchEvent: (event: Event) => boolean }[] {
    return [...this.client.shadowRoot.querySelectorAll('*')].filter(
      (element) => !element.hasAttribute('data-raw'),
    ) as never;
  }

  /** The page, with all that the client keeps of it. */
  exactly(): string {
    return `${snapshot(this.client.shadowRoot, true)}${kept(this.client.tree.root)}`;
  }
}

/** What a client keeps of a node: what it is, its key, what it carries. */
function kept({ kind, key, attributes, children }: TreeNode): string {
  const carried = [...attributes.values()].map((each) => JSON.stringify(each)).sort();
  return `${kind} ${JSON.stringify(key)} ${carried.join()} [${children.map((child) => kept(child)).join()}]`;
}

/** Shows one view after the other, and says what is wrong with a page. */
function play(seed: number, runtime: Runtime, steps: number): { events: number } {
  const trees = new Trees(seed);
  let shape = trees.view();
  let events = 0;
  const page = new Played(viewOf(shape), runtime);
  try {
    for (let step = 0; step < steps; step += 1) {
      shape = trees.changed(shape);
      page.show(viewOf(shape));
      events += look(page, shape, runtime);
    }
  } catch (failure) {
    throw new Error(`seed ${seed} on ${runtime}: ${(failure as Error).message}`, {
      cause: failure,
    });
  } finally {
    page.client.remove();
  }
  return { events };
}

function look(page: Played, shape: Shape, runtime: Runtime): number {
  const { text, properties, handlers } = expected(shape);
  expect(snapshot(page.client.shadowRoot, false)).toBe(text);
  const fresh = new Played(viewOf(shape), runtime);
  try {
    expect(page.exactly()).toBe(fresh.exactly());
  } finally {
    fresh.client.remove();
  }
  const elements = page.elements();
  for (const { element, name, value } of properties) {
    expect(elements[element]?.[name]).toEqual(value);
  }
  const reachable = handlers.filter(({ debounce }) => debounce === 0);
  for (const { element, name, hit, prevents } of reachable) {
    expect(page.fire(element, name)).toEqual({ hit, prevented: prevents });
  }
  return reachable.length;
}

describe('random views and updates, on the conformance client', () => {
  it.each(['5.3.2', '5.7.0'] as const)(
    'show what a fresh mount shows, and reach every handler, on %s',
    (runtime) => {
      let updates = 0;
      let events = 0;
      for (let seed = 0; updates < UPDATES / 2; seed += 1, updates += STEPS) {
        events += play(runtime === '5.3.2' ? seed : -1 - seed, runtime, STEPS).events;
      }

      expect(events).toBeGreaterThan(updates);
    },
    20_000 + UPDATES * 30,
  );

  it('send nothing for a view that is the same again', () => {
    for (let seed = 0; seed < 100; seed += 1) {
      const shape = new Trees(seed).view();

      expect(diff(viewOf(shape), viewOf(shape))).toBeUndefined();
    }
  });

  it('keep the elements of children with keys, however they are rearranged', () => {
    const shapeOf = (keys: readonly string[]): Shape => ({
      is: 'element',
      isSvg: false,
      tag: 'ul',
      attributes: [],
      kids: {
        keys,
        // An input: it holds what was typed, so it is never made anew.
        shapes: keys.map((key) => ({
          is: 'element',
          isSvg: false,
          tag: 'input',
          attributes: [{ is: 'attribute', name: 'data-a', value: key }],
          kids: { shapes: [], keys: undefined },
        })),
      },
    });
    for (let seed = 0; seed < 100; seed += 1) {
      const trees = new Trees(seed);
      let keys: readonly string[] = 'a b c d e f g h i j k l m n o p'.split(' ');
      const page = new Played(viewOf(shapeOf(keys)), '5.3.2');
      for (let step = 0; step < 5; step += 1) {
        const before = new Map(
          page
            .elements()
            .slice(1)
            .map((element, at) => [keys[at], element]),
        );
        keys = trees.rearranged(keys);
        page.show(viewOf(shapeOf(keys)));

        for (const [at, element] of page.elements().slice(1).entries()) {
          expect(element === before.get(keys[at]), `seed ${seed}, ${keys.join('')}`).toBe(true);
        }
      }
      page.client.remove();
    }
  });
});
