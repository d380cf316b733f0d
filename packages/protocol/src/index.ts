/**
 * The protocol's public names; its three cryptography implementations have exports of their own.
 * @module @callbook/protocol
 */

export { accept, ignore, reject } from './verdict.ts';
export type { Accept, Refusal, Verdict } from './verdict.ts';
export { DirectoryError, verdictCodes } from './errors.ts';
export type { VerdictCode } from './errors.ts';
export type { Clock, Random } from './ports.ts';
export type { Cryptography, Ed25519Signer, VrfProver } from './crypto/cryptography.ts';
export type { LookupScope, PendingRequest, PublishedBinding } from './published-binding.ts';
export { isDormant, withheldFromMs } from './dormancy.ts';
export { assert } from './assert.ts';
export { compareBytes, concatBytes, bytesEqual, utf8 } from './bytes.ts';
export { slabCopy, takeBytes } from './byte-slab.ts';
export { parseIdentifier } from './identifiers.ts';
export type { Identifier } from './identifiers.ts';
export { encodeCbor, isCborMap, parseCbor } from './cbor.ts';
export type { CborValue } from './cbor.ts';
export { encodeRecoveryCode, parseRecoveryCode, recoveryKeyOf } from './recovery-code.ts';
export { deriveKeys, deriveOpenPgpKeys } from './derived-keys.ts';
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
export { labelOf, proveLabel, verifyLabel } from './label.ts';
export type { LabelClaim } from './label.ts';
export { commitEmail, emailOrder, verifyEmailCommitment } from './email-commitment.ts';
export type { EmailCommitment, EmailOf } from './email-commitment.ts';
export {
  encodeEntry,
  entryId,
  parseEntry,
  verifyEntry,
  verifyParsedEntry,
  verifyRotateBy,
} from './entry.ts';
export type { Entry, EntryKind, RequestClass } from './entry.ts';
export { signEntry } from './entry-signing.ts';
export type { EntryDraft, EntrySigners, Signer } from './entry-signing.ts';
export { encodeLeaf, parseLeaf } from './leaf.ts';
export type { Leaf, LeafRole } from './leaf.ts';
export {
  batchBytesMax,
  batchEntriesMax,
  confirmEveryMs,
  entryBytesMax,
  faultsFallAfterMs,
  evidenceBytesMax,
  gossipMessageBytesMax,
  indexProofBytesMax,
  leafBytesMax,
  leavesKeptPerLogMax,
  logOriginCharactersMax,
  lookupIdentifiersMax,
  membersMax,
  payloadBytesMax,
  pendingRequestsMax,
  proofHashesMax,
  publishedKeysMax,
  quorumWindowMs,
  receiptCheckpointCharactersMax,
  routeUriBytesMax,
  routesMax,
  witnessAgeMsMax,
} from './limits.ts';
export { charterSet, charterSetUpTo, extendCharterSet } from './fold/charter-set.ts';
export type { CharterSet, KnownCharter } from './fold/charter-set.ts';
export { emptyHistory, integrateLeaf, roleFitsKind, updateKeyOf } from './fold/history.ts';
export type {
  Holding,
  LabelHistory,
  LeafMention,
  LoggedEntry,
  MentionedEntry,
} from './fold/history.ts';
export { changesJudgement, judgeOf } from './fold/judge.ts';
export { foldLabel, holdingOf } from './fold/fold-label.ts';
export type { BindingState } from './fold/fold-label.ts';
export { countedTime, countsFromMs, entryProgress } from './fold/entry-progress.ts';
export type { EntryProgress } from './fold/entry-progress.ts';
export { quorumTime } from './fold/entry-time.ts';
export { admitEntry } from './fold/admission.ts';
export type { Admission, Circumstances, Submission } from './fold/admission.ts';
export { nextClaim } from './fold/next-claim.ts';
export type { NextClaim } from './fold/next-claim.ts';
export { emailForRequests } from './fold/replacement-admission.ts';
export { pendingRequests } from './fold/pending-requests.ts';
export {
  bulkMediaType,
  bulkSlotBytes,
  bulkState,
  encodeBulkAnswers,
  encodeBulkRequest,
  obliviousBulkSlots,
  parseBulkAnswers,
  parseBulkRequest,
} from './bulk-lookup.ts';
export type { BulkAnswer, BulkSlot } from './bulk-lookup.ts';
export {
  encodeToken,
  encodeTokenAuthorization,
  encodeTokenInput,
  encodeTokenRequest,
  parseToken,
  parseTokenAuthorization,
  parseTokenRequests,
  tokenBytes,
  tokenChallenge,
  tokenDirectoryMediaType,
  tokenRequestBytes,
  tokenRequestMediaType,
  tokenResponseMediaType,
  tokenSignatureBytes,
  tokenType,
} from './tokens/privacy-pass.ts';
export type { Token, TokenInput, TokenRequest } from './tokens/privacy-pass.ts';
export { encodeTokenKey, parseTokenKey } from './tokens/token-key.ts';
export {
  encodeTokenBundle,
  isTokenPeriodGood,
  issuerNameOf,
  parseTokenBundle,
  signTokenStatement,
  tokenBundleCharactersMax,
  tokenPeriodAt,
  verifyTokenStatement,
} from './tokens/token-statement.ts';
export type { StatedTokenKey, TokenStatement } from './tokens/token-statement.ts';
export { encodeTokenOrder, parseTokenOrder, tokenOrderMessage } from './tokens/token-order.ts';
export type { SignedTokenOrder, TokenOrder } from './tokens/token-order.ts';
export {
  encodeHolderAuthorization,
  holderReadingMessage,
  parseHolderAuthorization,
} from './tokens/holder-authorization.ts';
export type { HolderReading, SignedHolderReading } from './tokens/holder-authorization.ts';
export { keeperOf, spentIdOf } from './tokens/token-keeper.ts';
export {
  holderReadingMsMax,
  tokenKeyAheadMs,
  tokenLookupsMax,
  tokenOrderErrorMsMax,
  tokenPeriodMs,
  tokenRequestsMax,
  tokensAtRegistration,
  tokensMax,
  tokensPerDay,
} from './tokens/limits.ts';
export { encodeBase64Url, parseBase64, parseBase64Url } from './base64.ts';
export { consistencyProof, verifyConsistency } from './merkle/consistency-proof.ts';
export type { ConsistencyClaim, TreeGrowth } from './merkle/consistency-proof.ts';
export {
  emptyFrontier,
  extendFrontier,
  frontierRoot,
  growFrontier,
  readFrontier,
} from './merkle/frontier.ts';
export type { Frontier, StoredHash } from './merkle/frontier.ts';
export { inclusionBeyond } from './merkle/inclusion-beyond.ts';
export { inclusionProof, verifyInclusion } from './merkle/inclusion-proof.ts';
export type { InclusionClaim, LeafPosition } from './merkle/inclusion-proof.ts';
export type { HashReader } from './merkle/stored-hashes.ts';
export { emptyRoot, leafHash, nodeHash, treeHashBytes } from './merkle/tree-hash.ts';
export { encodeEntryBundle, parseEntryBundle } from './tiles/entry-bundle.ts';
export { encodeHashTile, parseHashTile, tiledHashReader } from './tiles/hash-tile.ts';
export type { TiledTree } from './tiles/hash-tile.ts';
export { parseTilePath, tilePath, tileWidth, tileWidthMax } from './tiles/tile-path.ts';
export type { TileCoordinates } from './tiles/tile-path.ts';
export type { NamedPublicKey, SignatureAlgorithm } from './notes/key-hash.ts';
export { encodeNote, parseNote } from './notes/note.ts';
export type { Note, NoteSignature } from './notes/note.ts';
export { noteSigner, signNote, verifyNote } from './notes/signed-note.ts';
export type { NoteSigner, VerifiedNote } from './notes/signed-note.ts';
export { encodeVerifierKey, parseVerifierKey, verifierKeyOf } from './notes/verifier-key.ts';
export type { VerifierKey } from './notes/verifier-key.ts';
export {
  encodeCheckpoint,
  parseCheckpoint,
  signCheckpoint,
  verifyCheckpoint,
} from './checkpoint.ts';
export type { Checkpoint } from './checkpoint.ts';
export { cosignCheckpoint, cosignerKeyOf, verifyCosignature } from './cosignature.ts';
export type { Cosignature, Cosigner } from './cosignature.ts';
export { mergeCheckpointNotes, verifyAgreedCheckpoint } from './agreed-checkpoint.ts';
export type { AgreedCheckpoint } from './agreed-checkpoint.ts';
export { encodeWitnessRequest, parseWitnessRequest } from './witness-request.ts';
export type { WitnessRequest } from './witness-request.ts';
export { applyIndexBatch } from './index-tree/apply-batch.ts';
export type { AppliedIndexBatch, IndexChange } from './index-tree/apply-batch.ts';
export { bindingStateHash, encodeBindingState } from './index-tree/binding-state-hash.ts';
export type { IndexedState } from './index-tree/binding-state-hash.ts';
export { emptyIndexRoot } from './index-tree/index-hash.ts';
export type { IndexLeaf } from './index-tree/index-hash.ts';
export { parseIndexNode } from './index-tree/index-node.ts';
export { IndexTreeChange } from './index-tree/index-tree-change.ts';
export type { IndexNode, IndexNodeReader } from './index-tree/index-node.ts';
export {
  encodeIndexProof,
  parseIndexProof,
  proveIndexLabel,
  verifyIndexProof,
} from './index-tree/index-proof.ts';
export type { IndexClaim, IndexProof } from './index-tree/index-proof.ts';
export {
  encodeIndexRoot,
  parseIndexRoot,
  signIndexRoot,
  verifyIndexRoot,
} from './index-tree/index-root.ts';
export type { IndexRoot } from './index-tree/index-root.ts';
export {
  encodeReceiptJson,
  parseReceiptJson,
  verifyReceipt,
  verifyReceiptUnder,
} from './receipt.ts';
export type { Receipt, ReceiptJson } from './receipt.ts';
export type { BinaryField } from './oblivious/binary-fields.ts';
export {
  encodeBinaryRequest,
  encodeBinaryResponse,
  parseBinaryRequest,
  parseBinaryResponse,
} from './oblivious/binary-message.ts';
export type { BinaryRequest, BinaryResponse } from './oblivious/binary-message.ts';
export {
  capsuleBytesMax,
  capsuleInfo,
  encodeCapsuleHeader,
  parseRequestCapsule,
  parseResponseCapsule,
  responseContext,
} from './oblivious/capsule.ts';
export type { RequestCapsule, ResponseCapsule } from './oblivious/capsule.ts';
export {
  commonSuite,
  encodeKeyConfigurations,
  parseKeyConfigurations,
  x25519Kem,
} from './oblivious/key-configuration.ts';
export type { KeyConfiguration, KeySuite } from './oblivious/key-configuration.ts';
export { signKeyStatement, verifyKeyStatement } from './oblivious/key-statement.ts';
export type { KeyStatement } from './oblivious/key-statement.ts';
export { encodeKeyBundle, keyBundleCharactersMax, parseKeyBundle } from './oblivious/key-bundle.ts';
export { dnsAnswerEvidence } from './evidence/find-dns-answer.ts';
export type { DnsAnswerEvidence } from './evidence/dns-answer-form.ts';
export type { SignedRrset } from './evidence/dnssec.ts';
export { encodeEvidence, parseEvidence } from './evidence/evidence.ts';
export type { CrossKind, Evidence, EvidenceKind, ForkSide, PairKind } from './evidence/evidence.ts';
export { suspicionsAbout } from './evidence/suspicions.ts';
export type { LeafPlace, Suspicion } from './evidence/suspicions.ts';
export { verifyEvidence } from './evidence/verify-evidence.ts';
export type { ProvenFault } from './evidence/verify-evidence.ts';
export { replayIndexRoot } from './evidence/replay-index.ts';
export type { ReplayedLog } from './evidence/replay-index.ts';
export { charterHash, encodeCharter, parseCharter, parseCharterText } from './charter/charter.ts';
export type {
  Charter,
  CharterHolds,
  CharterLog,
  CharterMember,
  LogState,
  MemberState,
} from './charter/charter.ts';
export { encodeCanonicalJson, parseCanonicalJson } from './charter/canonical-json.ts';
export { noticeOf } from './charter/notice.ts';
export type { CharterNotice } from './charter/notice.ts';
export {
  charterSigners,
  verifyFoundingCharter,
  verifyNextCharter,
  verifyProposal,
} from './charter/adoption.ts';
export {
  draftParameters,
  encodeExpulsion,
  isDraftStatement,
  nextCharterText,
} from './charter/next-charter.ts';
export type { DraftStatements, NextCharterTerms } from './charter/next-charter.ts';
export { activeMembers, challengedMin, quorumOf } from './charter/quorum.ts';
