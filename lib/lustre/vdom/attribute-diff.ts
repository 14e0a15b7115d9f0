/** What has changed between the attributes of an element and those it shall have. */
import { type Carried, type Json } from './attribute.ts';
import { type Stamp, UNDECIDED } from './control.ts';
import { encodeAttribute } from './encode.ts';
import { STAMP } from './reports.ts';
import { type WireAttribute, type WireChange } from './wire.ts';

/** What an element is that the user can change, while its attributes are compared. */
export interface Controlled {
  /** The name of the attribute or property that says what it shall be. */
  readonly name: string;
  /**
   * Whether to write it; called once, when the view says it. A stamp is what the element keeps of
   * the write; true where it keeps nothing.
   */
  readonly writes: (isChanged: boolean) => Stamp | true | undefined;
}

/** Both lists are in the order of {@link carried}. */
export function diffAttributes(
  before: readonly Carried<unknown>[],
  after: readonly Carried<unknown>[],
  controlled: Controlled | undefined,
): WireChange | undefined {
  if (before === after && controlled === undefined) return undefined;
  if (before.length === 0 && after.length === 0) return undefined;
  // Most elements are as they were.
  if (controlled === undefined && areSame(before, after)) return undefined;
  const change: Change = { added: [], removed: [], stamp: undefined };
  let at = 0;
  let to = 0;
  while (at < before.length || to < after.length) {
    const old = before[at];
    const wanted = after[to];
    // Nearly all names are there once, and in both.
    if (
      old?.name === wanted?.name &&
      !isNamed(before, at + 1, old) &&
      !isNamed(after, to + 1, old)
    ) {
      diffOne(old, wanted, controlled, change);
      at++;
      to++;
      continue;
    }
    const isOld = wanted === undefined || (old !== undefined && old.name < wanted.name);
    const first = (isOld ? old : wanted) as Carried<unknown>;
    let oldEnd = at;
    let wantedEnd = to;
    while (isNamed(before, oldEnd, first)) oldEnd++;
    while (isNamed(after, wantedEnd, first)) wantedEnd++;
    if (oldEnd - at <= 1 && wantedEnd - to <= 1) {
      diffOne(
        oldEnd === at ? undefined : old,
        wantedEnd === to ? undefined : wanted,
        controlled,
        change,
      );
    } else {
      diffGroup(before.slice(at, oldEnd), after.slice(to, wantedEnd), controlled, change);
    }
    at = oldEnd;
    to = wantedEnd;
  }
  const { added, removed, stamp } = change;
  if (stamp !== undefined) {
    const undecided = controlled?.name === 'checked' ? findUndecided(after) : undefined;
    if (undecided !== undefined && !added.some(({ name }) => name === UNDECIDED)) {
      added.push(encodeAttribute(undecided));
    }
    added.push(stampOf(stamp));
  }
  if (added.length === 0 && removed.length === 0) return undefined;
  return {
    kind: 2,
    ...(added.length > 0 && { added }),
    ...(removed.length > 0 && { removed }),
  };
}

function findUndecided(list: readonly Carried<unknown>[]): Carried<unknown> | undefined {
  return list.find(({ kind, name }) => kind === 'property' && name === UNDECIDED);
}

function areSame(before: readonly Carried<unknown>[], after: readonly Carried<unknown>[]): boolean {
  if (before.length !== after.length) return false;
  for (let at = 0; at < before.length; at++) {
    const old = before[at] as Carried<unknown>;
    const wanted = after[at] as Carried<unknown>;
    if (old.name !== wanted.name || !isSame(old, wanted)) return false;
  }
  return true;
}

function isNamed(
  list: readonly Carried<unknown>[],
  at: number,
  like: Carried<unknown> | undefined,
): boolean {
  return at < list.length && list[at]?.name === like?.name;
}

/** An update that also has the element keep the stamp of a write. */
export function withStamp(update: WireChange | undefined, stamp: Stamp): WireChange {
  if (update?.kind !== 2) return { kind: 2, added: [stampOf(stamp)] };
  return { ...update, added: [...(update.added ?? []), stampOf(stamp)] };
}

