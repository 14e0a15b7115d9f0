/**
 * Which children of a list to move. `sources` has for each wanted child the place where it stands
 * now, or {@link UNMATCHED}; places differ.
 */

/** It stands nowhere yet. */
export const UNMATCHED = -1;

/** What it costs to make a child anew, in moves. */
const RENEWAL = 8;

/**
 * Which children have to be moved, if children are only ever moved to the front: each that stands
 * behind one that it shall stand before.
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

/**
 * The children that should be made anew rather than moved around: those that go back behind what
 * mostly keeps its order. Empty when that saves too little.
 *
 * @param isRenewable - whether a wanted child may be made anew
 * @returns their places among the wanted ones
 */
export function goingBack(
  sources: Int32Array,
  isRenewable: (at: number) => boolean,
): readonly number[] {
  const moves = count(movers(sources));
  if (moves <= RENEWAL) return [];
  const keeps = longestRise(sources);
  const back: number[] = [];
  const rest = sources.slice();
  let last = -1;
  for (let at = 0; at < sources.length; at++) {
    const source = sources[at] as number;
    if (source === UNMATCHED) continue;
    if (keeps[at] === 1) {
      last = source;
    } else if (source < last) {
      // Already dearer than the moves: no need to look at the others.
      if ((back.length + 1) * RENEWAL >= moves) return [];
      if (!isRenewable(at)) continue;
      back.push(at);
      rest[at] = UNMATCHED;
    }
  }
  return count(movers(rest)) + back.length * RENEWAL < moves ? back : [];
}

function count(flags: Uint8Array): number {
  let sum = 0;
  for (const flag of flags) sum += flag;
  return sum;
}

/**
 * The longest part of the children that is in order already: 1 for each of it.
 *
 * Source: longest increasing subsequence by patience sorting, O(n log n).
 */
function longestRise(sources: Int32Array): Uint8Array {
  const previous = new Int32Array(sources.length);
  // For each length: where a rise of that length ends lowest.
  const ends: number[] = [];
  for (let at = 0; at < sources.length; at++) {
    const source = sources[at] as number;
    if (source === UNMATCHED) continue;
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sources[ends[middle] as number] as number) < source) low = middle + 1;
      else high = middle;
    }
    previous[at] = low === 0 ? -1 : (ends[low - 1] as number);
    ends[low] = at;
  }
  const rise = new Uint8Array(sources.length);
  for (let at = ends.at(-1) ?? -1; at >= 0; at = previous[at] as number) rise[at] = 1;
  return rise;
}
