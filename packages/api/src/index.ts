/** The API's public names. */

export { createApi } from './create-api.ts';
export type { ApiOptions } from './create-api.ts';
export { createFrontApi } from './create-front-api.ts';
export type { FrontApiOptions } from './create-front-api.ts';
export { SendGuard } from './challenges/send-guard.ts';
export type { SendGuardOptions } from './challenges/send-guard.ts';
export { SpentLedger } from './challenges/spent-ledger.ts';
export { ChannelSwitch } from './channels/channel-switch.ts';
export type { ChannelScheme } from './channels/channel-switch.ts';
export type { Channel, ChannelMessage } from './channels/channel.ts';
export { outboxChannel } from './channels/outbox.ts';
export { SendJournal } from './channels/send-journal.ts';
export { sipChannel } from './channels/sip-channel.ts';
export { openSmppChannel } from './channels/smpp-channel.ts';
export { openSmtpChannel } from './channels/smtp-channel.ts';
export { webhookChannel, webhookSignature } from './channels/webhook-channel.ts';
export { gsm7Septets, smsSegmentSeptetsMax } from './channels/gsm7.ts';
export { MemberConnections } from './oblivious/member-connections.ts';
export { ObliviousService } from './oblivious/oblivious-service.ts';
export type { ObliviousOptions } from './oblivious/oblivious-service.ts';
export { TokenService } from './tokens/token-service.ts';
export type { TokenServiceOptions } from './tokens/token-service.ts';
export { readPageFiles } from './page/page-files.ts';
export type { PageFiles } from './page/page-files.ts';
export type { PageService } from './page/page-routes.ts';
export { ApiError, apiChannelCodes, apiErrorCodes, apiSettingCodes } from './errors.ts';
export type { ApiErrorCode, ApiSettingCode } from './errors.ts';
export { apiLimits } from './limits.ts';
export type { ApiLimits } from './limits.ts';
export type {
  AskedLookup,
  CodeMessage,
  CodeSender,
  CosignedCheckpoint,
  DirectoryPort,
  DnsPort,
  EntryLeaf,
  EntryState,
  EvidencePiece,
  EntrySubmission,
  EventLogger,
  IdentifierLabel,
  IdentifierOwnership,
  DirectoryProof,
  IdentifierProof,
  LookupPort,
  LogTileCoordinates,
  MemberAgreement,
  NoticeMessage,
  NoticeSender,
  RowToWrite,
  TokenHolder,
  TokenRows,
  Readiness,
  SubmittedEntry,
} from './ports.ts';
