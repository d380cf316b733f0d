/**
 * The changes of one draft in the order in which they were taken in, and what each has seen: all
 * that Automerge wants to know of a change and that its author therefore need not be believed.
 *
 * A change sees all that those it names had seen, so its past is known exactly: its dependencies are
 * the last ones of that past, its first operation comes after theirs, and it replaces what of its
 * fields stood there at the time.
 */
import type { SignedDraftChange } from './draft-change.ts';

/** Automerge's name of an operation: a counter, and the member as actor. */
export interface OperationName {
  readonly counter: number;
  readonly member: string;
}

export interface PlacedChange {
  readonly change: SignedDraftChange;
  /** Last change of each member in its past, its own included. */
  readonly past: ReadonlyMap<string, number>;
  /** Changes that it follows directly. */
  readonly follows: readonly PlacedChange[];
  /** Counter of its first operation; the others come after it, in the order of its statements. */
  readonly firstCounter: number;
  /** For each statement, the operations that it replaces. */
  readonly replaces: readonly (readonly OperationName[])[];
}

/** Why a change has no place: something before it is missing, or it cannot have been made honestly. */
export type NoPlace = 'gap' | 'impossible';

export class DraftHistory {
  readonly #changes: PlacedChange[] = [];
  readonly #byMember = new Map<string, PlacedChange[]>();

  /** In the order in which they were taken in: each after all of its past. */
  get changes(): readonly PlacedChange[] {
    return this.#changes;
  }

  of(memberName: string): readonly PlacedChange[] {
    return this.#byMember.get(memberName) ?? [];
  }

  /** Changes that no other follows: by member, how many of each are known. */
  counts(): ReadonlyMap<string, number> {
    return new Map([...this.#byMember].map(([name, changes]) => [name, changes.length]));
  }

  /** Finds the place of a change whose number is the next of its member; adds nothing. */
  place(change: SignedDraftChange): PlacedChange | NoPlace {
    const named = [...change.seen, [change.member, change.number - 1] as const];
    const seen = new Map(named.filter(([, count]) => count > 0));
    for (const [name, count] of seen) if (this.of(name).length < count) return 'gap';
    const before = [...seen].map(([name, count]) => this.of(name)[count - 1]!);
    // Its author had those changes, so it had what they had: else the past would have holes.
    for (const { past } of before) {
      for (const [name, count] of past) if ((seen.get(name) ?? 0) < count) return 'impossible';
    }
    const follows = before.filter(
      (one) => !before.some((other) => other !== one && isInPast(one.change, other.past)),
    );
    const replaces = change.statements.map(([field]) => this.#standing(field, seen));
    const deletesNothing = change.statements.some(
      ([, text], index) => text === null && replaces[index]!.length === 0,
    );
    if (deletesNothing) return 'impossible';
    const past = new Map([...seen, [change.member, change.number] as const]);
    const firstCounter = 1 + Math.max(0, ...follows.map(lastCounter));
    return { change, past, follows, firstCounter, replaces };
  }

  add(placed: PlacedChange): void {
    this.#changes.push(placed);
    const { member } = placed.change;
    this.#byMember.set(member, [...this.of(member), placed]);
  }

  /** Member that wrote last what stands in a field; undefined when nothing does. */
  writerOf(field: string): string | undefined {
    return this.#standing(field, this.counts()).at(-1)?.member;
  }

  /** Operations on a field that stand: those of a past that nothing in that past has replaced. */
  #standing(field: string, past: ReadonlyMap<string, number>): OperationName[] {
    const standing = new Map<string, OperationName>();
    for (const { change, firstCounter, replaces } of this.#changes) {
      const index = change.statements.findIndex(([name]) => name === field);
      if (index < 0 || !isInPast(change, past)) continue;
      for (const replaced of replaces[index]!) standing.delete(nameOf(replaced));
      if (change.statements[index]![1] === null) continue;
      const operation = { counter: firstCounter + index, member: change.member };
      standing.set(nameOf(operation), operation);
    }
    return [...standing.values()].sort((a, b) => a.counter - b.counter);
  }
}

function isInPast(change: SignedDraftChange, past: ReadonlyMap<string, number>): boolean {
  return (past.get(change.member) ?? 0) >= change.number;
}

function lastCounter({ change, firstCounter }: PlacedChange): number {
  return firstCounter + change.statements.length - 1;
}

function nameOf({ counter, member }: OperationName): string {
  return `${counter}@${member}`;
}
