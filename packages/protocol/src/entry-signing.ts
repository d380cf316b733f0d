/**
 * Signing entries. Signers may answer at once or later, so that the authority key can live in a phone's
 * secure element or on a token. Programmer errors throw: what is signed here is always well formed.
 */
import { assert } from './assert.ts';
import { bytesEqual, concatBytes } from './bytes.ts';
import { encodeCbor } from './cbor.ts';
import { entryDomains, parseEntry } from './entry.ts';
import type { CborValue } from './cbor.ts';
import type { Entry } from './entry.ts';

/** Whoever holds a key: a file, a phone's secure element, a token. */
export interface Signer {
  /** Ed25519, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** Returns 64 bytes, at once or later. */
  sign(message: Uint8Array): Uint8Array | Promise<Uint8Array>;
}

/** An entry without its signatures. */
export type EntryDraft = Omit<Entry, 'sig' | 'newSig' | 'recoverySig'>;

/** The keys that an entry is signed with. */
export interface EntrySigners {
  /** Signs the entry: the key in force before it, or the one proposed. */
  readonly authority: Signer;
  /** The key that a rotate brings in; in a rotate only. */
  readonly newAuthority?: Signer;
  /** The recovery key; in a request only. */
  readonly recovery?: Signer;
}

/** Signs a draft and returns the encoded entry; throws where draft and signers do not fit. */
export async function signEntry(draft: EntryDraft, signers: EntrySigners): Promise<Uint8Array> {
  assertSignersFit(draft, signers);
  const fields: { [name: string]: CborValue } = { ...draft };
  if (signers.recovery !== undefined) {
    const { publicKey } = signers.recovery;
    const signature = await signers.recovery.sign(signedBytes(fields, entryDomains.recovery));
    fields['recoverySig'] = concatBytes(publicKey, signature);
  }
  if (signers.newAuthority !== undefined) {
    fields['newSig'] = await signers.newAuthority.sign(
      signedBytes(fields, entryDomains.newAuthority),
    );
  }
  fields['sig'] = await signers.authority.sign(signedBytes(fields, entryDomains.entry));
  const bytes = encodeCbor(fields);
  const parsed = parseEntry(bytes);
  assert(parsed.verdict === 'accept', 'draft breaks the form of its kind');
  return bytes;
}

function assertSignersFit(draft: EntryDraft, signers: EntrySigners): void {
  const isRotate = draft.kind === 'rotate';
  assert(isRotate === (signers.newAuthority !== undefined), 'a new authority signs rotates only');
  assert(
    draft.kind === 'request' || signers.recovery === undefined,
    'a recovery key signs requests only',
  );
  const authority = signers.newAuthority ?? signers.authority;
  assert(bytesEqual(authority.publicKey, draft.authority), 'signer is not the authority named');
}

function signedBytes(
  fields: { readonly [name: string]: CborValue },
  domain: Uint8Array,
): Uint8Array {
  return concatBytes(domain, encodeCbor(fields));
}
