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
export { canariesMax } from './limits.ts';
export { CacheFolder } from './cache/cache-folder.ts';
export { storedCharters } from './sync/charter-walk.ts';
export { replay } from './replay/replay.ts';
export type { ReplayOptions, ReplayProgress, ReplayResult } from './replay/replay.ts';
export { replayAndNote, watch } from './watch/watch.ts';
export type { WatchOptions, WatchedRun } from './watch/watch.ts';
export { Witness } from './watch/witness.ts';
export type { WitnessAnswer, WitnessOptions } from './watch/witness.ts';
export { startWitnessServer } from './watch/witness-server.ts';
export { reportPage } from './report/report-page.ts';
export { transparencyOf } from './report/transparency.ts';
export type { Transparency } from './report/transparency.ts';
export { readHistory } from './report/run-history.ts';
export type { RunHistory } from './report/run-history.ts';
export { compareNumbers } from './compare/numbers.ts';
export type { ComparedNumber } from './compare/numbers.ts';
export type { NumbersContext, WatchedNumber } from './compare/zone-views.ts';
export { compareMembers } from './compare/compare-members.ts';
export { Findings } from './findings.ts';
export { auditedMembers } from './sync/member-files.ts';
