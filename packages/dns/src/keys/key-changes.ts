/**
 * Changes of the state that do not come from time: keys that were made or destroyed, and what an
 * operator asks for. Each is harmless when it is made twice, so a command may be repeated.
 */
import { DirectoryError } from '@callbook/protocol';
import { dnsError } from '../errors.ts';
import type { ZoneSigner } from '../sign/zone-signer.ts';
import type { KeyPlan } from './key-schedule.ts';
import { keysIn } from './key-state.ts';
import type { KeyEntry, KeyRole, KeyState } from './key-state.ts';
import type { KeyStore } from './key-store.ts';

/** Returns the id that the next key of a role will have. */
export function nextKeyId(state: KeyState, role: KeyRole): string {
  return `${role}-${state.nextNumber}`;
}

/** Adds a key whose file is durable; its id is `nextKeyId`. */
export function withGeneratedKey(
  state: KeyState,
  made: { readonly plan: KeyPlan; readonly signer: ZoneSigner; readonly nowMs: number },
): KeyState {
  const { plan, signer, nowMs } = made;
  const entry: KeyEntry = {
    id: nextKeyId(state, plan.role),
    role: plan.role,
    algorithm: signer.algorithm,
    publicKey: new Uint8Array(signer.publicKey),
    phase: 'generated',
    sinceMs: nowMs,
    publishAtMs: plan.publishAtMs,
    activateAtMs: plan.activateAtMs,
  };
  return { ...state, nextNumber: state.nextNumber + 1, keys: [...state.keys, entry] };
}

/** Drops a key that is in phase `removed`. */
export function withoutKey(state: KeyState, id: string): KeyState {
  const isDropped = (entry: KeyEntry): boolean => entry.id === id && entry.phase === 'removed';
  return { ...state, keys: state.keys.filter((entry) => !isDropped(entry)) };
}

/** Asks for the roll-over of a role; the same state when one is on its way already. */
export function requestRoll(state: KeyState, role: KeyRole): KeyState {
  const [active] = keysIn(state, role, ['active']);
  const [next] = keysIn(state, role, ['generated', 'published', 'ready']);
  if (active === undefined || active.rollRequested === true) return state;
  // A KSK's successor waits for the parent alone; a ZSK's may wait for its planned time.
  if (role === 'ksk' && next !== undefined) return state;
  return withEntry(state, { ...active, rollRequested: true });
}

/**
 * Records that somebody trusted says that the parent has the DS of a KSK. Codes: `dns_key_unknown`,
 * `dns_key_phase_unfit` while resolvers may not have the key yet.
 */
export function confirmDs(state: KeyState, id: string): KeyState {
  const entry = state.keys.find((key) => key.id === id && key.role === 'ksk');
  if (entry === undefined) throw dnsError('dns_key_unknown', 'there is no KSK of that name');
  if (entry.phase !== 'ready' && entry.phase !== 'active')
    throw dnsError(
      'dns_key_phase_unfit',
      `${id} is ${entry.phase}, its DS is due when it is ready`,
      {
        details: { phase: entry.phase },
      },
    );
  return entry.dsConfirmed === true ? state : withEntry(state, { ...entry, dsConfirmed: true });
}

function withEntry(state: KeyState, changed: KeyEntry): KeyState {
  const keys = state.keys.map((entry) => (entry.id === changed.id ? changed : entry));
  return { ...state, keys };
}

/**
 * Returns the state of a folder that has only key files: `ksk.pem` and `zsk.pem` are active since now.
 * A folder without `ksk.pem` is one whose KSK is elsewhere. Code: `dns_key_missing` without either.
 */
export function initialKeyState(store: Pick<KeyStore, 'loadKey'>, nowMs: number): KeyState {
  const keys = (['ksk', 'zsk'] as const).flatMap((role) => {
    const signer = loadUnlessMissing(store, role);
    return signer === undefined ? [] : [firstKey(role, signer, nowMs)];
  });
  if (keys.length === 0) throw dnsError('dns_key_missing', 'there is neither ksk.pem nor zsk.pem');
  return { nextNumber: 2, keys };
}

function loadUnlessMissing(store: Pick<KeyStore, 'loadKey'>, id: string): ZoneSigner | undefined {
  try {
    return store.loadKey(id);
  } catch (error) {
    if (error instanceof DirectoryError && error.code === 'dns_key_missing') return undefined;
    throw error;
  }
}

function firstKey(role: KeyRole, signer: ZoneSigner, nowMs: number): KeyEntry {
  return {
    id: role,
    role,
    algorithm: signer.algorithm,
    publicKey: new Uint8Array(signer.publicKey),
    phase: 'active',
    sinceMs: nowMs,
    publishAtMs: nowMs,
    activateAtMs: nowMs,
  };
}
