/**
 * What becomes of a zone's keys, as a pure function of their state and the time: ZSKs roll over by
 * pre-publication (RFC 7583 §3.2.1), KSKs by Double-KSK (§3.3.1) with CDS and CDNSKEY (RFC 7344).
 * Every wait is counted from when the phase before it really began, never from the plan: a member
 * that was stopped for a week continues late, and no wait is shortened. Only making a key and
 * destroying one is left to the caller.
 */
import type { ZoneAlgorithm } from '../sign/zone-signer.ts';
import { keysIn } from './key-state.ts';
import type { KeyEntry, KeyPhase, KeyRole, KeyState } from './key-state.ts';
import {
  kskRetirementMs,
  publicationLeadMs,
  publicationMs,
  zskRetirementMs,
} from './key-timings.ts';
import type { KeyTimings } from './key-timings.ts';

export type KeyAction =
  /** The state given back already has it. */
  | { readonly kind: 'move'; readonly id: string; readonly role: KeyRole; readonly phase: KeyPhase }
  /** To be made and added with `withGeneratedKey`; the state does not have it. */
  | ({ readonly kind: 'generate' } & KeyPlan)
  /** Its private key is to be destroyed, then `withoutKey`. */
  | { readonly kind: 'forget'; readonly id: string };

export interface KeyPlan {
  readonly role: KeyRole;
  readonly algorithm: ZoneAlgorithm;
  readonly publishAtMs: number;
  readonly activateAtMs: number;
}

/** What is known of the world outside the state. */
export interface KeyEvidence {
  /** KSKs whose DS the parent has now; absent when nobody could be asked. */
  readonly atParent?: ReadonlySet<string>;
  /** With pre-signed keys: those in the DNSKEY RRset served now. No key is made then. */
  readonly presigned?: ReadonlySet<string>;
}

export interface KeyMoment {
  readonly nowMs: number;
  readonly timings: KeyTimings;
  readonly evidence?: KeyEvidence;
}

export interface KeyStep {
  /** The same object when nothing moved. */
  readonly state: KeyState;
  /** In the order in which they are to happen. */
  readonly actions: readonly KeyAction[];
  /** When time alone will bring the next action; infinite when it will not. */
  readonly dueAtMs: number;
}

/** Returns what is due. Called again with the result at the same time, it moves nothing more. */
export function scheduleKeys(state: KeyState, moment: KeyMoment): KeyStep {
  const draft = new Draft(state, moment);
  scheduleZsks(draft);
  scheduleKsks(draft);
  for (const { id } of [
    ...draft.inPhases('zsk', ['removed']),
    ...draft.inPhases('ksk', ['removed']),
  ])
    draft.actions.push({ kind: 'forget', id });
  return draft.step();
}

function scheduleZsks(draft: Draft): void {
  const { timings } = draft.moment;
  for (const entry of draft.inPhases('zsk', ['retired']))
    if (draft.isDue(entry.sinceMs + zskRetirementMs(timings))) draft.move(entry, 'removed');
  draft.awaitCaches('zsk');
  const [active] = draft.inPhases('zsk', ['active']);
  if (active === undefined) return;
  const [ready] = draft.inPhases('zsk', ['ready']);
  const asked = active.rollRequested === true;
  if (ready !== undefined && (asked || draft.isDue(ready.activateAtMs))) {
    draft.move(ready, 'active');
    draft.move(active, 'retired');
    return;
  }
  const [next] = draft.inPhases('zsk', ['generated', 'published', 'ready']);
  if (next === undefined) draft.planSuccessor(active, active.sinceMs + timings.zskLifetimeMs);
  else if (next.phase === 'generated') draft.publish(next, asked ? 0 : next.publishAtMs);
}

