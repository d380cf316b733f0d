/** The keys of a zone and what comes next for them: for commands, the operator's page and metrics. */
import {
  keysIn,
  keyTagOfEntry,
  parsePresignedKeys,
  readKeyState,
  scheduleKeys,
} from '@callbook/dns';
import type { KeyPhase, KeyRole, KeyState, KeyStore, KeyTimings } from '@callbook/dns';

export interface ZoneKeyOutlook {
  readonly keys: readonly {
    readonly id: string;
    readonly role: KeyRole;
    readonly keyTag: number;
    readonly algorithm: number;
    readonly phase: KeyPhase;
    readonly sinceMs: number;
  }[];
  /** When time alone brings the next step; absent when it will not. */
  readonly nextStepAtMs?: number;
  /** Until when keys are signed elsewhere; absent where they are signed here. */
  readonly presignedUntilMs?: number;
  /** A KSK that waits for the parent and the charter to have its DS. */
  readonly awaitsDs?: string;
}

interface KeyMoment {
  readonly nowMs: number;
  readonly timings: KeyTimings;
}

/** Reads a folder of keys. Codes: those of the state and of pre-signed keys. */
export async function readZoneKeyOutlook(
  store: KeyStore,
  moment: KeyMoment,
): Promise<ZoneKeyOutlook> {
  const { state } = await readKeyState(store, moment.nowMs);
  return zoneKeyOutlook(state, { ...moment, ...(await presignedUntil(store, state)) });
}

/** Says it of a state. */
export function zoneKeyOutlook(
  state: KeyState,
  at: KeyMoment & { readonly presignedUntilMs?: number },
): ZoneKeyOutlook {
  const { nowMs, timings, presignedUntilMs } = at;
  const presigned = state.presignedFile === undefined ? {} : { presigned: new Set<string>() };
  const { dueAtMs } = scheduleKeys(state, { nowMs, timings, evidence: presigned });
  const [awaiting] = keysIn(state, 'ksk', ['ready']);
  return {
    keys: state.keys.map((entry) => ({
      id: entry.id,
      role: entry.role,
      keyTag: keyTagOfEntry(entry),
      algorithm: entry.algorithm,
      phase: entry.phase,
      sinceMs: entry.sinceMs,
    })),
    ...(Number.isFinite(dueAtMs) && { nextStepAtMs: dueAtMs }),
    ...(presignedUntilMs !== undefined && { presignedUntilMs }),
    ...(awaiting !== undefined && { awaitsDs: awaiting.id }),
  };
}

async function presignedUntil(
  store: KeyStore,
  { presignedFile }: KeyState,
): Promise<{ readonly presignedUntilMs?: number }> {
  if (presignedFile === undefined) return {};
  const { periods } = parsePresignedKeys(await store.readPresigned(presignedFile));
  return { presignedUntilMs: periods.at(-1)!.untilMs };
}
