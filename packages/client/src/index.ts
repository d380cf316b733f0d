/**
 * The client's public names: one code base for browsers and Node, no native code.
 * @module @callbook/client
 */

export { createDirectory } from './directory.ts';
export type { Directory, DirectoryOptions, ReadBy } from './directory.ts';
export type { TokenPurse } from './tokens/authorized-fetch.ts';
export { clientErrorCodes, isClientError } from './errors.ts';
export type { ClientErrorCode } from './errors.ts';
export type { Member } from './member.ts';
export type { Fetch } from './member-call.ts';
export { readBoundedBody } from './bounded-body.ts';
export type { CodeForm, CodeRequest, CodeSource } from './challenge.ts';
export type { ChallengePlace, ChallengeStore, KeptChallenge } from './kept-challenge.ts';
export type { ClaimOptions } from './claim.ts';
export type { ChangeOptions, PayloadChanges } from './changes.ts';
export type { OwnershipTerms, RotateOptions } from './ownership-changes.ts';
export type { EmailOptions } from './email.ts';
export { recoveryCommitment } from './recovery-key.ts';
export type { ReplaceOptions, ReplaceStep } from './replace.ts';
export type { RequestOptions, SaveReplacement } from './replacement-request.ts';
export { encodeReplacementJson, parseReplacementJson } from './replacement-record.ts';
export type { Replacement } from './replacement-record.ts';
export type { ReplacementStanding } from './replacement-standing.ts';
export type { VetoOptions } from './veto.ts';
export { encodeHoldingJson, holdingPayload, parseHoldingJson } from './holding.ts';
export type { Holding } from './holding.ts';
export { encodePendingJson, parsePendingJson } from './pending-entry.ts';
export type {
  MemberChallenge,
  PendingEntry,
  PendingKind,
  SavePending,
  SignedEntry,
} from './pending-entry.ts';
export type { ResumeOptions } from './resume.ts';
export type { OnProgress, Progress } from './progress.ts';
export { describePublished } from './member-answers.ts';
export type { MemberLookup } from './member-answers.ts';
export type { Agreement, Survey } from './survey.ts';
export type {
  AccessReason,
  DnssecReason,
  Privacy,
  PrivacyReason,
  ProofReason,
  Reason,
  Trust,
} from './lookup-reason.ts';
export { lookupKeys } from './lookup.ts';
export type { Lookup, LookupOptions } from './lookup.ts';
export type { LookupManyOptions, ManyLookup, UnansweredLookup } from './lookup-many.ts';
export type { Pause } from './directory-context.ts';
export { parseProofAnswer } from './proof-answer.ts';
export type { AnsweredLog, ProofAnswer } from './proof-answer.ts';
export { verifyProof } from './verify-proof.ts';
export type { ProofClaim, ProvenIdentifier, ProvenLog } from './verify-proof.ts';
export type { Proof } from './prove.ts';
export type { EntryLeaf, EntryStateAnswer, LookedUpBinding } from './api-answers.ts';
export type { MemberEntryState } from './entry-state.ts';
export type { MemberState } from './member-state.ts';
export type { WatchedHolding, WatchEvent, WatchOptions } from './watch.ts';
export type { ChangeKind, Finding, OwnStates, Saying } from './watched-change.ts';
export type { EnumBinding } from './enum-answer.ts';
export type { ZoneAnswer } from './zone-answer.ts';
export { createValidator, validate } from './dnssec/validator.ts';
export type { Validator, ValidatorOptions } from './dnssec/validator.ts';
export type { ChainLink, Validation, ValidationVerdict } from './dnssec/validation.ts';
export { validationCodes } from './dnssec/validation-codes.ts';
export type { ValidationCode } from './dnssec/validation-codes.ts';
export { parseTrustAnchor, rootTrustAnchor } from './dnssec/trust-anchor.ts';
export type { TrustAnchor } from './dnssec/trust-anchor.ts';
export type { DnsTransport } from './dnssec/dns-transport.ts';
export { dohTransport } from './dnssec/doh-transport.ts';
export type { DohOptions } from './dnssec/doh-transport.ts';
export { boxKeyOf, open, seal } from './seal.ts';
export type { KeptKeys, KeySource, SignerSource } from './signers/authority-signer.ts';
export type { BoxAgreement } from './signers/box-agreement.ts';
export { webCryptoAgreement, webCryptoSigner } from './signers/web-crypto.ts';
export { ed25519RequestSigner, signAs } from './http/sign-request.ts';
export type { RequestSigner, SignatureAlgorithmName } from './http/sign-request.ts';
export { verifyAs } from './http/verify-request.ts';
export type {
  RequestRefusal,
  VerifiedRequest,
  VerifyRequestOptions,
} from './http/verify-request.ts';
export { peerReasons } from './peer/peer-policy.ts';
export type { PeerAction, PeerPolicy, PeerReason, PeerVerdict } from './peer/peer-policy.ts';
export { judgePeer } from './peer/verify-peer.ts';
export type {
  CallOffer,
  JudgedPeer,
  MessageOffer,
  PeerKeys,
  PeerOffer,
  PeerQuestion,
  SeenPeer,
} from './peer/verify-peer.ts';
export type { VerifyPeerOptions } from './peer/peer-keys.ts';
export { isSignedByOneOf, parseIdentityHeader } from './peer/passport.ts';
export type { Passport } from './peer/passport.ts';
export type { Fingerprint } from './peer/media-streams.ts';
export { publishedKeysOf } from './own-keys.ts';