function scheduleKsks(draft: Draft): void {
  const { timings } = draft.moment;
  const [active] = draft.inPhases('ksk', ['active']);
  if (active === undefined) return;
  for (const entry of draft.inPhases('ksk', ['retired']))
    // A parent that has gone back to the old DS must find the old key.
    if (!draft.isGoneFromParent(active) && draft.isDue(entry.sinceMs + kskRetirementMs(timings)))
      draft.move(entry, 'removed');
  draft.awaitCaches('ksk');
  const [ready] = draft.inPhases('ksk', ['ready']);
  if (ready !== undefined && draft.isAtParent(ready)) {
    draft.move(ready, 'active');
    draft.move(active, 'retired');
    return;
  }
  const [next] = draft.inPhases('ksk', ['generated', 'published', 'ready']);
  if (next === undefined)
    draft.planSuccessor(active, active.sinceMs + (timings.kskLifetimeMs ?? Infinity));
  else if (next.phase === 'generated') draft.publish(next, next.publishAtMs);
}

/** A state that is being changed, and what was done and will be due. */
class Draft {
  readonly moment: KeyMoment;
  readonly actions: KeyAction[] = [];
  private readonly before: KeyState;
  private readonly entries: Map<string, KeyEntry>;
  private dueAtMs = Infinity;

  constructor(state: KeyState, moment: KeyMoment) {
    this.before = state;
    this.moment = moment;
    this.entries = new Map(state.keys.map((entry) => [entry.id, entry]));
  }

  inPhases(role: KeyRole, phases: readonly KeyPhase[]): readonly KeyEntry[] {
    return keysIn({ ...this.before, keys: [...this.entries.values()] }, role, phases);
  }

  isDue(atMs: number): boolean {
    if (atMs <= this.moment.nowMs) return true;
    this.dueAtMs = Math.min(this.dueAtMs, atMs);
    return false;
  }

  move(entry: KeyEntry, phase: KeyPhase): void {
    const moved = { ...entry, phase, sinceMs: this.moment.nowMs };
    delete moved.rollRequested;
    this.entries.set(entry.id, moved);
    this.actions.push({ kind: 'move', id: entry.id, role: entry.role, phase });
  }

  /** What was published long enough ago is in every cache. */
  awaitCaches(role: KeyRole): void {
    for (const entry of this.inPhases(role, ['published']))
      if (this.isDue(entry.sinceMs + publicationMs(this.moment.timings))) this.move(entry, 'ready');
  }

  /** With pre-signed keys, a key is published when the RRset in force has it, however late. */
  publish(entry: KeyEntry, atMs: number): void {
    const { evidence } = this.moment;
    const isThere = evidence?.presigned?.has(entry.id);
    if (isThere === true || (isThere === undefined && this.isDue(atMs)))
      this.move(entry, 'published');
  }

  planSuccessor(active: KeyEntry, endMs: number): void {
    const { nowMs, timings, evidence } = this.moment;
    if (evidence?.presigned !== undefined) return;
    const { role, algorithm } = active;
    const leadMs = role === 'zsk' ? publicationLeadMs(timings) : 0;
    const isAsked = active.rollRequested === true;
    if (!isAsked && !this.isDue(endMs - leadMs)) return;
    const plan = isAsked
      ? { publishAtMs: nowMs, activateAtMs: nowMs }
      : { publishAtMs: endMs - leadMs, activateAtMs: endMs };
    this.actions.push({ kind: 'generate', role, algorithm, ...plan });
  }

  isAtParent(entry: KeyEntry): boolean {
    return entry.dsConfirmed === true || this.moment.evidence?.atParent?.has(entry.id) === true;
  }

  isGoneFromParent(entry: KeyEntry): boolean {
    const { atParent } = this.moment.evidence ?? {};
    return atParent !== undefined && !this.isAtParent(entry);
  }

  step(): KeyStep {
    const hasMoved = this.actions.some(({ kind }) => kind === 'move');
    const state = hasMoved ? { ...this.before, keys: [...this.entries.values()] } : this.before;
    return { state, actions: this.actions, dueAtMs: this.dueAtMs };
  }
}
