/**
 * Text that fits a line of 80 characters where it can. The rules are those of `gleam format`, so
 * that what is printed here stays as it is when a project formats it.
 *
 * Source: Christian Lindig, "Strictly Pretty" (2000), with the two extensions that Gleam's
 * formatter has: breaks that are forced, and last arguments that break before the others do.
 */

/** How wide a line may be, in characters. */
const WIDTH = 80;

const INDENT = 2;

/** A document: strings, and places where lines may break. */
export type Layout = string | readonly Layout[] | LayoutNode;

type LayoutNode =
  /** A new line, always. */
  | { readonly kind: 'line'; readonly count: number }
  /** A new line after `broken` where its group does not fit, else `flat`. */
  | { readonly kind: 'break'; readonly broken: string; readonly flat: string }
  /** Breaks all its breaks, or none. */
  | { readonly kind: 'group'; readonly content: Layout }
  | { readonly kind: 'nest'; readonly content: Layout; readonly onlyBroken: boolean }
  /** Never fits on one line. */
  | { readonly kind: 'forced'; readonly content: Layout }
  /** Where `breakable`: fits as far as its first break; else its breaks do not count as breaks. */
  | { readonly kind: 'last'; readonly content: Layout; readonly breakable: boolean };

export const line: Layout = { kind: 'line', count: 1 };
export const emptyLine: Layout = { kind: 'line', count: 2 };

export function breakOr(flat: string, broken = ''): Layout {
  return { kind: 'break', broken, flat };
}

export function group(...content: Layout[]): Layout {
  return { kind: 'group', content };
}

export function nest(...content: Layout[]): Layout {
  return { kind: 'nest', content, onlyBroken: false };
}

export function nestIfBroken(...content: Layout[]): Layout {
  return { kind: 'nest', content, onlyBroken: true };
}

export function forced(...content: Layout[]): Layout {
  return { kind: 'forced', content };
}

/** What may break while the call around it stays on its line. */
export function breakable(...content: Layout[]): Layout {
  return { kind: 'last', content, breakable: true };
}

/** The opposite of {@link breakable}, for what is inside. */
export function whole(...content: Layout[]): Layout {
  return { kind: 'last', content, breakable: false };
}

export function join(parts: readonly Layout[], separator: Layout): Layout[] {
  return parts.flatMap((part, at) => (at === 0 ? [part] : [separator, part]));
}

type Mode = 'flat' | 'broken' | 'forced flat' | 'forced broken';

/** What is still to be printed, first things first. */
interface Rest {
  readonly layout: Layout;
  readonly mode: Mode;
  readonly indent: number;
  readonly next: Rest | undefined;
}

/** Prints a document. */
export function print(layout: Layout): string {
  let printed = '';
  let column = 0;
  const newLine = (count: number, indent: number): void => {
    printed += '\n'.repeat(count) + ' '.repeat(indent);
    column = indent;
  };
  let rest: Rest | undefined = { layout, mode: 'flat', indent: 0, next: undefined };
  while (rest !== undefined) {
    const { mode, indent, next }: Rest = rest;
    const now: Layout = rest.layout;
    if (typeof now === 'string') {
      printed += now;
      column += lengthOf(now);
      rest = next;
    } else if (isSequence(now)) {
      rest = pushed(now, mode, indent, next);
    } else if (now.kind === 'line') {
      newLine(now.count, indent);
      rest = next;
    } else if (now.kind === 'break') {
      const breaks = mode === 'broken' || mode === 'forced broken';
      printed += breaks ? now.broken : now.flat;
      column += breaks ? 0 : now.flat.length;
      if (breaks) newLine(1, indent);
      rest = next;
    } else if (now.kind === 'group') {
      const flat = { layout: now.content, mode: 'flat', indent, next: undefined } as const;
      rest = { ...flat, mode: fits(flat, column) ? 'flat' : 'broken', next };
    } else if (now.kind === 'nest') {
      const nests = !now.onlyBroken || mode === 'broken';
      rest = { layout: now.content, mode, indent: nests ? indent + INDENT : indent, next };
    } else {
      rest = { layout: now.content, mode, indent, next };
    }
  }
  return printed;
}

/** Whether a document fits between `column` and the end of the line. */
function fits(first: Rest, column: number): boolean {
  let rest: Rest | undefined = first;
  let width = column;
  while (width <= WIDTH) {
    if (rest === undefined) return true;
    const { mode, indent, next }: Rest = rest;
    const now: Layout = rest.layout;
    if (typeof now === 'string') {
      width += lengthOf(now);
      rest = next;
    } else if (isSequence(now)) {
      rest = pushed(now, mode, indent, next);
    } else if (now.kind === 'line') {
      return true;
    } else if (now.kind === 'break') {
      if (mode === 'broken' || mode === 'forced broken') return true;
      width += now.flat.length;
      rest = next;
    } else if (now.kind === 'forced' && mode !== 'forced broken') {
      return false;
    } else {
      rest = { layout: now.content, mode: modeWithin(now, mode), indent, next };
    }
  }
  return false;
}

function modeWithin(node: LayoutNode, mode: Mode): Mode {
  if (node.kind === 'group') return mode === 'broken' ? 'flat' : mode;
  if (node.kind !== 'last') return mode;
  if (!node.breakable) return 'forced flat';
  return mode === 'forced flat' ? mode : 'forced broken';
}

function pushed(
  parts: readonly Layout[],
  mode: Mode,
  indent: number,
  next: Rest | undefined,
): Rest | undefined {
  return parts.reduceRight<Rest | undefined>(
    (rest, layout) => ({ layout, mode, indent, next: rest }),
    next,
  );
}

function isSequence(layout: Layout): layout is readonly Layout[] {
  return Array.isArray(layout);
}

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** In what a reader sees as characters. */
function lengthOf(text: string): number {
  // oxlint-disable-next-line no-control-regex -- most strings are ASCII, where this is cheaper
  return /^[\0-\x7f]*$/.test(text) ? text.length : [...graphemes.segment(text)].length;
}
