/** Vectors of entries of perfect form with a signature that does not verify. */
import { invalid } from './entry-form-cases.ts';
import {
  authority,
  drafts,
  encodedFields,
  newAuthority,
  recovery,
  signedEntry,
  signedFields,
  stranger,
} from './signed-entry.ts';
import type { Fields, Signing } from './signed-entry.ts';
import type { VectorCase } from './vector-case.ts';

/** Returns the cases with code `entry_signature_invalid`. */
export function entrySignatureCases(): VectorCase[] {
  const { register, rotate, request, update } = drafts;
  const byRecovery = { ...request, class: 'recovery' };
  const unsigned = encodedFields({ ...register, sig: new Uint8Array(64) });
  return [
    ...changedBitCases(),
    bad('sig_by_another_key', 'sig is by authority', update, { sigBy: stranger }),
    bad('sig_of_an_older_version_line', 'sig covers "callbook/1 entry\\n"', update, {
      entryDomain: 'callbook/0 entry\n',
    }),
    bad('sig_of_another_domain', 'sig covers "callbook/1 entry\\n"', update, {
      entryDomain: 'callbook/1 recovery\n',
    }),
    bad('sig_without_domain_line', 'sig covers a domain line', update, { entryDomain: '' }),
    badBytes('sig_of_zeros', 'sig verifies', unsigned),
    badBytes(
      'authority_of_small_order',
      'authority is not of small order',
      smallOrder('authority'),
    ),
    badBytes('r_of_small_order', 'R of a signature is not of small order', smallOrder('r')),
    bad('new_sig_by_the_old_key', 'newSig is by the new authority', rotate, {
      newSigBy: authority,
    }),
    badBytes(
      'new_sig_without_its_own_domain',
      'newSig covers "callbook/1 new authority\\n"',
      swapped(),
    ),
    bad('recovery_sig_by_another_key', 'recoverySig is by the key it names', byRecovery, {
      recoverySigBy: stranger,
      recoveryKeyNamed: recovery,
    }),
    badBytes('recovery_sig_added_later', 'sig covers recoverySig', addedLater()),
  ];
}

/** One changed bit after signing, in a field of each kind. */
function changedBitCases(): VectorCase[] {
  return Object.values(drafts).map((draft) => {
    const signed = signedFields(draft);
    const label = Uint8Array.from(draft.label);
    label[0] = label[0]! ^ 1;
    const comment = 'every field is signed; here one bit of the label changed afterwards';
    return badBytes(
      `${draft.kind}_changed_after_signing`,
      comment,
      encodedFields({ ...signed, label }),
    );
  });
}

const identity = Uint8Array.fromHex(`01${'00'.repeat(31)}`);

/** The identity as A or R, and s = 0: with A the identity, [s]B - [k]A = R for every message. */
function smallOrder(which: 'authority' | 'r'): Uint8Array {
  const sig = new Uint8Array(64);
  sig.set(identity);
  return encodedFields(
    which === 'authority'
      ? { ...drafts.update, authority: identity, sig }
      : { ...drafts.update, sig },
  );
}

/** A rotate whose newSig is the new key's signature over what `sig` would cover. */
function swapped(): Uint8Array {
  const message = Buffer.concat([Buffer.from('callbook/1 entry\n'), encodedFields(drafts.rotate)]);
  return signedEntry({ ...drafts.rotate, newSig: newAuthority.sign(message) });
}

function addedLater(): Uint8Array {
  const { recoverySig, ...rest } = signedFields(
    { ...drafts.request, class: 'email' },
    { recoverySigBy: recovery },
  );
  const { sig } = signedFields({ ...drafts.request, class: 'email' });
  return encodedFields({ ...rest, recoverySig, sig });
}

function bad(name: string, comment: string, fields: Fields, signing: Signing): VectorCase {
  return badBytes(name, comment, signedEntry(fields, signing));
}

function badBytes(name: string, comment: string, bytes: Uint8Array): VectorCase {
  return invalid(name, comment, { expect: 'entry_signature_invalid', bytes });
}
