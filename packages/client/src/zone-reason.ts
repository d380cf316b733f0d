/**
 * Finds a member whose zone, validated from the charter, bears an answer out. A zone that cannot be
 * asked is told; one that is bogus, or publishes something else, is an error unless another is good.
 */
import { bytesEqual, type Identifier } from '@callbook/protocol';
import { assertClockAgrees } from './clock-check.ts';
import type { DirectoryContext } from './directory-context.ts';
import type { ValidationCode } from './dnssec/validation-codes.ts';
import { clientError } from './errors.ts';
import type { DnssecReason } from './lookup-reason.ts';
import type { CountedLookup } from './lookup.ts';
import { describePublished } from './member-answers.ts';
import type { Member } from './member.ts';
import type { ZoneAnswer } from './zone-answer.ts';

export interface ZoneSearch {
  readonly identifier: Identifier;
  readonly order: readonly Member[];
  /** What the zone is to bear out, as soon as it is known. */
  readonly answer: Promise<CountedLookup>;
}

/** Throws `zone_bogus`, `zone_differs` or `clock_wrong`; else says what there is. */
export async function findZone(
  context: DirectoryContext,
  { identifier, order, answer }: ZoneSearch,
): Promise<DnssecReason> {
  let first: { readonly member: string; readonly code: ValidationCode } | undefined;
  const bogus: { readonly member: string; readonly code: ValidationCode }[] = [];
  let differing: string | undefined;
  for (const member of order) {
    const { name } = member;
    const zone = await context.zones.askMember(context, member, identifier);
    const counted = await answer;
    if (zone.verdict === 'secure' && bearsOut(zone, counted)) {
      return { state: 'secure', member: name, answer: zone };
    }
    if (zone.verdict === 'secure') differing ??= name;
    const fault = { member: name, code: zone.code };
    if (zone.verdict === 'bogus') bogus.push(fault);
    first ??= fault;
  }
  if (differing !== undefined) throw differs(differing);
  const [forged] = bogus;
  if (forged !== undefined) {
    await assertClockAgrees(
      context,
      bogus.map(({ code }) => code),
    );
    throw isBogus(forged);
  }
  return { state: 'unavailable', code: first?.code ?? 'anchor_missing' };
}

function differs(member: string): Error {
  return clientError('zone_differs', `zone of ${member} is not what the members tell`, {
    details: { member },
  });
}

function isBogus({ member, code }: { member: string; code: ValidationCode }): Error {
  return clientError('zone_bogus', `answer of the zone of ${member} fails validation: ${code}`, {
    details: { member, validationCode: code },
  });
}

/** Whether a zone publishes what the members have answered. */
function bearsOut(zone: ZoneAnswer, answer: CountedLookup): boolean {
  if (answer.state === 'absent') return zone.state === 'absent';
  const { binding } = answer;
  // What is for the API alone is not in DNS, and what nobody has confirmed for long leaves it.
  if (zone.state === 'absent') return binding.visibility === 'api' || binding.dormant;
  const { visibility } = binding;
  return (
    zone.binding.logged !== null &&
    bytesEqual(zone.binding.logged.entryId, binding.entryId) &&
    describePublished({ visibility, ...zone.binding }) === describePublished(binding)
  );
}
