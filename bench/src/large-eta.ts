/** Says how far long work has come, and how long the rest will take at the pace so far. */

const everyMs = 5000;

export class Eta {
  readonly #what: string;
  readonly #from: number;
  readonly #to: number;
  readonly #say: (line: string) => void;
  readonly #startedMs = performance.now();
  #saidMs = performance.now();
  #done: number;

  constructor(
    what: string,
    { from = 0, to }: { readonly from?: number; readonly to: number },
    say: (line: string) => void,
  ) {
    this.#what = what;
    this.#from = from;
    this.#to = to;
    this.#say = say;
    this.#done = from;
  }

  /** So much more is done. */
  add(count: number): void {
    this.#done += count;
    const nowMs = performance.now();
    if (nowMs - this.#saidMs < everyMs && this.#done < this.#to) return;
    this.#saidMs = nowMs;
    const seconds = (nowMs - this.#startedMs) / 1000;
    const perSecond = (this.#done - this.#from) / seconds;
    const rest = Math.round((this.#to - this.#done) / perSecond);
    const share = ((100 * this.#done) / this.#to).toFixed(1);
    this.#say(
      this.#done < this.#to
        ? `${this.#what}: ${share} %, ${Math.round(perSecond)}/s, ${rest} s to go`
        : `${this.#what}: done, ${Math.round(seconds)} s`,
    );
  }
}
