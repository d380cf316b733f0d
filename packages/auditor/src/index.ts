/**
 * The auditor's public names.
 * @module @callbook/auditor
 */
export { auditorErrorCodes } from './errors.ts';
export type { AuditorErrorCode } from './errors.ts';
export { findingCodes } from './findings.ts';
export type { Finding, FindingCode } from './findings.ts';
export { pickCryptography } from './cryptography.ts';
export { replay } from './replay/replay.ts';
export type { ReplayOptions, ReplayProgress, ReplayResult } from './replay/replay.ts';
