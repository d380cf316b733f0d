/** Who wants to hear of something; told in the order of joining, in the turn in which it happens. */
export class Listeners<T> {
  readonly #listeners = new Set<(event: T) => void>();

  /** Adds a listener and returns what removes it. */
  add(listener: (event: T) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  tell(event: T): void {
    for (const listener of this.#listeners) listener(event);
  }
}
