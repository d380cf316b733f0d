/**
 * What was true of each number, and when: every state that its holder has signed, in order, and since when
 * all members have to know it. Answers are held against it. An answer is wrong if nobody ever signed it, if
 * the same member, asked in the same way, had answered something newer before, or if it is older than what was
 * settled long before the question while nothing was amiss. No answer is never wrong.
 */
import type { Identifier } from '@callbook/protocol';

/** How long members may need to show what a holder was told, while nothing befalls any of them. */
export const staleMsMax = 15_000;

/** Published under this URI, or nothing at all. */
interface State {
  readonly uri: string | null;
  /** From when on nothing older may be in force anywhere; none while its holder was told nothing. */
  settledAtMs: number;
}

/** Who was asked, how, and what may be expected. Times are of `performance.now()`. */
export interface Asking {
  readonly identifier: Identifier;
  /** A member's name, or whoever answers together. */
  readonly member: string;
  /** `dns`, `api` and so on: each is a way of its own into a member. */
  readonly by: string;
  readonly askedAtMs: number;
  readonly newestSeen: number;
  readonly mustBe: number;
}

export class History {
  readonly #states = new Map<Identifier, State[]>();
  /** Index of the newest state that was seen, by way, member and number. */
  readonly #seen = new Map<string, number>();
  readonly #calmSinceMs: () => number;
  readonly #nowMs: () => number;
  /** Of each answer about a state that was settled and not shown, how long it had been settled, at most. */
  oldestAnswerMs = 0;

  /** `calmSinceMs` says since when nothing befalls any member; Infinity while something does. */
  constructor(calmSinceMs: () => number, nowMs: () => number = () => performance.now()) {
    this.#calmSinceMs = calmSinceMs;
    this.#nowMs = nowMs;
  }

  /** Notes what a holder signs, before any member sees it; null ends what is published. */
  sign(identifier: Identifier, uri: string | null): void {
    const states = this.#statesOf(identifier);
    if (states.at(-1)!.uri === uri) return;
    states.push({ uri, settledAtMs: Infinity });
  }

  /** Notes that enough members have said to have it; nothing older is in force `graceMs` later. */
  acknowledge(identifier: Identifier, uri: string | null, graceMs = 0): void {
    const state = this.#statesOf(identifier).findLast((one) => one.uri === uri);
    if (state === undefined) throw new Error('acknowledges what nobody has signed');
    state.settledAtMs = Math.min(state.settledAtMs, this.#nowMs() + graceMs);
  }

  /** To be called before a question goes out. */
  asking(identifier: Identifier, member: string, by: string): Asking {
    const askedAtMs = this.#nowMs();
    const longAgoMs = askedAtMs - staleMsMax;
    const isCalm = this.#calmSinceMs() <= longAgoMs;
    const newestSeen = this.#seen.get(rowOf({ identifier, member, by })) ?? 0;
    const mustBe = isCalm ? this.#newestSettled(identifier, longAgoMs) : 0;
    return { identifier, member, by, askedAtMs, newestSeen, mustBe };
  }

  /** Judges an answer: the URI that is published, or null for none. Returns why it is wrong. */
  judge(asking: Asking, uri: string | null): string | undefined {
    const { identifier, member, by, askedAtMs, newestSeen, mustBe } = asking;
    const states = this.#statesOf(identifier);
    const places = states.flatMap((state, place) => (state.uri === uri ? [place] : []));
    const newest = places.at(-1);
    const who = `${member} by ${by}`;
    if (newest === undefined) return `${who} tells what nobody has signed`;
    this.#noteAge(identifier, newest, askedAtMs);
    if (newest < mustBe) {
      const ageMs = Math.round(askedAtMs - states[mustBe]!.settledAtMs);
      return `${who} tells state ${newest} where ${mustBe} was settled ${ageMs} ms before`;
    }
    if (newest < newestSeen && !this.#isEnding(identifier, newestSeen)) {
      return `${who} goes back from state ${newestSeen} to ${newest}`;
    }
    const row = rowOf(asking);
    // Of several equal states the oldest that is possible: the others may be yet to come.
    const least = places.find((place) => place >= newestSeen) ?? newest;
    this.#seen.set(row, Math.max(this.#seen.get(row) ?? 0, least));
    return undefined;
  }

  /** What has ended goes on to be shown until a pause is over, which each member's clock measures. */
  #isEnding(identifier: Identifier, place: number): boolean {
    const { uri, settledAtMs } = this.#statesOf(identifier)[place]!;
    return uri === null && settledAtMs > this.#nowMs();
  }

  #newestSettled(identifier: Identifier, byMs: number): number {
    return this.#statesOf(identifier).findLastIndex(({ settledAtMs }) => settledAtMs <= byMs);
  }

  #noteAge(identifier: Identifier, place: number, askedAtMs: number): void {
    const calmSinceMs = this.#calmSinceMs();
    const next = this.#statesOf(identifier).find(
      ({ settledAtMs }, other) => other > place && settledAtMs <= askedAtMs,
    );
    if (next === undefined || calmSinceMs > askedAtMs) return;
    const ageMs = askedAtMs - Math.max(next.settledAtMs, calmSinceMs);
    this.oldestAnswerMs = Math.max(this.oldestAnswerMs, ageMs);
  }

  #statesOf(identifier: Identifier): State[] {
    const known = this.#states.get(identifier);
    if (known !== undefined) return known;
    const states: State[] = [{ uri: null, settledAtMs: -Infinity }];
    this.#states.set(identifier, states);
    return states;
  }
}

function rowOf({ identifier, member, by }: Pick<Asking, 'identifier' | 'member' | 'by'>): string {
  return `${by} ${member} ${identifier}`;
}
