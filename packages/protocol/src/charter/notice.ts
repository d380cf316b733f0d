/**
 * Which changes of a charter wait, and how long. What adds weight or weakens protection must stand
 * in the open before it acts, so that a holder or an auditor can object; what strengthens, and an
 * expulsion, acts at once. Honest signers enforce this: at signing, `effectiveAtMs` must be at least
 * `noticeMs` ahead. Nobody can check it afterwards, because a signature carries no time.
 */
import type { Charter, CharterHolds } from './charter.ts';

/** What asks for notice, and how much the charter in force gives it. */
export interface CharterNotice {
  /** 0 when nothing asks for it. */
  readonly noticeMs: number;
  /** One phrase for each change that asks for it: `member delta joins`. */
  readonly reasons: readonly string[];
  /**
   * True when a member loses its voice: then the charter may take effect at a time that is past when
   * it is signed. What members log between the two is judged by it, so nothing else is worth that.
   */
  readonly isUrgent: boolean;
}

/** Returns the notice that the step from one charter to the next needs; pure. */
export function noticeOf(previous: Charter, next: Charter): CharterNotice {
  const reasons = [
    ...gainedMembers(previous, next),
    ...shorterHolds(previous, next),
    ...(next.faults < previous.faults
      ? [`faults fall from ${previous.faults} to ${next.faults}`]
      : []),
    ...(next.ruleset.number === previous.ruleset.number
      ? []
      : [`ruleset ${next.ruleset.number} replaces ${previous.ruleset.number}`]),
  ];
  const noticeMs = reasons.length === 0 ? 0 : previous.holds.noticeMs;
  return { noticeMs, reasons, isUrgent: silencesSomebody(previous, next) };
}

/** A member that counts in n and did not before: a new one, or one that was read-only. */
function gainedMembers(previous: Charter, next: Charter): string[] {
  const before = new Map(previous.members.map(({ name, state }) => [name, state]));
  return next.members.flatMap(({ name, state }) => {
    if (!before.has(name)) return [`member ${name} joins`];
    const isBack = state === 'active' && before.get(name) !== 'active';
    return isBack ? [`member ${name} becomes active again`] : [];
  });
}

function silencesSomebody(previous: Charter, next: Charter): boolean {
  const before = new Map(previous.members.map(({ name, state }) => [name, state]));
  return next.members.some(({ name, state }) => {
    const former = before.get(name);
    if (former === undefined || former === state) return false;
    return state === 'expelled' || former === 'active';
  });
}

function shorterHolds({ holds: from }: Charter, { holds: to }: Charter): string[] {
  const names = Object.keys(from) as (keyof CharterHolds)[];
  return names
    .filter((name) => to[name] < from[name])
    .map((name) => `${name} falls from ${from[name]} to ${to[name]}`);
}
