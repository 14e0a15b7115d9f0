/** How many people are here: those whose window has a program of its own. */
type Listener = (count: number) => void;

/** What the chat needs to know of who is here. */
export type Presence = Pick<People, 'enter'>;

export class People {
  readonly #listeners = new Set<Listener>();
  #count = 0;

  /**
   * Counts one more, and tells everybody, now and whenever it changes.
   * @param listener - is told the count, for the first time before this returns
   * @returns what counts one less
   */
  enter(listener: Listener): () => void {
    this.#count += 1;
    this.#listeners.add(listener);
    this.#tell();
    return () => {
      if (!this.#listeners.delete(listener)) return;
      this.#count -= 1;
      this.#tell();
    };
  }

  /**
   * Looks on without being counted.
   * @param listener - is told the count, for the first time before this returns
   * @returns what ends it
   */
  watch(listener: Listener): () => void {
    this.#listeners.add(listener);
    listener(this.#count);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  #tell(): void {
    for (const listener of this.#listeners) listener(this.#count);
  }
}
