/**
 * What travels from the server to Lustre's browser runtime, as JSON: every shape of it, and no more.
 * A field whose value is `''`, 0 or an empty list is left out of vnodes, attributes, patches and changes.
 *
 * Source: Lustre 5.3.2 to 5.7.0, as measured against its browser runtime.
 */
import { type Json } from './attribute.ts';

/** Whether a listener prevents or stops: 0 never, 2 always. */
export interface WireBehaviour {
  readonly kind: 0 | 2;
}

export type WireAttribute =
  | { readonly kind: 0; readonly name: string; readonly value?: string }
  | { readonly kind: 1; readonly name: string; readonly value: Json }
  | {
      readonly kind: 2;
      readonly name: string;
      readonly include?: readonly string[];
      readonly prevent_default: WireBehaviour;
      readonly stop_propagation: WireBehaviour;
      readonly debounce?: number;
      readonly throttle?: number;
    };

export interface WireNode {
  readonly kind: 0 | 1 | 2 | 3;
  readonly key?: string;
  readonly namespace?: string;
  readonly tag?: string;
  readonly attributes?: readonly WireAttribute[];
  readonly children?: readonly WireNode[];
  readonly content?: string;
  readonly inner_html?: string;
}

export type WireChange =
  | { readonly kind: 0; readonly content?: string }
  | { readonly kind: 1; readonly inner_html?: string }
  | {
      readonly kind: 2;
      readonly added?: readonly WireAttribute[];
      readonly removed?: readonly WireAttribute[];
    }
  | { readonly kind: 3; readonly key: string; readonly before?: number }
  | { readonly kind: 4; readonly index?: number }
  | { readonly kind: 5; readonly index?: number; readonly with: WireNode }
  | { readonly kind: 6; readonly before?: number; readonly children: readonly WireNode[] };

export interface WirePatch {
  readonly index?: number;
  /** Only for bundles of Lustre 5.7.0 and later. */
  readonly path?: readonly number[];
  readonly removed?: number;
  readonly changes?: readonly WireChange[];
  readonly children?: readonly WirePatch[];
}

export interface WireMount {
  readonly kind: 0;
  readonly open_shadow_root: boolean;
  readonly will_adopt_styles: boolean;
  readonly observed_attributes: readonly string[];
  readonly observed_properties: readonly string[];
  readonly requested_contexts: readonly string[];
  readonly provided_contexts: Readonly<Record<string, Json>>;
  readonly vdom: WireNode;
}

/** A message from the server. */
export type WireMessage =
  | WireMount
  | { readonly kind: 1; readonly patch: WirePatch }
  | { readonly kind: 2; readonly name: string; readonly data: Json }
  | { readonly kind: 3; readonly key: string; readonly value: Json };

/** Nothing has changed: a browser holds its events back until it is answered. */
export const UNCHANGED = '{"kind":1,"patch":{}}';
