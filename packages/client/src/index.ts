/** The client's public names: one code base for browsers and Node, no native code. */

export { createDirectory } from './directory.ts';
export type { Directory, DirectoryOptions } from './directory.ts';
export { clientErrorCodes, isClientError } from './errors.ts';
export type { ClientErrorCode } from './errors.ts';
export type { Member } from './member.ts';
export type { Fetch } from './member-call.ts';
export type { CodeForm, CodeRequest, CodeSource } from './challenge.ts';
export type { ClaimOptions } from './claim.ts';
export type { ChangeOptions, OwnershipTerms, PayloadChanges } from './changes.ts';
export type { EmailOptions } from './email.ts';
export { recoveryCommitment } from './recovery-key.ts';
export type {
  CommitOptions,
  RequestOptions,
  ResumeRequestOptions,
  SaveReplacement,
} from './replacement.ts';
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
export type { Agreement, Lookup, MemberLookup } from './lookup.ts';
export { parseProofAnswer } from './proof-answer.ts';
export type { AnsweredLog, ProofAnswer } from './proof-answer.ts';
export { verifyProof } from './verify-proof.ts';
export type { ProofClaim, ProvenIdentifier, ProvenLog } from './verify-proof.ts';
export type { Proof } from './prove.ts';
export type { EntryLeaf, EntryStateAnswer, LookedUpBinding } from './api-answers.ts';
export type { MemberEntryState } from './entry-state.ts';
export type { MemberState } from './member-state.ts';
export { enumQuestions, parseEnumAnswer, readEnumBinding } from './enum-answer.ts';
export type { EnumAnswer, EnumBinding, EnumQuestion } from './enum-answer.ts';
