/**
 * The part of `callbook status` about who holds the number, and for how long: requests against the
 * holder with the time that is left, the own request, lock, recovery code and dormancy.
 */
import type { Survey, ReplacementStanding } from '@callbook/client';
import type { PendingRequest } from '@callbook/protocol';
import { confirmEveryMs } from '@callbook/protocol';
import type { KeyRecord } from '../key-file.ts';
import { writeIdentifier } from '../number.ts';
import type { Session } from '../session.ts';
import { describeSpan } from '../span.ts';

interface OwnershipStatus {
  readonly value: object;
  readonly lines: readonly string[];
  readonly next: string | undefined;
  /** Whether the holder or claimant has to do something. */
  readonly isUrgent: boolean;
}

export async function describeOwnership(
  session: Session,
  record: KeyRecord,
  found: Survey,
): Promise<OwnershipStatus> {
  return record.replacement !== null && record.holding === null
    ? describeClaim(session, record)
    : describeHolding(session, record, found);
}

async function describeHolding(
  session: Session,
  { identifier, holding }: KeyRecord,
  found: Survey,
): Promise<OwnershipStatus> {
  if (holding === null) return { value: {}, lines: [], next: undefined, isUrgent: false };
  const pending = await session.directory.pendingAgainst(holding);
  const { lock, recovery, email } = holding;
  const isOurs = found.state === 'published' && found.binding.epoch === holding.epoch;
  const dormant = isOurs && found.binding.dormant;
  const isDue = isOurs && Date.now() - found.binding.changedAtMs > confirmEveryMs;
  const number = writeIdentifier(identifier);
  const confirmStep = dormant || isDue ? `Confirm it: callbook confirm ${number}` : undefined;
  return {
    value: {
      lock,
      recovery: recovery !== null,
      email: email !== null,
      dormant,
      pending: pending.map(({ requestId, ...request }) => ({
        requestId: requestId.toHex(),
        ...request,
      })),
    },
    lines: [
      ...pending.map((request) => `  REQUEST   ${describeRequest(request)}`),
      ...(dormant ? ['  dormant   not confirmed for over 400 days'] : []),
      `  lock      ${lock ? 'on' : 'off'}`,
      `  recovery  ${recovery === null ? 'no code: callbook recovery new' : 'by code'}`,
    ],
    next:
      pending.length > 0
        ? `If you have not requested it yourself: callbook veto ${number}`
        : confirmStep,
    isUrgent: pending.length > 0 || dormant,
  };
}

function describeRequest({ requestClass, commitFromMs }: PendingRequest): string {
  const leftMs = commitFromMs - Date.now();
  const left = leftMs > 0 ? `${describeSpan(leftMs)} left to veto` : 'its hold is over';
  return `somebody wants to take it over (${requestClass}): ${left}`;
}

async function describeClaim(session: Session, record: KeyRecord): Promise<OwnershipStatus> {
  const { identifier, replacement } = record;
  if (replacement === null) throw new TypeError('a claim has a replacement');
  const number = writeIdentifier(identifier);
  const requestId = replacement.requestId.toHex();
  const standing: ReplacementStanding | { readonly state: 'incomplete' } =
    replacement.commitFromMs === null
      ? { state: 'incomplete' }
      : await session.directory.replacementStanding(replacement);
  const fromMs = 'commitFromMs' in standing ? standing.commitFromMs : replacement.commitFromMs;
  const left =
    standing.state === 'holding' && fromMs !== null
      ? `, ${describeSpan(fromMs - Date.now())} left`
      : '';
  return {
    value: { replacement: { state: standing.state, requestId, fromMs } },
    lines: [`  request   ${standing.state}${left}`],
    next: nextOfClaim[standing.state](number),
    isUrgent: true,
  };
}

const nextOfClaim: Readonly<
  Record<ReplacementStanding['state'] | 'incomplete', (number: string) => string>
> = {
  incomplete: (number) => `Go on with the request: callbook replace ${number}`,
  holding: (number) => `After the hold: callbook replace ${number}`,
  ready: (number) => `Take it over now: callbook replace ${number}`,
  unknown: () => 'Ask again in a few seconds.',
  vetoed: (number) => `Its holder has objected. If it is yours: callbook replace ${number} --again`,
  superseded: (number) =>
    `Somebody else has taken it over. If it is yours: callbook replace ${number} --again`,
  free: (number) => `Nobody holds it any more: callbook register ${number}`,
};
