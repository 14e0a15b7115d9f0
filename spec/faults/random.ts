/** Randomness that can be had again: by the seed that the run has printed. */

/** A generator of numbers from 0 to 1 that a seed decides (mulberry32). */
export function generator(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The seed of the run. */
export const seed = Number(process.env['FAULTS_SEED'] ?? 1);

/** A generator of its own for each test, so that none depends on which others ran before. */
export function randomOf(name: string): () => number {
  let hash = seed;
  for (const character of name) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
  return generator(hash);
}
