/**
 * The frames of Lustre's server components, as structs that refuse whatever the wire does not know:
 * a field too many here is a field that some runtime may read one day, and one too few is a page
 * that stays empty.
 */
import {
  any,
  array,
  boolean,
  coerce,
  create,
  defaulted,
  dynamic,
  enums,
  type Infer,
  integer,
  literal,
  min,
  nonempty,
  object,
  optional,
  record,
  refine,
  string,
  type Struct,
  StructError,
  unknown,
} from 'superstruct';

/** What a server did that a runtime would not survive, or would get wrong. */
export class WireViolation extends Error {
  override readonly name = 'WireViolation';
}

/**
 * The runtime that is played. From 5.3.2 on all of them understand the same wire; patches with a
 * `path` (5.7.0) and map nodes (5.5.0) are known to the newer ones only.
 */
export type Runtime = '5.3.2' | '5.7.0';

const index = min(integer(), 0);
/** XML names: what setAttribute and createElementNS of all browsers take. */
const Name = refine(nonempty(string()), 'name', (text) => !/[\s/>"'=<\0]/.test(text));
/** TAB, CR and LF would tear the path of an event. */
const Key = refine(string(), 'key', (key) => !/[\t\r\n]/.test(key));
const behaviour = object({ kind: enums([0, 1, 2]) });

const attributes = {
  0: object({ kind: literal(0), name: Name, value: optional(string()) }),
  1: refine(
    object({ kind: literal(1), name: Name, value: any() }),
    'value',
    (property) => property.value !== undefined,
  ),
  2: object({
    kind: literal(2),
    name: Name,
    include: optional(array(nonempty(string()))),
    prevent_default: behaviour,
    stop_propagation: behaviour,
    debounce: optional(min(integer(), 1)),
    throttle: optional(min(integer(), 1)),
  }),
} as const;

export type WireAttribute = Infer<(typeof attributes)[0 | 1 | 2]>;
export type WireEvent = Infer<(typeof attributes)[2]>;

interface Inner {
  readonly key?: string | undefined;
}
interface Tagged extends Inner {
  readonly namespace?: string | undefined;
  readonly tag: string;
  readonly attributes: WireAttribute[];
}
export type WireNode =
  | (Inner & { readonly kind: 0; readonly children: WireNode[] })
  | (Tagged & { readonly kind: 1; readonly children: WireNode[] })
  | (Inner & { readonly kind: 2; readonly content: string })
  | (Tagged & { readonly kind: 3; readonly inner_html: string })
  | (Inner & { readonly kind: 4; readonly child: WireNode });

export type WireChange =
  | { readonly kind: 0; readonly content: string }
  | { readonly kind: 1; readonly inner_html: string }
  | { readonly kind: 2; readonly added: WireAttribute[]; readonly removed: { name: string }[] }
  | { readonly kind: 3; readonly key: string; readonly before: number }
  | { readonly kind: 4; readonly index: number }
  | { readonly kind: 5; readonly index: number; readonly with: WireNode }
  | { readonly kind: 6; readonly before: number; readonly children: WireNode[] };

export interface WirePatch {
  readonly index: number;
  readonly path: number[];
  readonly removed: number;
  readonly changes: WireChange[];
  readonly children: WirePatch[];
}

export type WireMessage =
  | {
      readonly kind: 0;
      readonly open_shadow_root: boolean;
      readonly will_adopt_styles: boolean;
      readonly observed_attributes: string[];
      readonly observed_properties: string[];
      readonly requested_contexts: string[];
      readonly provided_contexts: Record<string, unknown>;
      readonly vdom: WireNode;
    }
  | { readonly kind: 1; readonly patch: WirePatch }
  | { readonly kind: 2; readonly name: string; readonly data: unknown }
  | { readonly kind: 3; readonly key: string; readonly value: unknown };

/** The struct for the `kind` of a value; there is none for a kind that the wire does not know. */
function byKind<Value>(what: string, structs: Readonly<Record<number, unknown>>): Struct<Value> {
  return dynamic((value) => {
    const kind = typeof value === 'object' && value !== null && 'kind' in value ? value.kind : null;
    const struct = typeof kind === 'number' ? structs[kind] : undefined;
    if (struct === undefined) throw new WireViolation(`no ${what}: ${brief(value)}`);
    return struct as Struct<Value>;
  });
}

/** What is left out counts as empty. */
const list = <Item>(item: Struct<Item>): Struct<Item[]> => defaulted(array(item), () => []);
const number = defaulted(index, 0);
const text = defaulted(string(), '');

const attribute = byKind<WireAttribute>('attribute', attributes);

interface Structs {
  readonly message: Struct<WireMessage>;
}

function structsFor(runtime: Runtime): Structs {
  const knowsAll = runtime === '5.7.0';
  const nodes: Record<number, unknown> = {};
  const node = byKind<WireNode>('node', nodes);
  const key = { key: optional(Key) };
  const tagged = {
    ...key,
    namespace: optional(string()),
    tag: Name,
    attributes: list(attribute),
  };
  nodes[0] = object({ kind: literal(0), ...key, children: list(node) });
  nodes[1] = object({ kind: literal(1), ...tagged, children: list(node) });
  nodes[2] = object({ kind: literal(2), ...key, content: text });
  nodes[3] = object({ kind: literal(3), ...tagged, inner_html: text });
  if (knowsAll) nodes[4] = object({ kind: literal(4), ...key, child: node });

  const change = byKind<WireChange>('change', {
    0: object({ kind: literal(0), content: text }),
    1: object({ kind: literal(1), inner_html: text }),
    2: object({
      kind: literal(2),
      added: list(attribute),
      // Matched by its name alone; the server may send the whole of it.
      removed: list(
        coerce(object({ name: Name }), unknown(), (value) => ({
          name: (value as { name: unknown }).name,
        })) as unknown as Struct<{ name: string }>,
      ),
    }),
    3: object({ kind: literal(3), key: nonempty(string()), before: number }),
    4: object({ kind: literal(4), index: number }),
    5: object({ kind: literal(5), index: number, with: node }),
    6: object({ kind: literal(6), before: number, children: nonempty(array(node)) }),
  });

  const patch: Struct<WirePatch> = dynamic(() => fields) as unknown as Struct<WirePatch>;
  const fields = object({
    index: number,
    path: knowsAll
      ? list(index as Struct<number>)
      : defaulted(refine(array(), 'path', isEmpty), () => []),
    removed: number,
    changes: list(change),
    children: list(patch),
  });

  return {
    message: byKind<WireMessage>('message', {
      0: object({
        kind: literal(0),
        open_shadow_root: boolean(),
        will_adopt_styles: boolean(),
        observed_attributes: array(string()),
        observed_properties: array(string()),
        requested_contexts: array(string()),
        provided_contexts: record(string(), any()),
        vdom: node,
      }),
      1: object({ kind: literal(1), patch }),
      2: object({ kind: literal(2), name: nonempty(string()), data: any() }),
      3: object({ kind: literal(3), key: string(), value: any() }),
    }),
  };
}

const isEmpty = (values: readonly unknown[]): boolean => values.length === 0;
const structs = { '5.3.2': structsFor('5.3.2'), '5.7.0': structsFor('5.7.0') };

/** Reads one frame; what is left out of it is filled in. */
export function readFrame(frame: string, runtime: Runtime): WireMessage {
  try {
    return create(JSON.parse(frame), structs[runtime].message);
  } catch (failure) {
    if (failure instanceof WireViolation) throw failure;
    const where = failure instanceof StructError ? `${failure.path.join('.')}: ` : '';
    throw new WireViolation(`${where}${(failure as Error).message}; frame: ${brief(frame)}`);
  }
}

/** A value, short enough for the text of an error. */
function brief(value: unknown): string {
  const json: string | undefined = typeof value === 'string' ? value : JSON.stringify(value);
  return (json ?? 'nothing').slice(0, 300);
}
