/**
 * The attributes of an element in the order of the wire. Attributes and properties share their
 * names, event handlers have names of their own: an element may have the attribute `open` and listen
 * to the event `open`.
 */
import { type Attribute, type Carried } from './attribute.ts';
import { areWholeDeclarations } from './style-value.ts';

const NOTHING: readonly never[] = Object.freeze([]);

/**
 * Puts attributes in the order of the wire: ascending by name, handlers last; one of each, `class`
 * and `style` joined, nothing that is empty.
 *
 * @param isCustom - on a custom element an attribute and a property of one name are two things
 */
export function carried<Message>(
  attributes: readonly Attribute<Message>[],
  isCustom: boolean = false,
): readonly Carried<Message>[] {
  if (attributes.length === 0) return NOTHING;
  const first = attributes[0];
  if (attributes.length === 1 && first !== undefined) {
    return isCarried(first) ? (attributes as readonly Carried<Message>[]) : NOTHING;
  }
  const sorted: Carried<Message>[] = [];
  for (const each of attributes) {
    if (isCarried(each)) place(sorted, each, isCustom);
  }
  return sorted;
}

function isCarried<Message>(each: Attribute<Message>): each is Carried<Message> {
  if (each.kind === 'none') return false;
  return each.kind !== 'attribute' || each.value !== '' || !isJoined(each.name);
}

const isJoined = (name: string): boolean => name === 'class' || name === 'style';

const RANKS = { attribute: 0, property: 1, event: 2 } as const;

/** Lists are short, and mostly in order already: insertion from behind is the fastest sort there. */
function place<Message>(
  sorted: Carried<Message>[],
  each: Carried<Message>,
  isCustom: boolean,
): void {
  let at = sorted.length;
  while (at > 0) {
    const before = sorted[at - 1];
    if (before === undefined || before.name < each.name) break;
    if (before.name === each.name) {
      if (isSameSlot(before, each, isCustom)) {
        sorted[at - 1] = joined(before, each);
        return;
      }
      if (RANKS[before.kind] < RANKS[each.kind]) break;
    }
    at--;
  }
  sorted.splice(at, 0, each);
}

/** Whether the later one takes the place of the earlier one. */
function isSameSlot(one: Carried<unknown>, other: Carried<unknown>, isCustom: boolean): boolean {
  if (one.kind === other.kind) return true;
  // guard: handlers have names of their own
  if (one.kind === 'event' || other.kind === 'event') return false;
  // The two halves of a boolean attribute belong together everywhere.
  if (!isCustom || one.value === false || other.value === false) return true;
  return REFLECTED.has(one.name);
}

/** The attributes of every element that are a property of the same name. */
const REFLECTED: ReadonlySet<string> = new Set(
  'autofocus dir draggable hidden id inert lang nonce popover slot spellcheck style title translate'.split(
    ' ',
  ),
);

/** Two of one name: both for `class` and `style`, else the later one. */
function joined<Message>(earlier: Carried<Message>, later: Carried<Message>): Carried<Message> {
  if (!isJoined(later.name) || earlier.kind !== 'attribute' || later.kind !== 'attribute') {
    return later;
  }
  if (later.name === 'class') return { ...later, value: `${earlier.value} ${later.value}` };
  // What is left open swallows what comes after it, so it comes last.
  const [first, second] = areWholeDeclarations(earlier.value) ? [earlier, later] : [later, earlier];
  const separator = first.value.endsWith(';') ? '' : ';';
  return { ...later, value: `${first.value}${separator}${second.value}` };
}
