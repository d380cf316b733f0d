/**
 * Claims an identifier that nobody holds: challenges at as many members as the charter wants
 * challenged leaves of, one `register` entry, and the receipts of a quorum.
 */
import {
  challengedMin,
  parseIdentifier,
  type Identifier,
  type PublishedKey,
  type Route,
  type Visibility,
} from '@callbook/protocol';
import { memberChallenges, passChallenges, type PassedMember } from './challenge-round.ts';
import type { CodeForm, CodeSource } from './challenge.ts';
import type { DirectoryContext } from './directory-context.ts';
import { clientError } from './errors.ts';
import type { Holding } from './holding.ts';
import type { ChallengeStore } from './kept-challenge.ts';
import { orderMembers } from './member.ts';
import { signOpening } from './opening-entry.ts';
import { newAuthority, type KeySource } from './signers/authority-signer.ts';
import type { SavePending } from './pending-entry.ts';
import { ignoreProgress, type OnProgress } from './progress.ts';
import { assertComplete, submitEntry } from './submission.ts';

export interface ClaimOptions extends KeySource {
  readonly identifier: Identifier;
  readonly routes: readonly Route[];
  readonly visibility: Visibility;
  /** Published instead of the keys derived from the seed; without a seed there are none of those. */
  readonly keys?: readonly PublishedKey[];
  readonly form: CodeForm;
  readonly code: CodeSource;
  /** Has challenges that were opened before the application was started anew. */
  readonly challenges?: ChallengeStore;
  /** Names of members to ask first. */
  readonly members?: readonly string[];
  readonly onProgress?: OnProgress;
  readonly savePending?: SavePending;
}

/**
 * Claims `identifier` and returns the holding to keep. Throws `identifier_held` when somebody holds
 * it, `entry_incomplete` when the pending entry has to be resumed, and the challenge's errors.
 */
export async function claim(context: DirectoryContext, options: ClaimOptions): Promise<Holding> {
  assertCharterCurrent(context);
  assertIdentifier(options.identifier);
  const { seed = null } = options;
  const { labelEpoch } = context.charter;
  const authority = newAuthority(context, { ...options, labelEpoch });
  const challenges = await passChallenges(context, {
    ...options,
    authorityKey: authority.publicKey,
    order: orderMembers(context.members, options.members ?? []),
    count: challengedMin(context.charter, 'register'),
  });
  assertFree(challenges);
  const first = challenges[0];
  if (first === undefined) throw new TypeError('a claim needs a passed challenge');
  const { label, vrfProof, next } = first;
  const pending = await signOpening(
    context,
    { ...options, seed, authority },
    {
      kind: 'register',
      labelEpoch,
      label,
      vrfProof,
      epoch: next.epoch,
      prev: next.prev,
      challenges: memberChallenges(challenges),
    },
  );
  await options.savePending?.(pending);
  const onProgress = options.onProgress ?? ignoreProgress;
  const { receipts } = assertComplete(await submitEntry(context, { pending, onProgress }));
  return { ...pending.holding, receipts };
}

/** Throws `charter_expired`: "an expired charter still folds but admits no new notarisation". */
export function assertCharterCurrent(context: DirectoryContext): void {
  if (context.clock.nowMs() < context.charter.expiresAtMs) return;
  throw clientError('charter_expired', 'the pinned charter has expired');
}

/** Throws `identifier_malformed` unless the text is in canonical form. */
export function assertIdentifier(identifier: string): void {
  if (parseIdentifier(identifier).verdict === 'accept') return;
  throw clientError('identifier_malformed', 'identifier is not in canonical form');
}

/** Throws `identifier_held` where somebody holds it. */
function assertFree(challenges: readonly PassedMember[]): void {
  if (challenges.some(({ next }) => next.kind !== 'register')) {
    throw clientError('identifier_held', 'somebody holds the identifier');
  }
}
