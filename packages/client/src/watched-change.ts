/**
 * What members say of a watched binding that its holder has not made, and whether it is proven. A
 * member that says so without a proof is named, and nothing more: nobody can be frightened by one liar.
 */
import { bytesEqual, type IndexedState } from '@callbook/protocol';
import type { LookedUpBinding } from './api-answers.ts';
import type { DirectoryContext } from './directory-context.ts';
import { survive } from './failover.ts';
import type { Holding } from './holding.ts';
import { proofCallMsMax } from './limits.ts';
import type { MemberLookup } from './member-answers.ts';
import { proveAt } from './prove.ts';
import type { Survey } from './survey.ts';
import type { ProvenIdentifier } from './verify-proof.ts';

/**
 * `changed`: the key in force has published something else. `rotated`: it has put another key in
 * force. `replaced`: somebody else holds the identifier. `released`: it has been given up.
 */
export type ChangeKind = 'changed' | 'replaced' | 'released' | 'rotated';

/** Something that is not as the holder left it. */
export type Finding =
  | {
      readonly kind: ChangeKind;
      readonly proof: ProvenIdentifier;
      /** Members that say so. */
      readonly members: readonly string[];
    }
  /** A quorum of the members publishes nothing. */
  | { readonly kind: 'absent'; readonly members: readonly string[] }
  /** One member says something else than the holder, and proves nothing of it. */
  | { readonly kind: 'member_differs'; readonly member: string; readonly says: Saying };

/** `behind`: an older state; `absent`: nothing; `other`: what nobody has proven. */
export type Saying = 'absent' | 'behind' | 'other';

/** The name of a finding: two with the same name are one that lasts. */
export function findingName(finding: Finding): string {
  if (finding.kind === 'absent') return finding.kind;
  if (finding.kind === 'member_differs') {
    return `${finding.kind} ${finding.member} ${finding.says}`;
  }
  const { binding } = finding.proof;
  return `${finding.kind} ${binding?.ownershipId.toHex()} ${binding?.entryId.toHex()}`;
}

/** What the holder has, and what it is about to have where it is changing it just now. */
export type OwnStates = readonly [inForce: Holding, ...underWay: Holding[]];

/** Compares what the members say with what the holder has. */
export async function findingsOf(
  context: DirectoryContext,
  own: OwnStates,
  { members }: Pick<Survey, 'members'>,
): Promise<Finding[]> {
  const [holding] = own;
  const absent = namesOf(members, ({ state }) => state === 'absent');
  const odd = members.filter(
    (answer) => answer.state === 'published' && !isOwn(answer.binding, own),
  );
  const findings: Finding[] = [];
  const isGone = absent.length >= context.quorum;
  if (isGone) findings.push({ kind: 'absent', members: absent });
  const differing = [
    ...(isGone ? [] : absent.map((member) => ({ member, says: 'absent' as const }))),
    ...odd.map((answer) => ({ member: answer.member, says: sayingOf(answer, holding) })),
  ];
  const proven = await provenChange(context, own, [...odd.map((o) => o.member), ...absent]);
  if (proven !== undefined) {
    const kind = kindOf(holding, proven.binding);
    findings.push({ kind, proof: proven, members: namesOf(odd, () => true) });
  }
  for (const { member, says } of differing) {
    if (proven === undefined || says === 'absent') {
      findings.push({ kind: 'member_differs', member, says });
    }
  }
  return findings;
}

function namesOf(
  answers: readonly MemberLookup[],
  wanted: (answer: MemberLookup) => boolean,
): string[] {
  return answers.filter(wanted).map(({ member }) => member);
}

function isOwn(
  { ownershipId, entryId }: Pick<LookedUpBinding, 'entryId' | 'ownershipId'>,
  own: OwnStates,
): boolean {
  return own.some(
    (holding) =>
      bytesEqual(ownershipId, holding.ownershipId) && bytesEqual(entryId, holding.entryId),
  );
}

function sayingOf(answer: MemberLookup, holding: Holding): Saying {
  if (answer.state !== 'published') return 'absent';
  return isOlder(answer.binding, holding) ? 'behind' : 'other';
}

/** Whether a state is one that the holder has left behind. */
function isOlder(
  state: Pick<IndexedState, 'epoch' | 'ownershipId' | 'seq'>,
  { epoch, ownershipId, seq }: Holding,
): boolean {
  if (state.epoch !== epoch) return state.epoch < epoch;
  return bytesEqual(state.ownershipId, ownershipId) && state.seq < seq;
}

/** The first state that a member proves and that the holder has not made. */
async function provenChange(
  context: DirectoryContext,
  own: OwnStates,
  suspects: readonly string[],
): Promise<(ProvenIdentifier & { readonly binding: IndexedState }) | undefined> {
  const [holding] = own;
  const { identifier } = holding;
  for (const member of context.members.filter(({ name }) => suspects.includes(name))) {
    try {
      const proven = await proveAt(context, member, { identifier, timeoutMs: proofCallMsMax });
      const { binding } = proven;
      if (binding === null || isOlder(binding, holding)) continue;
      if (binding.status === 'released' || !isOwn(binding, own)) return { ...proven, binding };
    } catch (error) {
      survive(member, error);
    }
  }
  return undefined;
}

function kindOf(holding: Holding, binding: IndexedState): ChangeKind {
  if (binding.epoch !== holding.epoch) return 'replaced';
  if (binding.status === 'released') return 'released';
  return bytesEqual(binding.authority, holding.authorityKey) ? 'changed' : 'rotated';
}
