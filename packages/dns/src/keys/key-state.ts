/**
 * What is remembered of a zone's keys: for each its phase and since when it is in it, as one small
 * JSON value. Private keys are not in it, they lie in files named by a key's id. A time here is when
 * the phase's effect on what is served had begun, so that every wait counted from it is long enough.
 */
import { dnsError } from '../errors.ts';
import { dnskeyOf } from '../sign/delegation-signer.ts';
import type { ZoneAlgorithm } from '../sign/zone-signer.ts';
import { keyTagOf } from '../wire/canonical.ts';
import { encodeRdata } from '../wire/rdata.ts';
import type { DnskeyRdata } from '../wire/rdata.ts';
import { zoneAlgorithms } from '../wire/record-types.ts';

export type KeyRole = 'ksk' | 'zsk';

/**
 * The states of RFC 7583 §3.1, in order. `generated`: not in DNSKEY. `published`: in DNSKEY, not yet
 * in every cache. `ready`: every cache has it. `active`: signs (a ZSK), or is named by the parent's DS
 * (a KSK). `retired`: replaced, still in DNSKEY for what caches hold. `removed`: out of DNSKEY, the
 * file with its private key about to go.
 */
export const keyPhases = [
  'generated',
  'published',
  'ready',
  'active',
  'retired',
  'removed',
] as const;
export type KeyPhase = (typeof keyPhases)[number];

export interface KeyEntry {
  /** `ksk` or `zsk`, followed by `-<number>` but for the first; also the name of its file. */
  readonly id: string;
  readonly role: KeyRole;
  readonly algorithm: ZoneAlgorithm;
  /** As in DNSKEY: 64 octets (13) or 32 (15). */
  readonly publicKey: Uint8Array;
  readonly phase: KeyPhase;
  readonly sinceMs: number;
  /** Earliest times of the plan; what must be waited for in caches comes on top. */
  readonly publishAtMs: number;
  readonly activateAtMs: number;
  /** A roll-over was asked for: this active key is replaced as soon as its successor is ready. */
  readonly rollRequested?: true;
  /** A KSK whose DS somebody trusted says the parent has. */
  readonly dsConfirmed?: true;
}

export interface KeyState {
  /** Number that the next key gets; numbers are never used twice. */
  readonly nextNumber: number;
  /** Name of the file with signatures made by a KSK that is elsewhere. */
  readonly presignedFile?: string;
  readonly keys: readonly KeyEntry[];
}

const format = 'callbook-zone-keys/1';
const algorithms: ReadonlySet<unknown> = new Set(Object.values(zoneAlgorithms));
const idPattern = /^[kz]sk(-[1-9]\d{0,8})?$/;
const presignedFilePattern = /^presigned-[0-9a-f]{16}\.json$/;
const keysMax = 1000;

/** Encodes a state as a JSON text that people can read. */
export function encodeKeyState(state: KeyState): string {
  const keys = state.keys.map((entry) => ({ ...entry, publicKey: entry.publicKey.toBase64() }));
  return `${JSON.stringify({ format, ...state, keys }, undefined, 2)}\n`;
}

/** Parses what `encodeKeyState` writes. Code: `dns_key_state_malformed`. */
export function parseKeyState(text: string): KeyState {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw malformed('it is not JSON');
  }
  if (!isObject(value) || value['format'] !== format)
    throw malformed(`its format is not ${format}`);
  const { nextNumber, presignedFile, keys } = value;
  if (!isTime(nextNumber) || !Array.isArray(keys) || keys.length > keysMax)
    throw malformed('nextNumber or keys is not usable');
  if (
    presignedFile !== undefined &&
    !(typeof presignedFile === 'string' && presignedFilePattern.test(presignedFile))
  )
    throw malformed('presignedFile is not usable');
  const entries = keys.map(parseEntry);
  if (new Set(entries.map(({ id }) => id)).size !== entries.length)
    throw malformed('two keys have one id');
  const base = { nextNumber, keys: entries };
  return presignedFile === undefined ? base : { ...base, presignedFile };
}

function parseEntry(value: unknown, index: number): KeyEntry {
  if (!isObject(value)) throw malformed(`keys[${index}] is not an object`);
  const { id, role, algorithm, phase, sinceMs, publishAtMs, activateAtMs } = value;
  const publicKey = parseBase64(value['publicKey']);
  const fits =
    typeof id === 'string' &&
    idPattern.test(id) &&
    (role === 'ksk' || role === 'zsk') &&
    id.startsWith(role) &&
    algorithms.has(algorithm) &&
    publicKey?.length === (algorithm === zoneAlgorithms.ed25519 ? 32 : 64) &&
    (keyPhases as readonly unknown[]).includes(phase) &&
    [sinceMs, publishAtMs, activateAtMs].every(isTime);
  if (!fits) throw malformed(`keys[${index}] is not usable`);
  return {
    id,
    role,
    algorithm: algorithm as ZoneAlgorithm,
    publicKey,
    phase: phase as KeyPhase,
    sinceMs: sinceMs as number,
    publishAtMs: publishAtMs as number,
    activateAtMs: activateAtMs as number,
    ...(value['rollRequested'] === true ? { rollRequested: true } : {}),
    ...(value['dsConfirmed'] === true ? { dsConfirmed: true } : {}),
  };
}

function malformed(what: string): Error {
  return dnsError('dns_key_state_malformed', `the state of the zone keys: ${what}`);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTime(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function parseBase64(value: unknown): Uint8Array | undefined {
  try {
    return typeof value === 'string' ? Uint8Array.fromBase64(value) : undefined;
  } catch {
    return undefined;
  }
}

/** Returns the keys of a role in any of the phases, in the order of the state. */
export function keysIn(
  state: KeyState,
  role: KeyRole,
  phases: readonly KeyPhase[],
): readonly KeyEntry[] {
  return state.keys.filter((entry) => entry.role === role && phases.includes(entry.phase));
}

/** Phases in which a key is in the DNSKEY RRset. */
export const servedPhases: readonly KeyPhase[] = ['published', 'ready', 'active', 'retired'];

/** Returns the DNSKEY of a key. */
export function dnskeyOfEntry(entry: KeyEntry): DnskeyRdata {
  return dnskeyOf(entry, entry.role);
}

/** Returns the key tag of a key's DNSKEY. */
export function keyTagOfEntry(entry: KeyEntry): number {
  return keyTagOf(encodeRdata(dnskeyOfEntry(entry)));
}

/**
 * Returns the KSKs that the parent's DS are to name: the newest that every cache has. RFC 7344 §4:
 * a CDS replaces the whole DS RRset, so the old key is not among them.
 */
export function delegatedKeys(state: KeyState): readonly KeyEntry[] {
  const able = keysIn(state, 'ksk', ['ready', 'active']);
  const ready = able.filter(({ phase }) => phase === 'ready');
  return ready.length > 0 ? ready.slice(-1) : able.slice(-1);
}
