/** A member that is well, to be made unwell in one thing at a time. */
import type { MemberCondition, MemberRow } from '../../src/status/member-status.ts';

const dayMs = 86_400_000;
const atMs = Date.UTC(2026, 10, 23);

export const self: MemberRow = {
  name: 'alpha',
  isSelf: true,
  connected: true,
  logSize: 1204,
  lag: 0,
  unagreed: 0,
  agreedAtMs: atMs - 1000,
  isRootCurrent: true,
  brokenRules: 0,
  contradictions: 0,
  convicted: false,
};

export const other: MemberRow = { ...self, name: 'beta', isSelf: false, sameRootAtMs: atMs - 5000 };

export const well: MemberCondition = {
  member: 'alpha',
  version: '0.1.0',
  atMs,
  startedAtMs: atMs - 10 * dayMs,
  ready: true,
  reasons: [],
  charter: { version: 3, expiresAtMs: atMs + 400 * dayMs },
  members: [self, other],
  evidenceCount: 0,
  zoneKeys: {
    keys: [
      { id: 'ksk', role: 'ksk', keyTag: 42772, algorithm: 13, phase: 'active', sinceMs: atMs },
    ],
    nextStepAtMs: atMs + 30 * dayMs,
  },
  certificates: [{ use: 'api', endsAtMs: atMs + 60 * dayMs }],
  backupAtMs: atMs - 3_600_000,
  disk: { freeBytes: 40 * 2 ** 30, sizeBytes: 100 * 2 ** 30, storeBytes: 5 * 2 ** 20 },
  process: {
    residentBytes: 190 * 2 ** 20,
    heapBytes: 60 * 2 ** 20,
    externalBytes: 70 * 2 ** 20,
    cpuSeconds: 100,
    loopDelay: { p50Ms: 1, p99Ms: 20, maxMs: 80 },
  },
};
