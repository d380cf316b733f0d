/** What other members have done wrong since this one started, counted by their names. */
import type { Mesh, Replica } from '@callbook/replication';

export class Disagreements implements Disposable {
  readonly #brokenRules = new Map<string, number>();
  readonly #contradictions = new Map<string, number>();
  readonly #ends: readonly (() => void)[];

  constructor(mesh: Pick<Mesh, 'onIncident'>, replica: Pick<Replica, 'cosigning'>) {
    this.#ends = [
      mesh.onIncident(({ memberName }) => count(this.#brokenRules, memberName)),
      replica.cosigning.roots.onContradiction(({ memberName }) =>
        count(this.#contradictions, memberName),
      ),
    ];
  }

  brokenRulesOf(memberName: string): number {
    return this.#brokenRules.get(memberName) ?? 0;
  }

  contradictionsOf(memberName: string): number {
    return this.#contradictions.get(memberName) ?? 0;
  }

  [Symbol.dispose](): void {
    for (const end of this.#ends) end();
  }
}

/** Names are those of members in a charter: there are few. */
function count(counts: Map<string, number>, memberName: string): void {
  counts.set(memberName, (counts.get(memberName) ?? 0) + 1);
}
