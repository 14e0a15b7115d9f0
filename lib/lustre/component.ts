/** What a server component is made of, before anybody runs it. */
import { expectProgram } from '../application/application.ts';
import { type Effect } from '../application/effect.ts';
import { expectFunction, expectOptions, type OptionNames } from '../core/options.ts';
import { type Program } from '../application/program.ts';
import { type Decode, type Json } from './vdom/attribute.ts';
import { type Element } from './vdom/node.ts';

/** What a component asks of its element in the page, and gives it. */
export interface ComponentOptions<Message> {
  /**
   * The attributes of `<lustre-server-component>` that the component is told of, each with what
   * makes a message of its value: a text, or null when it was removed. Undefined ignores it.
   *
   * The browser tells them after the first mount, and at each change; never again after a
   * reconnect.
   */
  readonly attributes?: Readonly<Record<string, (value: string | null) => Message | undefined>>;
  /**
   * The properties of the element that the component is told of when a script sets them, each with
   * what makes a message of the value (undefined where that was undefined); a `decodeEvent` fits.
   *
   * A browser that lost its connection cannot show such a component again, unless the server knows
   * that it comes back: see `isRemount` of `omniServerComponent`.
   */
  readonly properties?: Readonly<Record<string, Decode<Message>>>;
  /** Contexts that elements inside the component can ask for, from the start; `provide` changes them. */
  readonly contexts?: Readonly<Record<string, Json>>;
  /** Whether scripts of the page may look inside. @defaultValue true */
  readonly openShadowRoot?: boolean;
  /**
   * Whether the style sheets of the page hold inside too. Then the browser shows nothing before
   * all of them are there: one that never comes means a component that never shows.
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
  /** Dispatched when a viewer has gone, also when it just vanished. */
  readonly onDisconnect?: Message;
}

/** An Elm-style program with a view. Nothing of it runs until somebody starts it. */
export interface Component<Args, Model, Message> extends Program<Args, Model, Message> {
  /** What a model looks like. It should do nothing else, and is called after each step. */
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
 * Makes a server component. It returns what it was given: its work is to check it, and to let the
 * types of its parts be said once.
 *
 * @throws TypeError when a part is not what it must be
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

/** What an effect asks the runtime of a component to do. */
export type RuntimeCommand =
  | { readonly kind: 'emit'; readonly name: string; readonly data: Json }
  | { readonly kind: 'provide'; readonly key: string; readonly value: Json };

/**
 * Has the element dispatch an event in the page of every viewer, with `data` as its `detail`. It
 * leaves after what the view shows by then. In bundles up to Lustre 5.7.0 it does not bubble.
 *
 * In a program without a view it fails, and `onError` is told.
 *
 * Source: `event.emit` of Lustre.
 */
export function emit(name: string, data: Json): Effect<never> {
  const command: RuntimeCommand = { kind: 'emit', name, data };
  return { kind: 'command', command: command };
}

/**
 * Provides a context to the elements inside, for every viewer of now and later. A value that is
 * the same as before is not sent.
 *
 * In a program without a view it fails, and `onError` is told.
 *
 * Source: `effect.provide` of Lustre.
 */
export function provide(key: string, value: Json): Effect<never> {
  const command: RuntimeCommand = { kind: 'provide', key, value };
  return { kind: 'command', command: command };
}
