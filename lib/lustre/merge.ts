/**
 * Two changes of one text, made without knowledge of each other: what a user typed, and what the
 * server wrote meanwhile.
 */

/** One piece of a text in the place of another. */
interface Splice {
  readonly from: number;
  readonly to: number;
  readonly insert: string;
}

/**
 * Applies to `ours` what made `theirs` of `base`. What was typed is kept, whatever we did: where both
 * changed the same place it comes after ours.
 *
 * @param base - what the user began with
 * @param theirs - what the user made of it
 * @param ours - what we made of it
 */
export function merge(base: string, theirs: string, ours: string): string {
  if (base === theirs || theirs === ours) return ours;
  if (base === ours) return theirs;
  const typed = spliceOf(base, theirs);
  const written = spliceOf(base, ours);
  const growth = written.insert.length - (written.to - written.from);
  if (typed.from >= written.to) {
    return apply(ours, { ...typed, from: typed.from + growth, to: typed.to + growth });
  }
  if (typed.to <= written.from) return apply(ours, typed);
  // As many letters as before, in capitals for example: each stands where it stood.
  if (growth === 0) return apply(ours, typed);
  const from = Math.min(typed.from, written.from);
  const to = Math.max(typed.to, written.to);
  return base.slice(0, from) + written.insert + typed.insert + base.slice(to);
}

/** The smallest piece that differs. */
function spliceOf(before: string, after: string): Splice {
  const shorter = Math.min(before.length, after.length);
  let from = 0;
  while (from < shorter && before[from] === after[from]) from++;
  let same = 0;
  while (
    same < shorter - from &&
    before[before.length - 1 - same] === after[after.length - 1 - same]
  ) {
    same++;
  }
  return {
    from,
    to: before.length - same,
    insert: after.slice(from, after.length - same),
  };
}

function apply(text: string, { from, to, insert }: Splice): string {
  return text.slice(0, from) + insert + text.slice(to);
}
