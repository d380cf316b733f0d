/** What a status says to do next: nothing for a member that is well, one thing for each that is wrong. */
import { describe, expect, it } from 'vitest';
import { adviceOn } from '../../src/status/advice.ts';
import type { MemberCondition } from '../../src/status/member-status.ts';
import { other, self, well } from './conditions.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const { atMs } = well;
const peers = (change: Partial<typeof other>): Partial<MemberCondition> => ({
  members: [self, { ...other, ...change }],
});
const process = (change: Partial<MemberCondition['process']>): Partial<MemberCondition> => ({
  process: { ...well.process, ...change },
});
const loopDelay = { p50Ms: 100, p99Ms: 501, maxMs: 900 };
const disk = (freeShare: number): Partial<MemberCondition> => ({
  disk: { freeBytes: freeShare * 1000, sizeBytes: 1000, storeBytes: 0 },
});
const zoneKeys = (change: object): Partial<MemberCondition> => ({
  zoneKeys: { ...well.zoneKeys, ...change },
});
const certificate = (days: number): Partial<MemberCondition> => ({
  certificates: [{ use: 'api', endsAtMs: atMs + days * dayMs }],
});

const wrongs: readonly (readonly [alert: string, urgency: string, Partial<MemberCondition>])[] = [
  ['CallbookNotReady', 'act', { ready: false, reasons: ['store_failed'] }],
  ['CallbookOwnLogContradicted', 'act', { ready: false, reasons: ['own_log_contradicted'] }],
  ['CallbookPeerConvicted', 'act', peers({ convicted: true })],
  ['CallbookRootsDiffer', 'act', peers({ contradictions: 1 })],
  ['CallbookPeerDisconnected', 'watch', peers({ connected: false })],
  ['CallbookPeerLag', 'watch', peers({ lag: 1001 })],
  ['CallbookNotAgreed', 'watch', peers({ unagreed: 1, agreedAtMs: atMs - 16 * 60_000 })],
  ['CallbookCertificateEnds', 'act', certificate(2)],
  ['CallbookCertificateEnds', 'watch', certificate(13)],
  ['CallbookPresignedKeysEnd', 'act', zoneKeys({ presignedUntilMs: atMs + 13 * dayMs })],
  ['CallbookDsAwaited', 'act', zoneKeys({ awaitsDs: 'ksk-2' })],
  ['CallbookZoneKeysStalled', 'act', zoneKeys({ nextStepAtMs: atMs - 2 * hourMs })],
  ['CallbookCharterEnds', 'act', { charter: { version: 3, expiresAtMs: atMs + 59 * dayMs } }],
  ['CallbookDiskFull', 'act', disk(0.04)],
  ['CallbookDiskFull', 'watch', disk(0.14)],
  ['CallbookBackupOld', 'watch', { backupAtMs: atMs - 37 * hourMs }],
  ['CallbookLoopSlow', 'watch', process({ loopDelay })],
  ['CallbookMemoryHigh', 'watch', process({ residentBytes: 2 * 2 ** 30 })],
];

describe('advice', () => {
  it('is none for a member that is well', () => {
    expect(adviceOn(well)).toEqual([]);
  });

  it.each(wrongs)('says %s (%s)', (alert, urgency, change) => {
    expect(adviceOn({ ...well, ...change })).toMatchObject([{ alert, urgency }]);
  });

  it('says that there is no backup', () => {
    const { backupAtMs: _, ...without } = well;
    expect(adviceOn(without)).toMatchObject([{ alert: 'CallbookNoBackup' }]);
  });

  it('is silent just below each threshold', () => {
    const almost: Partial<MemberCondition> = {
      ...peers({ lag: 1000, unagreed: 1, agreedAtMs: atMs - 15 * 60_000 }),
      ...certificate(14),
      ...zoneKeys({ nextStepAtMs: atMs - hourMs, presignedUntilMs: atMs + 14 * dayMs }),
      ...disk(0.15),
      backupAtMs: atMs - 36 * hourMs,
      charter: { version: 3, expiresAtMs: atMs + 60 * dayMs },
    };
    expect(adviceOn({ ...well, ...almost })).toEqual([]);
  });

  it('puts what is broken before what can wait, and lets a start be slow', () => {
    const both = { ...well, ...disk(0.14), ...zoneKeys({ awaitsDs: 'ksk-2' }) };
    expect(adviceOn(both).map(({ urgency }) => urgency)).toEqual(['act', 'watch']);
    const starting = { ...well, ...process({ loopDelay }), startedAtMs: atMs - 60_000 };
    expect(adviceOn(starting)).toEqual([]);
  });
});