function stampOf(stamp: Stamp): WireAttribute {
  return { kind: 1, name: STAMP, value: stamp };
}

interface Change {
  readonly added: WireAttribute[];
  readonly removed: WireAttribute[];
  stamp: Stamp | undefined;
}

function diffOne(
  old: Carried<unknown> | undefined,
  wanted: Carried<unknown> | undefined,
  controlled: Controlled | undefined,
  change: Change,
): void {
  if (wanted === undefined) {
    if (old !== undefined) change.removed.push({ kind: 0, name: old.name });
    return;
  }
  const isChanged = old === undefined || !isSame(old, wanted);
  if (controlled?.name === wanted.name && wanted.kind !== 'event') {
    const stamp = controlled.writes(isChanged);
    if (stamp === undefined) return;
    if (stamp !== true) change.stamp = stamp;
  } else if (!isChanged) {
    return;
  }
  if (old !== undefined && old.kind !== wanted.kind)
    change.removed.push({ kind: 0, name: old.name });
  change.added.push(encodeAttribute(wanted));
}

/**
 * Several of one name. The browser removes by name alone: the handler, if there is one, and else the
 * attribute. So whatever shares its name with something that is removed is added again.
 */
function diffGroup(
  before: readonly Carried<unknown>[],
  after: readonly Carried<unknown>[],
  controlled: Controlled | undefined,
  change: Change,
): void {
  const find = (list: readonly Carried<unknown>[], kind: string): Carried<unknown> | undefined =>
    list.find((each) => each.kind === kind);
  const isGone = (kind: string): boolean =>
    find(before, kind) !== undefined && find(after, kind) === undefined;
  const losesState = isGone('attribute') || isGone('property');
  const hadHandler = find(before, 'event') !== undefined;
  const name = ((before[0] ?? after[0]) as Carried<unknown>).name;
  if (hadHandler && (losesState || isGone('event'))) change.removed.push({ kind: 0, name });
  if (losesState) change.removed.push({ kind: 0, name });
  for (const wanted of after) {
    const old = find(before, wanted.kind);
    // guard: what shares its name with something removed is added again
    const isTakenAlong = losesState && (wanted.kind !== 'event' || hadHandler);
    const isChanged = isTakenAlong || old === undefined || !isSame(old, wanted);
    if (controlled?.name === name && wanted.kind !== 'event') {
      const stamp = controlled.writes(isChanged);
      if (stamp === undefined) continue;
      if (stamp !== true) change.stamp = stamp;
    } else if (!isChanged) {
      continue;
    }
    change.added.push(encodeAttribute(wanted));
  }
}

function isSame(old: Carried<unknown>, wanted: Carried<unknown>): boolean {
  if (old === wanted) return true;
  switch (wanted.kind) {
    case 'attribute':
      return old.kind === 'attribute' && old.value === wanted.value;
    case 'property':
      return old.kind === 'property' && isSameJson(old.value, wanted.value);
    case 'event':
      return (
        old.kind === 'event' &&
        old.preventDefault === wanted.preventDefault &&
        old.stopPropagation === wanted.stopPropagation &&
        old.debounce === wanted.debounce &&
        old.throttle === wanted.throttle &&
        areSamePaths(old.include, wanted.include)
      );
  }
}

function areSamePaths(before: readonly string[], after: readonly string[]): boolean {
  if (before === after) return true;
  return before.length === after.length && before.every((path, at) => path === after[at]);
}

/** Whether two values are the same JSON, whatever the order of their keys. */
export function isSameJson(one: Json | undefined, other: Json | undefined): boolean {
  if (Object.is(one, other)) return true;
  if (typeof one !== 'object' || typeof other !== 'object') return false;
  if (one === null || other === null) return false;
  if (isArray(one) || isArray(other)) {
    if (!isArray(one) || !isArray(other) || one.length !== other.length) return false;
    return one.every((each, at) => isSameJson(each, other[at]));
  }
  const keys = Object.keys(one);
  if (keys.length !== Object.keys(other).length) return false;
  return keys.every((key) => Object.hasOwn(other, key) && isSameJson(one[key], other[key]));
}

const isArray: (value: Json) => value is readonly Json[] = Array.isArray;
