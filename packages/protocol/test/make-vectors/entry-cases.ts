/** Vectors of entries: every kind valid, every rule of form and of signature broken once. */
import { createHash } from 'node:crypto';
import { entryEncodingCases } from './entry-encoding-cases.ts';
import { entryFormCases } from './entry-form-cases.ts';
import { entrySignatureCases } from './entry-signature-cases.ts';
import {
  authority,
  drafts,
  encodedFields,
  recovery,
  signedFields,
  stranger,
} from './signed-entry.ts';
import { fixed32, readable } from './vector-case.ts';
import type { Fields, Signing } from './signed-entry.ts';
import type { VectorCase } from './vector-case.ts';

/** Returns all cases of `vectors/entries`. */
export function entryCases(): VectorCase[] {
  return [...validCases(), ...entryFormCases(), ...entryEncodingCases(), ...entrySignatureCases()];
}

const terms = { recovery: recoveryHash(), lock: true, email: fixed32('email commitment') };

function validCases(): VectorCase[] {
  const { register, rotate, release, request, veto, commit, update } = drafts;
  const prev = fixed32('release entry');
  return [
    valid('register_of_epoch_0', 'a register of epoch 0 has no prev', register),
    valid('register_of_epoch_1', 'a later register names a release', {
      ...register,
      epoch: 1,
      prev,
    }),
    valid('register_with_all_terms', 'recovery, lock and email set', { ...register, ...terms }),
    valid('register_without_commitment', 'commitment may be null', {
      ...register,
      commitment: null,
    }),
    valid('label_epoch_at_2_53_minus_1', 'the largest integer', {
      ...register,
      labelEpoch: Number.MAX_SAFE_INTEGER,
    }),
    rotateCase('rotate', authority, true),
    rotateCase('rotate_signed_by_a_stranger', stranger, false),
    valid('rotate_with_all_terms', 'recovery, lock and email set', { ...rotate, ...terms }),
    valid('rotate_without_commitment', 'commitment may be null', { ...rotate, commitment: null }),
    valid('release', 'a release sets nothing', release),
    valid('request_of_class_possession', 'a request sets nothing', request),
    valid('request_of_class_email', 'class email', { ...request, class: 'email' }),
    valid('request_of_class_recovery', 'with recovery key and signature', {
      ...request,
      class: 'recovery',
    }),
    valid(
      'request_of_class_email_with_recovery_sig',
      'recoverySig is optional here',
      {
        ...request,
        class: 'email',
      },
      { recoverySigBy: recovery },
    ),
    valid('request_of_epoch_3', 'a request names the epoch it attacks', { ...request, epoch: 3 }),
    valid('request_of_seq_2', 'a third attempt of one claimant', { ...request, seq: 2 }),
    valid('veto', 'a veto names its request', veto),
    valid('veto_of_seq_1', 'a second attempt', { ...veto, seq: 1 }),
    valid('release_of_seq_1', 'a second attempt', { ...release, seq: 1 }),
    valid('commit', 'a commit names its request, in the next epoch', commit),
    valid('commit_with_all_terms', 'recovery, lock and email set', { ...commit, ...terms }),
    valid('commit_without_commitment', 'commitment may be null', { ...commit, commitment: null }),
    valid('update_of_seq_1', 'the smallest sequence number of an update', update),
    valid('update_of_seq_2', 'the second update under one ownership entry', { ...update, seq: 2 }),
    valid('update_of_seq_2_53_minus_1', 'the largest integer', {
      ...update,
      seq: Number.MAX_SAFE_INTEGER,
    }),
    valid('update_with_all_terms', 'an update carries the terms in force', { ...update, ...terms }),
    valid('update_without_commitment', 'an update may withdraw the payload', {
      ...update,
      commitment: null,
    }),
  ];
}

function valid(name: string, comment: string, fields: Fields, signing: Signing = {}): VectorCase {
  const signed = signedFields(fields, signing);
  const bytes = encodedFields(signed);
  const id = createHash('sha256').update(bytes).digest('hex');
  const values = { bytes: bytes.toHex(), id, fields: readable(signed) };
  return { topic: 'entries', name, comment, expect: 'accept', values };
}

/** A rotate verifies by itself whoever signed it; only the fold knows the key it replaces. */
function rotateCase(name: string, sigBy: typeof authority, isByPrevious: boolean): VectorCase {
  const comment = `valid by itself; sig ${isByPrevious ? 'verifies' : 'fails'} under previousAuthority`;
  const made = valid(name, comment, drafts.rotate, { sigBy });
  const previousAuthority = authority.publicKey.toHex();
  return { ...made, values: { ...made.values, previousAuthority, isByPrevious } };
}

function recoveryHash(): Uint8Array {
  return new Uint8Array(createHash('sha256').update(recovery.publicKey).digest());
}
