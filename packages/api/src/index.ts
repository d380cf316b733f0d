/** The API's public names. */

export { createApi } from './create-api.ts';
export type { ApiOptions } from './create-api.ts';
export { fileOutbox } from './channels/outbox.ts';
export { gsm7Septets, smsSegmentSeptetsMax } from './channels/gsm7.ts';
export { ApiError, apiErrorCodes, apiSettingCodes } from './errors.ts';
export type { ApiErrorCode, ApiSettingCode } from './errors.ts';
export { apiLimits } from './limits.ts';
export type { ApiLimits } from './limits.ts';
export type {
  CodeMessage,
  CodeSender,
  CosignedCheckpoint,
  DirectoryPort,
  EntryLeaf,
  EntryState,
  EvidencePiece,
  EntrySubmission,
  EventLogger,
  IdentifierLabel,
  IdentifierOwnership,
  IdentifierProof,
  LogTileCoordinates,
  MemberAgreement,
  NoticeMessage,
  NoticeSender,
  Readiness,
  SubmittedEntry,
} from './ports.ts';
