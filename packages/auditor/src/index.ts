/**
 * The auditor's public names.
 * @module @callbook/auditor
 */
export { auditorErrorCodes, findingCodes } from './errors.ts';
export type { AuditorErrorCode, FindingCode } from './errors.ts';
export type { Finding } from './findings.ts';
export { verifyEvidenceFile } from './verify-evidence-file.ts';
export type { JudgedEvidence } from './verify-evidence-file.ts';
export { pickCryptography } from './cryptography.ts';
export { CacheFolder } from './cache/cache-folder.ts';
export { storedCharters } from './sync/charter-walk.ts';
export { replay } from './replay/replay.ts';
export type { ReplayOptions, ReplayProgress, ReplayResult } from './replay/replay.ts';
