/** Since when nothing has befallen any member: only then may answers be expected to be new. */

export class Calm {
  #underWay = 0;
  #sinceMs = performance.now();

  /** A time of `performance.now()`; Infinity while something befalls somebody. */
  get sinceMs(): number {
    return this.#underWay === 0 ? this.#sinceMs : Infinity;
  }

  /** Runs what disturbs the members. */
  async disturbed(fault: () => Promise<void>): Promise<void> {
    this.#underWay++;
    try {
      await fault();
    } finally {
      this.#underWay--;
      this.#sinceMs = performance.now();
    }
  }
}
