/**
 * A map that never holds more than its limit. Two generations instead of a list of uses: what is
 * found in the old one moves to the young one, and when the young one is half full the old one is
 * dropped. A hit in the young generation writes nothing.
 */

export class BoundedCache<Value> {
  private readonly generationMax: number;
  private young: Map<string, Value>;
  private old: Map<string, Value>;

  /** Holds at most `entriesMax` values, 2 or more. */
  constructor(entriesMax: number) {
    this.generationMax = Math.max(1, Math.floor(entriesMax / 2));
    this.young = new Map();
    this.old = new Map();
  }

  get size(): number {
    return this.young.size + this.old.size;
  }

  get(cacheKey: string): Value | undefined {
    const value = this.young.get(cacheKey);
    if (value !== undefined) return value;
    const older = this.old.get(cacheKey);
    if (older !== undefined) {
      this.old.delete(cacheKey);
      this.set(cacheKey, older);
    }
    return older;
  }

  set(cacheKey: string, value: Value): void {
    if (this.young.size >= this.generationMax && !this.young.has(cacheKey)) {
      this.old = this.young;
      this.young = new Map();
    }
    this.young.set(cacheKey, value);
  }
}
