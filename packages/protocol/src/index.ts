/** The protocol's public names; its three cryptography implementations have exports of their own. */

export { accept, ignore, reject } from './verdict.ts';
export type { Accept, Refusal, Verdict } from './verdict.ts';
export { DirectoryError, verdictCodes } from './errors.ts';
export type { VerdictCode } from './errors.ts';
export type { Clock, Random } from './ports.ts';
export type { Cryptography, Ed25519Signer, VrfProver } from './crypto/cryptography.ts';
export type { PublishedBinding } from './published-binding.ts';
export { assert } from './assert.ts';
export { compareBytes, concatBytes, bytesEqual, utf8 } from './bytes.ts';
export { parseIdentifier } from './identifiers.ts';
export type { Identifier } from './identifiers.ts';
export { encodeCbor, isCborMap, parseCbor } from './cbor.ts';
export type { CborValue } from './cbor.ts';
export { deriveKeys } from './derived-keys.ts';
export type { DerivationContext, DerivedKeys, KeyPair, KeyPurpose } from './derived-keys.ts';
export { encodePayload, parsePayload, subjectPublicKeyInfo } from './payload.ts';
export type {
  KeyAlgorithm,
  KeyUse,
  Payload,
  PublishedKey,
  Route,
  RouteService,
  Visibility,
} from './payload.ts';
export { commitPayload, verifyPayload } from './commitment.ts';
export type { PayloadClaim } from './commitment.ts';
export { labelOf, verifyLabel } from './label.ts';
export type { LabelClaim } from './label.ts';
export { encodeEntry, entryId, parseEntry, verifyEntry, verifyRotateBy } from './entry.ts';
export type { Entry, EntryKind, RequestClass } from './entry.ts';
export { signEntry } from './entry-signing.ts';
export type { EntryDraft, EntrySigners, Signer } from './entry-signing.ts';
export { encodeLeaf, parseLeaf } from './leaf.ts';
export type { Leaf, LeafRole } from './leaf.ts';
export {
  batchBytesMax,
  batchEntriesMax,
  entryBytesMax,
  gossipMessageBytesMax,
  leafBytesMax,
  lookupIdentifiersMax,
  membersMax,
  payloadBytesMax,
  publishedKeysMax,
  routeUriBytesMax,
  routesMax,
} from './limits.ts';
export { charterSet } from './fold/charter-set.ts';
export type { CharterSet, KnownCharter } from './fold/charter-set.ts';
export { emptyHistory, integrateLeaf } from './fold/history.ts';
export type { LabelHistory, LeafMention, LoggedEntry, MentionedEntry } from './fold/history.ts';
export { encodeHistory, parseHistory } from './fold/history-row.ts';
export { foldLabel } from './fold/fold-label.ts';
export type { BindingState } from './fold/fold-label.ts';
export { entryProgress } from './fold/entry-time.ts';
export type { EntryProgress } from './fold/entry-time.ts';
export { admitEntry, nextClaim } from './fold/admission.ts';
export type { Admission, Circumstances, NextClaim, Submission } from './fold/admission.ts';
