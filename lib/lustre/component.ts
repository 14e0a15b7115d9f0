/** Server components: their parts and their options. */
import { expectProgram } from '../application/application.ts';
import { type Effect } from '../application/effect.ts';
import { expectFunction, expectOptions, type OptionNames } from '../core/options.ts';
import { type Program } from '../application/program.ts';
import { type Decode, type Json } from './vdom/attribute.ts';
import { type Element } from './vdom/node.ts';

/** Options of {@link component}: its element in the page, and its viewers. */
export interface ComponentOptions<Message> {
  /**
   * The attributes of `<lustre-server-component>` that the component observes, each with a function
   * from its value (a string, or null when it was removed) to a message; undefined ignores it.
   *
   * The browser sends them after the first mount, and at each change; not again after a reconnect.
   */
  readonly attributes?: Readonly<Record<string, (value: string | null) => Message | undefined>>;
  /**
   * The properties of the element that the component observes when a script sets them, each with a
   * function from the value (undefined where that was undefined) to a message; a `decodeEvent` fits.
   *
   * A browser that lost its connection cannot show such a component again, unless the server knows
   * that it reconnects: see `isRemount` of `omniServerComponent`.
   */
  readonly properties?: Readonly<Record<string, Decode<Message>>>;
  /** The first values of the contexts for the elements inside; `provide` changes them. */
  readonly contexts?: Readonly<Record<string, Json>>;
  /** Whether scripts of the page can access the inside (`element.shadowRoot`). @defaultValue true */
  readonly openShadowRoot?: boolean;
  /**
   * Whether the style sheets of the page apply inside too. Then the browser shows nothing before all
   * of them have loaded: with one that never loads the component is never shown.
   * @defaultValue false (Lustre's own is true); `html.style` gives a component its own
   */
  readonly adoptStyles?: boolean;
  /**
   * Writes shorter patches, which only the browser runtime of Lustre 5.7.0 and later understands.
   * @defaultValue false
   */
  readonly compactPatches?: boolean;
  /** Dispatched after a viewer was shown the view. */
  readonly onConnect?: Message;
  /** Dispatched when a viewer has disconnected, also when its connection broke. */
  readonly onDisconnect?: Message;
}

/** An Elm-style program with a view. Nothing of it runs until it is started. */
export interface Component<Args, Model, Message> extends Program<Args, Model, Message> {
  /** From a model to its view. It should do nothing else, and is called after each step. */
  readonly view: (model: Model) => Element<Message>;
  readonly options?: ComponentOptions<Message>;
}

const PART_NAMES: OptionNames<Component<never, never, never>> = {
  init: true,
  update: true,
  view: true,
  options: true,
};
const OPTION_NAMES: OptionNames<ComponentOptions<never>> = {
  attributes: true,
  properties: true,
  contexts: true,
  openShadowRoot: true,
  adoptStyles: true,
  compactPatches: true,
  onConnect: true,
  onDisconnect: true,
};

/**
 * Makes a server component. It returns its argument: it checks the parts, and its type parameters give
 * them their types in one place.
 *
 * @throws TypeError when a part is invalid or unknown
 *
 * Source: `lustre.component` of Lustre, and the options of `lustre/component`.
 *
 * @example
 * ```ts
 * const counter = component<number, number, 'more' | 'less'>({
 *   init: (start) => [start, effect.none()],
 *   update: (count, message) => [message === 'more' ? count + 1 : count - 1, effect.none()],
 *   view: (count) => html.div([], [
 *     html.button([onClick('less')], [text('-')]),
 *     html.p([], [text(count)]),
 *     html.button([onClick('more')], [text('+')]),
 *   ]),
 * });
 * ```
 */
export function component<Args, Model, Message>(
  parts: Component<Args, Model, Message>,
): Component<Args, Model, Message> {
  expectOptions('component', parts, PART_NAMES);
  expectComponent(parts);
  return parts;
}

/** @throws TypeError unless it has the parts of a component */
export function expectComponent(parts: {
  readonly init: unknown;
  readonly update: unknown;
  readonly view: unknown;
  readonly options?: ComponentOptions<unknown>;
}): void {
  expectProgram(parts);
  expectFunction('view', parts.view);
  const { options = {} } = parts;
  expectOptions('options', options, OPTION_NAMES);
  const { attributes = {}, properties = {} } = options;
  for (const [name, toMessage] of Object.entries({ ...attributes, ...properties })) {
    expectFunction(`options: ${name}`, toMessage);
  }
}

/** A command of an effect to the runtime of a component. */
export type RuntimeCommand =
  | { readonly kind: 'emit'; readonly name: string; readonly data: Json }
  | { readonly kind: 'provide'; readonly key: string; readonly value: Json };

/**
 * Dispatches an event of the element in the page of every viewer, with `data` as its `detail`. It is
 * sent after the view of the steps before. In bundles up to Lustre 5.7.0 it does not bubble.
 *
 * In a program without a view it fails, and `onError` is called.
 *
 * Source: `event.emit` of Lustre.
 */
export function emit(name: string, data: Json): Effect<never> {
  const command: RuntimeCommand = { kind: 'emit', name, data };
  return { kind: 'command', command: command };
}

/**
 * Provides a context to the elements inside, for every present and later viewer. The same value as
 * before is not sent.
 *
 * In a program without a view it fails, and `onError` is called.
 *
 * Source: `effect.provide` of Lustre.
 */
export function provide(key: string, value: Json): Effect<never> {
  const command: RuntimeCommand = { kind: 'provide', key, value };
  return { kind: 'command', command: command };
}
