/**
 * What may change from one charter to the next, whoever signs it. These rules read only the two
 * charters. That additions and weaker parameters wait is the signers' matter: `notice.ts`.
 */
import { faultsFallAfterMs } from '../limits.ts';
import type { Charter, CharterLog, CharterMember } from './charter.ts';
import { sameState, verifierKeyIn } from './charter-consistency.ts';
import { activeMembers } from './quorum.ts';

/** Two charters that may follow each other. */
export interface Step {
  readonly from: Charter;
  readonly to: Charter;
}

/** Returns the first rule of succession that the step breaks, or undefined. */
export function successionFaultOf(step: Step): string | undefined {
  return (
    checkParameters(step) ?? checkFaultsFall(step) ?? checkMembers(step) ?? checkLogGrowth(step)
  );
}

function checkParameters({ from, to }: Step): string | undefined {
  if (to.effectiveAtMs <= from.effectiveAtMs) return 'takes effect no later than the one before';
  // A new label epoch begins with a snapshot, which this version of the format cannot name.
  if (to.labelEpoch !== from.labelEpoch) return 'changes the label epoch';
  if (to.vrfPublicKey !== from.vrfPublicKey) return 'changes the VRF key within a label epoch';
  if (to.ruleset.number === from.ruleset.number) {
    const same = to.ruleset.activatesAtMs === from.ruleset.activatesAtMs;
    return same ? undefined : 'moves the activation of its ruleset';
  }
  if (to.ruleset.number !== from.ruleset.number + 1) return 'skips a ruleset or goes back';
  if (from.ruleset.activatesAtMs > to.effectiveAtMs) return 'replaces a ruleset not yet active';
  return to.ruleset.activatesAtMs < to.effectiveAtMs
    ? 'activates a ruleset before it takes effect itself'
    : undefined;
}

/** Fewer faults tolerated is a weaker quorum: never together with a member's going. */
function checkFaultsFall({ from, to }: Step): string | undefined {
  if (to.faults >= from.faults) return undefined;
  const stillActive = new Set(activeMembers(to).map((member) => member.name));
  if (activeMembers(from).some((member) => !stillActive.has(member.name))) {
    return 'lowers faults in the version in which a member ceases to be active';
  }
  return to.effectiveAtMs < from.effectiveAtMs + faultsFallAfterMs
    ? `lowers faults less than ${faultsFallAfterMs} ms after the one before`
    : undefined;
}

function checkMembers({ from, to }: Step): string | undefined {
  const before = new Map(from.members.map((member) => [member.name, member]));
  const after = new Map(to.members.map((member) => [member.name, member]));
  for (const [index, member] of from.members.entries()) {
    const next = after.get(member.name);
    // Its leaves are still folded, so its key and cut-off must stay at hand.
    if (next === undefined) return `drops members[${index}] of the one before`;
    if (originOf(next) !== originOf(member)) return `moves the log of members[${index}]`;
    if (member.state === 'expelled' && !staysExpelled(member, next)) {
      return `changes the expulsion of members[${index}]`;
    }
  }
  for (const [index, member] of to.members.entries()) {
    if (!before.has(member.name) && member.state === 'expelled') {
      return `expels members[${index}], which was no member`;
    }
  }
  return undefined;
}

function staysExpelled(member: CharterMember, next: CharterMember): boolean {
  if (next.cutoff === undefined || member.cutoff === undefined) return false;
  return sameState(member.cutoff, next.cutoff);
}

/** "each log's size and root at adoption": every log of a former member, never shorter. */
function checkLogGrowth({ from, to }: Step): string | undefined {
  const recorded = new Map(from.logs.map((log) => [log.origin, log]));
  const now = new Map(to.logs.map((log) => [log.origin, log]));
  const oldMembers = new Set(from.members.map((member) => member.name));
  for (const [index, member] of to.members.entries()) {
    const log = now.get(originOf(member));
    if (!oldMembers.has(member.name)) {
      if (log !== undefined && log.size !== 0)
        return `members[${index}] joins with a log not empty`;
      continue;
    }
    if (log === undefined) return `lacks the log of members[${index}]`;
    // An expelled member's log may be cut off below what was recorded: it is judged by its cut-off.
    if (member.state !== 'expelled' && !isGrown(recorded.get(log.origin), log)) {
      return `shrinks or rewrites the log of members[${index}]`;
    }
  }
  return undefined;
}

function isGrown(before: CharterLog | undefined, after: CharterLog): boolean {
  if (before === undefined) return true;
  return after.size > before.size || sameState(before, after);
}

function originOf(member: CharterMember): string {
  return verifierKeyIn(member.logKey).name;
}
