/**
 * What whoever runs a member should do next, by its status alone. Each piece has the name of an alert
 * rule and of a section in docs/operators/monitoring.md, which says what to do; what lies outside of
 * the member, such as a member that does not run, only the rules can see.
 */
import type { DiskUse } from './disk-use.ts';
import type { MemberCondition, MemberRow } from './member-status.ts';

export interface Advice {
  /** Name of the alert rule and of its section in docs/operators/monitoring.md. */
  readonly alert: string;
  /** `act`: something is broken, or will be within days. `watch`: look at it when you have time. */
  readonly urgency: 'act' | 'watch';
  readonly what: string;
}

export const minuteMs = 60_000;
export const hourMs: number = 60 * minuteMs;
export const dayMs: number = 24 * hourMs;

/** As in `packages/node/observability/callbook-alerts.yaml`. */
const limits = {
  lag: 1000,
  unagreedMs: 15 * minuteMs,
  certificateDays: 14,
  certificateDaysAct: 3,
  charterDays: 60,
  presignedDays: 14,
  backupMs: 36 * hourMs,
  diskFreePercent: 15,
  diskFreePercentAct: 5,
  loopDelayMs: 500,
  /** Before that it is the start that one sees. */
  loopDelayAfterMs: 3 * minuteMs,
  residentBytes: 1.5 * 2 ** 30,
} as const;

/** Returns what to do, the most urgent first. */
export function adviceOn(condition: MemberCondition): Advice[] {
  const all = [
    ...adviceOnService(condition),
    ...condition.members.flatMap((row) => adviceOnMember(row, condition)),
    ...adviceOnKeys(condition),
    ...adviceOnSharedDatabase(condition),
    ...adviceOnMachine(condition),
  ];
  return [
    ...all.filter(({ urgency }) => urgency === 'act'),
    ...all.filter(({ urgency }) => urgency === 'watch'),
  ];
}

function adviceOnService({ ready, reasons }: MemberCondition): Advice[] {
  const contradicted = reasons.includes('own_log_contradicted');
  return [
    ...(contradicted ? [act('CallbookOwnLogContradicted', 'the own log was contradicted')] : []),
    ...(ready || contradicted ? [] : [act('CallbookNotReady', `not ready: ${reasons.join(', ')}`)]),
  ];
}

function adviceOnMember(row: MemberRow, { atMs }: MemberCondition): Advice[] {
  const { name, isSelf, connected, lag, unagreed, agreedAtMs } = row;
  const agreedAgeMs = unagreed === 0 || agreedAtMs === undefined ? 0 : atMs - agreedAtMs;
  return [
    ...(row.convicted
      ? [act('CallbookPeerConvicted', `evidence against ${name} is held: its log is frozen here`)]
      : []),
    ...(row.contradictions > 0
      ? [act('CallbookRootsDiffer', `${name} signs another index root for the same logs`)]
      : []),
    ...(connected || isSelf ? [] : [watch('CallbookPeerDisconnected', `no connection to ${name}`)]),
    ...(lag > limits.lag
      ? [watch('CallbookPeerLag', `${lag} entries of ${name} are missing`)]
      : []),
    ...(agreedAgeMs > limits.unagreedMs
      ? [watch('CallbookNotAgreed', `the log of ${name} grows and no quorum has cosigned it`)]
      : []),
  ];
}

function adviceOnKeys({ atMs, zoneKeys, certificates, charter }: MemberCondition): Advice[] {
  const { awaitsDs, presignedUntilMs = Infinity, nextStepAtMs = Infinity } = zoneKeys;
  const charterDays = daysUntil(charter.expiresAtMs, atMs);
  const presignedDays = daysUntil(presignedUntilMs, atMs);
  return [
    ...certificates.flatMap(({ use, endsAtMs }) => {
      const days = daysUntil(endsAtMs, atMs);
      if (days >= limits.certificateDays) return [];
      const say = days < limits.certificateDaysAct ? act : watch;
      return [say('CallbookCertificateEnds', `the certificate for ${use} ends in ${days} days`)];
    }),
    ...(presignedDays < limits.presignedDays
      ? [act('CallbookPresignedKeysEnd', `pre-signed keys end in ${presignedDays} days`)]
      : []),
    ...(awaitsDs === undefined
      ? []
      : [act('CallbookDsAwaited', `the parent and the charter need the DS of ${awaitsDs}`)]),
    ...(atMs - nextStepAtMs > hourMs
      ? [act('CallbookZoneKeysStalled', 'a step of the zone keys is overdue')]
      : []),
    ...(charterDays < limits.charterDays
      ? [act('CallbookCharterEnds', `the charter ends in ${charterDays} days`)]
      : []),
  ];
}

/** By themselves these end. */
const passingStates = ['shared_store_filling', 'shared_store_restored'];

function adviceOnSharedDatabase({ sharedDatabase }: MemberCondition): Advice[] {
  const code = sharedDatabase?.code;
  if (code === undefined) return [];
  const say = passingStates.includes(code) ? watch : act;
  return [say('CallbookSharedDatabase', `the shared database is not up to date: ${code}`)];
}

function adviceOnMachine(condition: MemberCondition): Advice[] {
  const { atMs, startedAtMs, backupAtMs, disk } = condition;
  const { loopDelay, residentBytes } = condition.process;
  const free = disk === undefined ? 100 : freePercent(disk);
  const freeText = `${free} % of the disk is free`;
  const isStarting = atMs - startedAtMs < limits.loopDelayAfterMs;
  return [
    ...(free < limits.diskFreePercentAct ? [act('CallbookDiskFull', freeText)] : []),
    ...(free >= limits.diskFreePercentAct && free < limits.diskFreePercent
      ? [watch('CallbookDiskFull', freeText)]
      : []),
    ...(backupAtMs === undefined ? [watch('CallbookNoBackup', 'no backup was taken')] : []),
    ...(backupAtMs !== undefined && atMs - backupAtMs > limits.backupMs
      ? [watch('CallbookBackupOld', `the last backup is ${hours(atMs - backupAtMs)} hours old`)]
      : []),
    ...(loopDelay.p99Ms > limits.loopDelayMs && !isStarting
      ? [watch('CallbookLoopSlow', `the event loop is ${loopDelay.p99Ms} ms late`)]
      : []),
    ...(residentBytes > limits.residentBytes
      ? [watch('CallbookMemoryHigh', `${Math.round(residentBytes / 2 ** 20)} MiB are resident`)]
      : []),
  ];
}

function act(alert: string, what: string): Advice {
  return { alert, urgency: 'act', what };
}

function watch(alert: string, what: string): Advice {
  return { alert, urgency: 'watch', what };
}

/** Whole days until a time, and below zero after it. */
export function daysUntil(timeMs: number, nowMs: number): number {
  return Math.floor((timeMs - nowMs) / dayMs);
}

/** Whole hundredths of a disk that are free. */
export function freePercent({ freeBytes, sizeBytes }: DiskUse): number {
  return sizeBytes === 0 ? 0 : Math.floor((freeBytes / sizeBytes) * 100);
}

function hours(ms: number): number {
  return Math.floor(ms / hourMs);
}
