/** How many people are here: those whose window has a program of its own. */
type Listener = (count: number) => void;

/** What the chat needs of the people. */
export type Presence = Pick<People, 'enter'>;

export class People {
  readonly #listeners = new Set<Listener>();
  #count = 0;

  /**
   * Counts one more.
   * @param listener - called with the count, before this returns and after every change
   * @returns a function that counts one less
   */
  enter(listener: Listener): () => void {
    this.#count += 1;
    this.#listeners.add(listener);
    this.#notify();
    return () => {
      if (!this.#listeners.delete(listener)) return;
      this.#count -= 1;
      this.#notify();
    };
  }

  /**
   * Watches without being counted.
   * @param listener - called with the count, before this returns and after every change
   * @returns a function that ends it
   */
  watch(listener: Listener): () => void {
    this.#listeners.add(listener);
    listener(this.#count);
    return () => {
      this.#listeners.delete(listener);
    };
  }

  #notify(): void {
    for (const listener of this.#listeners) listener(this.#count);
  }
}
