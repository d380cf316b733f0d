/**
 * Gets a holding back from its keys alone: what else a holder keeps is in the directory, and a proof
 * shows it. Every member is asked until one proves the newest state, since an older one would make the
 * next entry collide with an entry that the holder has signed already.
 */
import { bytesEqual, encodePayload, type Identifier, type IndexedState } from '@callbook/protocol';
import { assertIdentifier } from './claim.ts';
import type { DirectoryContext } from './directory-context.ts';
import { clientError } from './errors.ts';
import { summariseFailures, survive, type MemberFailure } from './failover.ts';
import type { Holding } from './holding.ts';
import type { ProofAnswer } from './proof-answer.ts';
import { provenAnswerAt } from './prove.ts';
import { newAuthority, type KeySource, type SignerSource } from './signers/authority-signer.ts';
import { withHolder } from './tokens/authorized-fetch.ts';

/**
 * Returns the holding that a seed, or a signer beside it, has of an identifier. Throws `identifier_free` where
 * nobody holds it any more, `seed_foreign` where another key does, `restore_nothing` where members show neither, `directory_unavailable` when fewer than a
 * quorum of the members proved anything.
 */
export async function restoreHolding(
  context: DirectoryContext,
  of: KeySource & { readonly identifier: Identifier },
): Promise<Holding> {
  const { identifier, seed = null } = of;
  assertIdentifier(identifier);
  const { answers, failures } = await provenToHolder(context, of);
  if (answers.length < context.quorum) {
    const worst = summariseFailures(failures, context.quorum);
    if (worst.code !== 'token_missing') throw worst;
    const message = 'nobody holds the identifier, or another key, for whoever has a token';
    throw clientError('restore_nothing', message);
  }
  const newest = answers.reduce((best, one) => (isNewer(one.state, best.state) ? one : best));
  const { state, labelEpoch } = newest;
  if (state === null || state.status === 'released') {
    throw clientError(
      'identifier_free',
      'nobody holds the identifier: there is nothing to restore',
    );
  }
  const { publicKey } = newAuthority(context, { ...of, labelEpoch });
  if (!bytesEqual(publicKey, state.authority)) {
    throw clientError('seed_foreign', 'another key than that of the backup holds the identifier');
  }
  return holdingFrom(newest, state, { identifier, seed });
}

/** Asks with a signature only what is not shown without: a key may be on a card. */
async function provenToHolder(
  context: DirectoryContext,
  of: KeySource & { readonly identifier: Identifier },
): ReturnType<typeof provenAnswers> {
  const { identifier, seed = null } = of;
  const shown = await provenAnswers(context, identifier);
  if (shown.answers.length >= context.quorum) return shown;
  if (!shown.failures.some(({ error }) => error.code === 'token_missing')) return shown;
  const { labelEpoch } = context.charter;
  const authority = newAuthority(context, { ...of, labelEpoch });
  const signers: SignerSource = () => authority;
  const kept = { identifier, labelEpoch, seed, authorityKey: authority.publicKey };
  const signing = Object.create(context, { signers: { value: signers } }) as DirectoryContext;
  return await provenAnswers(await withHolder(signing, kept), identifier);
}

async function provenAnswers(
  context: DirectoryContext,
  identifier: Identifier,
): Promise<{ readonly answers: ProofAnswer[]; readonly failures: MemberFailure[] }> {
  const failures: MemberFailure[] = [];
  const asked = context.members.map(async (member) => {
    try {
      return [(await provenAnswerAt(context, member, { identifier })).answer];
    } catch (error) {
      failures.push(survive(member, error));
      return [];
    }
  });
  return { answers: (await Promise.all(asked)).flat(), failures };
}

function isNewer(a: IndexedState | null, b: IndexedState | null): boolean {
  if (a === null || b === null) return a !== null;
  if (a.epoch !== b.epoch) return a.epoch > b.epoch;
  if (a.ownershipAtMs !== b.ownershipAtMs) return a.ownershipAtMs > b.ownershipAtMs;
  return a.seq > b.seq;
}

/** Where the payload is not to be had, nothing is published until the holder publishes anew. */
function holdingFrom(
  { label, labelEpoch, vrfProof, payload, opening }: ProofAnswer,
  { authority, epoch, seq, ownershipId, entryId, recovery, lock, email }: IndexedState,
  { identifier, seed }: Pick<Holding, 'identifier' | 'seed'>,
): Holding {
  const nothing = { identifier, visibility: 'dns' as const, routes: [], keys: [], vrfProof };
  return {
    identifier,
    seed,
    authorityKey: authority,
    labelEpoch,
    label,
    vrfProof,
    epoch,
    seq,
    ownershipId,
    entryId,
    recovery,
    lock,
    email,
    payload: payload ?? encodePayload(nothing),
    opening: opening ?? new Uint8Array(32),
    receipts: [],
  };
}
