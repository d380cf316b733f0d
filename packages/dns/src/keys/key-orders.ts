/**
 * What an operator's commands do to a folder of keys, whether or not the member that serves with it
 * is running: it takes up a changed state with its next round.
 */
import { dnsError } from '../errors.ts';
import type { ZoneAlgorithm, ZoneSigner } from '../sign/zone-signer.ts';
import { compareOctets } from '../wire/octets.ts';
import { initialKeyState, nextKeyId, withGeneratedKey } from './key-changes.ts';
import type { KeyPlan } from './key-schedule.ts';
import { keysIn } from './key-state.ts';
import type { KeyEntry, KeyState } from './key-state.ts';
import type { KeyStore, StoredKeyState } from './key-store.ts';
import type { KeyTimings } from './key-timings.ts';
import { admitPresignedKeys } from './presigned-admission.ts';
import { parsePresignedKeys } from './presigned-keys.ts';
import type { PresignedKeys } from './presigned-keys.ts';
import {
  apexNameOf,
  createSigningRequest,
  missingZsks,
  plannedTimings,
  signRequest,
} from './signing-request.ts';
import type { RequestSpan, SigningRequest } from './signing-request.ts';

/** Others write a state seldom: losing to them so often in a row is a fault. */
const attemptsMax = 10;

/** Returns the state, or the one that a folder of key files alone begins with. */
export async function readKeyState(store: KeyStore, nowMs: number): Promise<StoredKeyState> {
  const stored = await store.readState();
  return stored ?? { state: initialKeyState(store, nowMs), sequence: 0 };
}

/**
 * Changes the state by a function of it that may be called again. Codes: those of the function and
 * of the store, `dns_key_state_contended`.
 */
export async function changeKeyState(
  store: KeyStore,
  nowMs: number,
  change: (state: KeyState) => KeyState | Promise<KeyState>,
): Promise<KeyState> {
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    const { state, sequence } = await readKeyState(store, nowMs);
    const changed = await change(state);
    if (changed === state && sequence > 0) return state;
    if (await store.replaceState(changed, sequence)) return changed;
  }
  throw dnsError('dns_key_state_contended', `the state changed ${attemptsMax} times meanwhile`);
}

/** Makes the first keys of a folder; one without a KSK is for a member whose KSK is elsewhere. */
export async function createFirstKeys(
  store: KeyStore,
  first: { readonly roles: readonly ('ksk' | 'zsk')[]; readonly algorithm: ZoneAlgorithm },
  nowMs: number,
): Promise<KeyState> {
  // If we crash in here, the next call keeps the key that is there and makes the other.
  if ((await store.readState()) === undefined)
    for (const role of first.roles) await store.createKey(role, first.algorithm);
  return await changeKeyState(store, nowMs, (state) => state);
}

/** Adds a KSK to a folder that only signs requests; the next request introduces it. */
export async function addKsk(store: KeyStore, nowMs: number): Promise<KeyState> {
  return await changeKeyState(store, nowMs, async (state) => {
    const newest = state.keys.findLast(({ role }) => role === 'ksk');
    if (newest === undefined) throw dnsError('dns_key_missing', 'there is no KSK to replace');
    if (newest.phase === 'generated') return state;
    const times = { publishAtMs: nowMs, activateAtMs: nowMs };
    return await withNewKey(store, state, {
      plan: { role: 'ksk', algorithm: newest.algorithm, ...times },
      nowMs,
    });
  });
}

async function withNewKey(
  store: KeyStore,
  state: KeyState,
  made: { readonly plan: KeyPlan; readonly nowMs: number },
): Promise<KeyState> {
  const id = nextKeyId(state, made.plan.role);
  const signer = await store.createKey(id, made.plan.algorithm);
  return withGeneratedKey(state, { ...made, signer });
}

export interface RequestOptions {
  readonly apex: string;
  /** Those that the member runs with. */
  readonly timings: KeyTimings;
  /** Extra time in DNSKEY before and after a key is used. */
  readonly slackMs: number;
  readonly span: RequestSpan;
}

/** Makes the ZSKs that a span needs, and the request to sign them. Codes: those of the store. */
export async function exportSigningRequest(
  store: KeyStore,
  options: RequestOptions,
): Promise<SigningRequest> {
  const { span } = options;
  const timings = plannedTimings(options.timings, options.slackMs);
  const state = await changeKeyState(store, span.fromMs, async (before) => {
    let planned = before;
    for (const plan of missingZsks(before, span, timings))
      planned = await withNewKey(store, planned, { plan, nowMs: span.fromMs });
    return planned;
  });
  const apex = apexNameOf(options.apex);
  return createSigningRequest(state, span, { apex, timings });
}

/**
 * Signs a request with the KSKs of a folder. A KSK there that the member has not heard of is
 * introduced; one that the member has dropped is not used again. Codes: `dns_key_missing`.
 */
export async function signRequestWith(
  store: KeyStore,
  request: SigningRequest,
  nowMs: number,
): Promise<PresignedKeys> {
  let signed: PresignedKeys | undefined;
  // What is durable afterwards is only which KSKs the member knew; to sign again is harmless.
  await changeKeyState(store, nowMs, (state) => {
    const keys = state.keys.map((entry) => followRequest(entry, request));
    signed = signRequest(request, signersOf(store, { ...state, keys }));
    const isSame = keys.every((entry, index) => entry === state.keys[index]);
    return isSame ? state : { ...state, keys };
  });
  return signed!;
}

function followRequest(entry: KeyEntry, { ksks }: SigningRequest): KeyEntry {
  if (entry.role !== 'ksk') return entry;
  const known = ksks.find(
    ({ dnskey }) =>
      dnskey.algorithm === entry.algorithm &&
      compareOctets(dnskey.publicKey, entry.publicKey) === 0,
  );
  if (known === undefined) {
    // A member without a KSK asks for the first time; a new KSK has not been asked for yet.
    const isNew = ksks.length === 0 || entry.phase === 'generated';
    return isNew || entry.phase === 'removed' ? entry : { ...entry, phase: 'removed' };
  }
  const { phase, sinceMs } = known;
  return phase === entry.phase && sinceMs === entry.sinceMs ? entry : { ...entry, phase, sinceMs };
}

function signersOf(store: KeyStore, state: KeyState): readonly ZoneSigner[] {
  return keysIn(state, 'ksk', ['active', 'generated', 'published', 'ready', 'retired']).map(
    ({ id }) => store.loadKey(id),
  );
}

/**
 * Takes pre-signed keys into use. Codes: `dns_presigned_malformed`, `dns_presigned_unfit`, and those
 * of the store; nothing is changed then.
 */
export async function importPresignedKeys(
  store: KeyStore,
  text: string,
  zone: { readonly apex: string; readonly timings: KeyTimings; readonly nowMs: number },
): Promise<{ readonly state: KeyState; readonly presigned: PresignedKeys }> {
  const presigned = parsePresignedKeys(text);
  const { timings, nowMs } = zone;
  const state = await changeKeyState(store, nowMs, async (before) => {
    const admitted = admitPresignedKeys(before, presigned, {
      apex: apexNameOf(zone.apex),
      timings,
      nowMs,
    });
    // If we crash here, the file is there and no state names it.
    const presignedFile = await store.writePresigned(text);
    return before.presignedFile === presignedFile ? before : { ...admitted, presignedFile };
  });
  return { state, presigned };
}
