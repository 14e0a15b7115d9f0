/** What has changed between the attributes of an element and those it shall have. */
import { type Carried, type Json } from './attribute.ts';
import { encodeAttribute } from './encode.ts';
import { type WireAttribute, type WireChange } from './wire.ts';

/**
 * What the browser has told that the user put into an input. Its `value` or `checked` is then sent
 * exactly when the view wants it to be another. When it wants what the user has entered, nothing is
 * sent: the user may have typed on meanwhile, and must not lose that.
 */
export interface Typed {
  readonly value: string | undefined;
  readonly checked: boolean | undefined;
}

/** Both lists are in the order of {@link carried}. */
export function diffAttributes(
  before: readonly Carried<unknown>[],
  after: readonly Carried<unknown>[],
  typed: Typed | undefined,
): WireChange | undefined {
  if (before === after && typed === undefined) return undefined;
  const added: WireAttribute[] = [];
  const removed: WireAttribute[] = [];
  let at = 0;
  let to = 0;
  while (at < before.length || to < after.length) {
    const old = before[at];
    const wanted = after[to];
    if (wanted === undefined || (old !== undefined && old.name < wanted.name)) {
      at++;
      if (old !== undefined) removed.push({ kind: 0, name: old.name });
    } else if (old === undefined || wanted.name < old.name) {
      to++;
      if (isEntered(wanted, typed) !== true) added.push(encodeAttribute(wanted));
    } else {
      at++;
      to++;
      const entered = isEntered(wanted, typed);
      if (entered === true || (entered === undefined && isSame(old, wanted))) continue;
      if (old.kind !== wanted.kind) removed.push({ kind: 0, name: old.name });
      added.push(encodeAttribute(wanted));
    }
  }
  if (added.length === 0 && removed.length === 0) return undefined;
  return {
    kind: 2,
    ...(added.length > 0 && { added }),
    ...(removed.length > 0 && { removed }),
  };
}

/** Whether it is what the user has entered; undefined when the browser has told nothing of it. */
function isEntered(wanted: Carried<unknown>, typed: Typed | undefined): boolean | undefined {
  if (typed === undefined || wanted.kind === 'event') return undefined;
  if (wanted.name === 'value' && typed.value !== undefined) {
    // A number in JSON is shown as a text too.
    return typeof wanted.value === 'object' ? false : String(wanted.value) === typed.value;
  }
  if (wanted.name === 'checked' && typed.checked !== undefined) {
    return (wanted.kind === 'attribute' || wanted.value === true) === typed.checked;
  }
  return undefined;
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
        old.include.length === wanted.include.length &&
        old.include.every((path, at) => path === wanted.include[at])
      );
  }
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
