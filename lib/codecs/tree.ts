/**
 * What the words of ours are made of. A superstruct struct keeps its parts to itself; each word
 * notes them here when it makes one, for `definitionOf`. This file is in every page, so
 * it only remembers.
 */
import { type Struct } from 'superstruct';

/** The parts of a struct that a word of ours made. */
export type Tree =
  | { readonly word: 'optional' | 'nullable'; readonly of: Struct }
  | { readonly word: 'named'; readonly name: string; readonly of: Struct }
  | { readonly word: 'recursive'; readonly name: string; readonly of: () => Struct }
  | { readonly word: 'described'; readonly docs: string; readonly of: Struct }
  | { readonly word: 'safeInteger' }
  | { readonly word: 'dict'; readonly values: Struct }
  | { readonly word: 'tuple'; readonly items: readonly Struct[] }
  | { readonly word: 'oneOf'; readonly options: readonly Struct[] };

/** A tree, and the struct that the word made. */
export interface Known {
  readonly tree: Tree;
  readonly struct: Struct;
}

const trees = new WeakMap<object, Known>();

/**
 * Notes the tree of a new struct.
 * @param hasEntries - true when its `entries` is its own: what is refined from it is found by that,
 * for superstruct hands `entries` on untouched
 */
export function remember(struct: Struct, tree: Tree, hasEntries = false): Struct {
  const known = { tree, struct };
  trees.set(struct, known);
  if (hasEntries) trees.set(struct.entries, known);
  return struct;
}

/** The tree of a struct that a word of ours made, or of the one that it was refined from. */
export function knownOf(struct: Struct): Known | undefined {
  return trees.get(struct) ?? trees.get(struct.entries);
}
