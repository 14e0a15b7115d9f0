/**
 * Which children of a list to move. `sources` has for each wanted child the place where it stands
 * now, or {@link UNMATCHED}; places differ.
 */

/** It stands nowhere yet. */
export const UNMATCHED = -1;

/**
 * Which children have to be moved, if children are only ever moved to the front: each that stands
 * behind one that it is to stand before.
 *
 * @returns 1 for each of them
 */
export function movers(sources: Int32Array): Uint8Array {
  const moved = new Uint8Array(sources.length);
  let least = Infinity;
  for (let at = sources.length - 1; at >= 0; at--) {
    const source = sources[at] as number;
    if (source === UNMATCHED) continue;
    if (source < least) least = source;
    else moved[at] = 1;
  }
  return moved;
}
