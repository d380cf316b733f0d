/**
 * Until when the threads of a front end may answer, and the least position that they may answer from: in
 * memory that they share, so that a main thread that hangs ends their answers too. One writer; doubles are
 * written whole on the 64-bit machines that this runs on.
 */

const places = { freshUntilMs: 0, term: 1, generation: 2 } as const;

export class FrontFreshness {
  readonly memory: SharedArrayBuffer;
  private readonly values: Float64Array<SharedArrayBuffer>;
  /** `performance.now` begins with each thread, this at one moment for all of the process. */
  private readonly originMs: number;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(Object.keys(places).length * 8)) {
    this.memory = memory;
    this.values = new Float64Array(memory);
    this.originMs = Number(process.hrtime.bigint() / 1000n) / 1000 - performance.now();
  }

  /** Milliseconds that only go forward, the same in all threads. */
  nowMs(): number {
    return this.originMs + performance.now();
  }

  set(freshUntilMs: number, seen: { readonly term: number; readonly generation: number }): void {
    this.values[places.term] = seen.term;
    this.values[places.generation] = seen.generation;
    this.values[places.freshUntilMs] = freshUntilMs;
  }

  isFresh(): boolean {
    return this.nowMs() < this.values[places.freshUntilMs]!;
  }

  /** Term and generation may be of two moments: then a reading is refused that was right, at worst. */
  seen(): { readonly term: number; readonly generation: number } {
    return { term: this.values[places.term]!, generation: this.values[places.generation]! };
  }
}
