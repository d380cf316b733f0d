/** The status of a member as samples: whole numbers, ages of at most a week. */
import { keyPhases } from '@callbook/dns';
import { dayMs, daysUntil, freePercent, hourMs, minuteMs } from '../status/advice.ts';
import type { MemberRow, MemberStatus } from '../status/member-status.ts';
import type { Samples } from './member-metrics.ts';
import { loopDelays, sharedDatabaseStates, troubles } from './metric-families.ts';
import type { metricFamilies } from './metric-families.ts';

type StatusFamily = Exclude<
  keyof typeof metricFamilies,
  'requests' | 'datagrams' | 'streamQueries' | 'messages' | 'workerRestarts'
>;

export function statusSamples(status: MemberStatus): Readonly<Record<StatusFamily, Samples>> {
  const { atMs, charter, members, process: own } = status;
  const others = members.filter(({ isSelf }) => !isSelf);
  const self = members.find(({ isSelf }) => isSelf);
  const each = (rows: readonly MemberRow[], figure: (row: MemberRow) => number): Samples =>
    rows.map((row) => [[row.name], figure(row)]);
  return {
    info: [[[status.version], 1]],
    ready: one(Number(status.ready)),
    trouble: troublesOf(status),
    connected: one(others.filter(({ connected }) => connected).length),
    peerConnected: each(others, ({ connected }) => Number(connected)),
    peerLag: each(others, ({ lag }) => Math.min(lag, entriesShownMax)),
    peerRootAge: each(others, (row) => rootAgeSeconds(row, status)),
    peerBrokenRules: each(others, ({ brokenRules }) => brokenRules),
    peerContradictions: each(others, ({ contradictions }) => contradictions),
    peerConvicted: each(others, ({ convicted }) => Number(convicted)),
    logUnagreed: each(members, ({ unagreed }) => Math.min(unagreed, entriesShownMax)),
    logAgreementAge: each(members, (row) => agreementAgeSeconds(row, status)),
    evidence: one(status.evidenceCount),
    ownLog: one(Math.floor((self?.logSize ?? 0) / 1000)),
    charterVersion: one(charter.version),
    charterDays: one(daysUntil(charter.expiresAtMs, atMs)),
    ...keySamples(status),
    certificates: status.certificates.map(({ use, endsAtMs }) => [
      [use],
      daysUntil(endsAtMs, atMs),
    ]),
    ...sharedDatabaseSamples(status),
    ...machineSamples(status),
    loopDelay: loopDelays.map((name) => [[name], delayOf(name, own.loopDelay)]),
    memory: one(mebibytes(own.residentBytes)),
    memoryParts: [
      [['heap'], mebibytes(own.heapBytes)],
      [['external'], mebibytes(own.externalBytes)],
    ],
    cpu: one(Math.floor(own.cpuSeconds)),
    uptime: one(Math.floor((atMs - status.startedAtMs) / minuteMs)),
  };
}

function keySamples({
  atMs,
  zoneKeys,
}: MemberStatus): Record<'zoneKeys' | 'zoneKeyStep' | 'presigned' | 'dsAwaited', Samples> {
  const { keys, nextStepAtMs, presignedUntilMs, awaitsDs } = zoneKeys;
  const rows = (['ksk', 'zsk'] as const).flatMap((role) =>
    keyPhases.map((phase) => {
      const count = keys.filter((key) => key.role === role && key.phase === phase).length;
      return [[role, phase], count] as const;
    }),
  );
  return {
    zoneKeys: rows,
    zoneKeyStep: nextStepAtMs === undefined ? [] : one(daysUntil(nextStepAtMs, atMs)),
    presigned: presignedUntilMs === undefined ? [] : one(daysUntil(presignedUntilMs, atMs)),
    dsAwaited: one(Number(awaitsDs !== undefined)),
  };
}

function sharedDatabaseSamples({
  sharedDatabase,
}: MemberStatus): Record<'sharedDatabase' | 'sharedDatabaseBacklog' | 'standbyLag', Samples> {
  if (sharedDatabase === undefined)
    return { sharedDatabase: [], sharedDatabaseBacklog: [], standbyLag: [] };
  const { code, backlogMs, lease } = sharedDatabase;
  const nearest = Math.min(...(lease?.standbyLags ?? []));
  const named: readonly string[] = sharedDatabaseStates;
  const told = code === undefined || named.includes(code) ? code : 'other';
  return {
    sharedDatabase: sharedDatabaseStates.map((state) => [[state], Number(state === told)]),
    sharedDatabaseBacklog: one(Math.min(ageShownMaxSeconds, Math.floor(backlogMs / 1000))),
    standbyLag: Number.isFinite(nearest) ? one(Math.min(nearest, entriesShownMax)) : [],
  };
}

function machineSamples({
  atMs,
  backupAtMs,
  disk,
}: MemberStatus): Record<'backupAge' | 'store' | 'diskFree' | 'diskShare', Samples> {
  return {
    backupAge: backupAtMs === undefined ? [] : one(Math.floor((atMs - backupAtMs) / hourMs)),
    store: disk === undefined ? [] : one(mebibytes(disk.storeBytes)),
    diskFree: disk === undefined ? [] : one(Math.floor(disk.freeBytes / 2 ** 30)),
    diskShare: disk === undefined ? [] : one(freePercent(disk)),
  };
}

/** What the table does not name is told as `other`. */
function troublesOf({ reasons }: MemberStatus): Samples {
  const named: readonly string[] = troubles;
  const told = new Set(reasons.map((reason) => (named.includes(reason) ? reason : 'other')));
  return troubles.map((reason) => [[reason], Number(told.has(reason))]);
}

const ageShownMaxSeconds = (7 * dayMs) / 1000;
const entriesShownMax = 999_999;

function rootAgeSeconds(row: MemberRow, { atMs, startedAtMs }: MemberStatus): number {
  return row.isRootCurrent ? 0 : ageSeconds(row.sameRootAtMs ?? startedAtMs, atMs);
}

function agreementAgeSeconds(
  { unagreed, agreedAtMs }: MemberRow,
  { atMs, startedAtMs }: MemberStatus,
): number {
  return unagreed === 0 ? 0 : ageSeconds(agreedAtMs || startedAtMs, atMs);
}

function ageSeconds(sinceMs: number, nowMs: number): number {
  return Math.min(ageShownMaxSeconds, Math.max(0, Math.floor((nowMs - sinceMs) / 1000)));
}

const delayShownMaxMs = 9999;

function delayOf(
  name: (typeof loopDelays)[number],
  { p50Ms, p99Ms, maxMs }: MemberStatus['process']['loopDelay'],
): number {
  return Math.min(delayShownMaxMs, { median: p50Ms, p99: p99Ms, max: maxMs }[name]);
}

function one(value: number): Samples {
  return [[[], value]];
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}
