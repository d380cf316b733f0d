/** The status of a member as people read it: tables of words, the same in a terminal and on the page. */
import { dayMs, daysUntil, hourMs, minuteMs } from './advice.ts';
import type { Advice } from './advice.ts';
import type { MemberRow, MemberStatus, SharedDatabaseStatus } from './member-status.ts';

export interface StatusView {
  readonly heading: string;
  /** `ready`, or why not. */
  readonly state: string;
  readonly isReady: boolean;
  readonly at: string;
  readonly next: readonly Advice[];
  readonly tables: readonly StatusTable[];
}

export interface StatusTable {
  readonly caption: string;
  readonly head: readonly string[];
  /** As many cells as the head has; the first names the row. */
  readonly rows: readonly (readonly string[])[];
}

export function statusView(status: MemberStatus): StatusView {
  const { member, version, ready, reasons, atMs, next } = status;
  return {
    heading: `Member ${member}, version ${version}`,
    state: ready ? 'ready' : `not ready: ${reasons.join(', ')}`,
    isReady: ready,
    at: timeText(atMs),
    next,
    tables: [
      membersTable(status),
      zoneKeysTable(status),
      datesTable(status),
      ...sharedDatabaseTables(status),
      machineTable(status),
    ],
  };
}

function membersTable(status: MemberStatus): StatusTable {
  return {
    caption: 'Members and their logs',
    head: ['member', 'connection', 'entries', 'missing', 'agreement', 'same index root', 'wrongs'],
    rows: status.members.map((row) => [
      row.name,
      row.isSelf ? 'this one' : row.connected ? 'yes' : 'NO',
      String(row.logSize),
      row.isSelf ? '–' : String(row.lag),
      agreementText(row, status),
      row.isSelf ? '–' : rootText(row, status),
      wrongsText(row),
    ]),
  };
}

function agreementText({ unagreed, agreedAtMs }: MemberRow, { atMs }: MemberStatus): string {
  if (unagreed === 0) return 'all';
  const since = agreedAtMs === undefined ? 'never' : `${ageText(atMs - agreedAtMs)} ago`;
  return `${unagreed} open, last ${since}`;
}

function rootText({ isRootCurrent, sameRootAtMs }: MemberRow, { atMs }: MemberStatus): string {
  if (isRootCurrent) return 'now';
  return sameRootAtMs === undefined ? 'not yet' : `${ageText(atMs - sameRootAtMs)} ago`;
}

function wrongsText({ brokenRules, contradictions, convicted }: MemberRow): string {
  const found = [
    ...(convicted ? ['CONVICTED'] : []),
    ...(contradictions > 0 ? [`${contradictions} other roots`] : []),
    ...(brokenRules > 0 ? [`${brokenRules} rules broken`] : []),
  ];
  return found.length === 0 ? 'none' : found.join(', ');
}

function zoneKeysTable({ zoneKeys }: MemberStatus): StatusTable {
  return {
    caption: 'Keys of the zone',
    head: ['key', 'tag', 'algorithm', 'phase', 'since'],
    rows: zoneKeys.keys.map(({ id, keyTag, algorithm, phase, sinceMs }) => [
      id,
      String(keyTag),
      String(algorithm),
      phase,
      timeText(sinceMs),
    ]),
  };
}

function datesTable({
  atMs,
  charter,
  certificates,
  zoneKeys,
  backupAtMs,
}: MemberStatus): StatusTable {
  const { nextStepAtMs, presignedUntilMs } = zoneKeys;
  const until = (timeMs: number): string =>
    `${timeText(timeMs)}, in ${daysUntil(timeMs, atMs)} days`;
  return {
    caption: 'What comes next by time',
    head: ['what', 'when'],
    rows: [
      ['zone keys, next step', nextStepAtMs === undefined ? 'by no time' : until(nextStepAtMs)],
      ...(presignedUntilMs === undefined
        ? []
        : [['zone keys signed elsewhere end', until(presignedUntilMs)]]),
      ...certificates.map(({ use, endsAtMs }) => [`certificate for ${use} ends`, until(endsAtMs)]),
      [`charter ${charter.version} ends`, until(charter.expiresAtMs)],
      ...(charter.next === undefined
        ? []
        : [[`charter ${charter.next.version} begins`, timeText(charter.next.effectiveAtMs)]]),
      ['last backup', backupAtMs === undefined ? 'none' : `${ageText(atMs - backupAtMs)} ago`],
    ],
  };
}

function sharedDatabaseTables({ sharedDatabase }: MemberStatus): StatusTable[] {
  if (sharedDatabase === undefined) return [];
  const { code, backlogMs, generation, lease } = sharedDatabase;
  return [
    {
      caption: 'Shared database',
      head: ['what', 'how it is'],
      rows: [
        ['state', code ?? 'followed'],
        ['oldest change waits for', ageText(backlogMs)],
        ['changes in it', String(generation)],
        ...(lease === undefined ? [] : leaseRows(lease)),
      ],
    },
  ];
}

function leaseRows({
  term,
  standbyLags,
}: NonNullable<SharedDatabaseStatus['lease']>): (readonly string[])[] {
  const behind = `${standbyLags.length}, behind by ${standbyLags.join(', ')} batches`;
  return [
    ['holder of the lease', `number ${term}, this process`],
    ['stand-bys', standbyLags.length === 0 ? 'none heard of' : behind],
  ];
}

function machineTable(status: MemberStatus): StatusTable {
  const { atMs, startedAtMs, disk, evidenceCount } = status;
  const { residentBytes, loopDelay } = status.process;
  return {
    caption: 'This machine',
    head: ['what', 'how much'],
    rows: [
      ['running for', ageText(atMs - startedAtMs)],
      ['resident memory', sizeText(residentBytes)],
      [
        'event loop late',
        `${loopDelay.p50Ms} ms in the middle, ${loopDelay.p99Ms} ms at p99, ${loopDelay.maxMs} ms at most`,
      ],
      ...(disk === undefined
        ? []
        : [
            ['database', sizeText(disk.storeBytes)],
            ['disk free', `${sizeText(disk.freeBytes)} of ${sizeText(disk.sizeBytes)}`],
          ]),
      ['evidence held', String(evidenceCount)],
    ],
  };
}

/** UTC, to the second. */
function timeText(timeMs: number): string {
  return new Date(timeMs)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d{3}Z$/, ' UTC');
}

function ageText(ms: number): string {
  if (ms < minuteMs) return `${Math.max(0, Math.floor(ms / 1000))} s`;
  if (ms < hourMs) return `${Math.floor(ms / minuteMs)} min`;
  return ms < 2 * dayMs ? `${Math.floor(ms / hourMs)} h` : `${Math.floor(ms / dayMs)} days`;
}

function sizeText(bytes: number): string {
  const mebibytes = bytes / 2 ** 20;
  return mebibytes < 10 * 1024
    ? `${Math.round(mebibytes)} MiB`
    : `${Math.round(mebibytes / 1024)} GiB`;
}
