/**
 * Keeps a zone's keys rolling: asks the schedule what is due, does it, and makes it durable. The order
 * is what makes it safe to crash, or to lose the disk, at any point:
 *
 * - A private key is durable, and the state that names it, before the key is served; it is destroyed
 *   only after a state that has it removed is durable.
 * - Every other step is served first and made durable then. If we crash between, the state on disk is
 *   one step behind: the restart takes that step again, with a later time, and every wait is counted
 *   from the later one. The other order could count a wait from before the step was seen.
 * - While a step is not durable, no further one is taken. Any one step is safe to repeat; two are not
 *   (a ZSK that signs again after caches have dropped it would be bogus).
 * - When a write fails, the state may be on disk all the same. So what is on disk is read before each
 *   round, and where somebody else has written, ours is dropped for theirs: steps are repeated then.
 */
import type { Clock } from '@callbook/protocol';
import { dnsError } from '../errors.ts';
import { isDsOf } from '../sign/delegation-signer.ts';
import type { ZoneKeyring, ZoneKeySet } from '../sign/zone-keyring.ts';
import { compareOctets } from '../wire/octets.ts';
import type { DomainName } from '../wire/names.ts';
import type { DsRdata } from '../wire/rdata.ts';
import { initialKeyState, nextKeyId, withGeneratedKey, withoutKey } from './key-changes.ts';
import { scheduleKeys } from './key-schedule.ts';
import type { KeyAction, KeyEvidence, KeyMoment } from './key-schedule.ts';
import { keySetOf, SignerCache } from './key-set.ts';
import type { KeyringSnapshot } from './key-set.ts';
import { dnskeyOfEntry, keysIn } from './key-state.ts';
import type { KeyPhase, KeyRole, KeyState } from './key-state.ts';
import type { KeyStore } from './key-store.ts';
import type { KeyTimings } from './key-timings.ts';
import { parsePresignedKeys, periodAt } from './presigned-keys.ts';
import type { PresignedKeys, PresignedPeriod } from './presigned-keys.ts';
import { apexNameOf } from './signing-request.ts';

export interface KeyKeeperOptions {
  /** Of the zone, absolute with or without its final dot. */
  readonly apex: string;
  readonly store: KeyStore;
  readonly timings: KeyTimings;
  readonly clock: Clock;
  /** Asks for the DS that the parent has; undefined when that is not known. Only asked in a roll-over. */
  readonly parentDs?: () => Promise<readonly DsRdata[] | undefined>;
  readonly onEvent?: (event: KeyEvent) => void;
  /** Pre-signed keys that end sooner are warned of, with each round. 14 days unless told. */
  readonly presignedWarningMs?: number;
}

/** For the operator's log. */
export type KeyEvent =
  | {
      readonly kind: 'moved';
      readonly id: string;
      readonly role: KeyRole;
      readonly phase: KeyPhase;
    }
  | { readonly kind: 'generated' | 'destroyed'; readonly id: string; readonly role: KeyRole }
  /** Keys stay as they are until it works again. */
  | { readonly kind: 'stalled'; readonly error: unknown }
  | { readonly kind: 'parent_unknown'; readonly error: unknown }
  | { readonly kind: 'presigned_ending'; readonly untilMs: number }
  /** Nothing covers this moment: the zone is bogus as soon as the last signatures end. */
  | { readonly kind: 'presigned_ended'; readonly untilMs: number };

const presignedWarningMsDefault = 14 * 86_400_000;
/** A round makes or destroys at most one key each time through. */
const timesThroughMax = 32;

/**
 * Opens the keys of a zone and does what is due. Codes: `dns_key_missing`, `dns_presigned_missing`,
 * those of key files and of the state.
 */
export async function openKeyKeeper(options: KeyKeeperOptions): Promise<KeyKeeper> {
  const keeper = new KeyKeeper(options);
  await keeper.open();
  return keeper;
}

export class KeyKeeper implements ZoneKeyring, AsyncDisposable {
  private readonly options: KeyKeeperOptions;
  private readonly apex: DomainName;
  private readonly signers: SignerCache;
  private readonly listeners: Set<(snapshot: KeyringSnapshot) => void> = new Set();
  private state: KeyState = { nextNumber: 2, keys: [] };
  /** Of the state on disk that `state` follows. */
  private sequence = 0;
  private isSaved = true;
  private presigned: { readonly name: string; readonly keys: PresignedKeys } | undefined;
  private served: { readonly snapshot: KeyringSnapshot; readonly keySet: ZoneKeySet } | undefined;
  private round: Promise<void> = Promise.resolve();
  private timer: NodeJS.Timeout | undefined;
  private isStopped = false;

  /** Use `openKeyKeeper`. */
  constructor(options: KeyKeeperOptions) {
    this.options = options;
    this.apex = apexNameOf(options.apex);
    this.signers = new SignerCache((id) => options.store.loadKey(id));
  }

  /** Called once, before anything else. */
  async open(): Promise<void> {
    const { store, clock } = this.options;
    const stored = await store.readState();
    if (stored === undefined) {
      const state = initialKeyState(store, clock.nowMs());
      // If another has written one meanwhile, the round below reads it.
      await store.replaceState(state, 0);
    }
    await this.read();
    this.requirePresigned();
    await this.takeRound(true);
  }

  current(): ZoneKeySet {
    return this.served!.keySet;
  }

  /** What is served, for threads that answer. */
  snapshot(): KeyringSnapshot {
    return this.served!.snapshot;
  }

  /** Calls `listener` with each snapshot after the present one. Returns what ends that. */
  onChange(listener: (snapshot: KeyringSnapshot) => void): () => void {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  }

  /** Does what is due now; failures are told to `onEvent`. Rounds never overlap. */
  async advance(): Promise<void> {
    this.round = this.round.then(async () => await this.takeRound(false));
    await this.round;
  }

  /** Advances every so often until disposed of. */
  start(everyMs: number): void {
    const next = (): void => {
      if (this.isStopped) return;
      this.timer = setTimeout(() => void this.advance().then(next), everyMs).unref();
    };
    next();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.isStopped = true;
    clearTimeout(this.timer);
    await this.round;
  }

  private async takeRound(isFirst: boolean): Promise<void> {
    try {
      const atParent = await this.askParent();
      await this.read();
      for (let times = 0; times < timesThroughMax; times += 1) {
        const remaining = await this.step(atParent);
        if (remaining.length === 0) break;
      }
      this.watchPresigned();
    } catch (error) {
      // Without anything to serve there is nothing to wait with.
      if (isFirst && this.served === undefined) throw error;
      this.options.onEvent?.({ kind: 'stalled', error });
    }
  }

  /** Serves what is due, makes it durable, and makes or destroys the first key of those due. */
  private async step(atParent: ReadonlySet<string> | undefined): Promise<readonly KeyAction[]> {
    const { clock, timings, store } = this.options;
    if (!this.isSaved) await this.save();
    const nowMs = clock.nowMs();
    const period = this.presigned && (periodAt(this.presigned.keys, nowMs) ?? this.lastPeriod());
    const evidence = this.evidenceOf(atParent, period);
    const moment: KeyMoment = { nowMs, timings, evidence };
    const { state, actions } = scheduleKeys(this.state, moment);
    this.serve(state, period);
    if (state !== this.state) {
      this.state = state;
      this.isSaved = false;
      for (const action of actions) if (action.kind === 'move') this.tell(action);
      if (!(await this.save())) return actions;
    }
    const [action] = actions.filter(({ kind }) => kind !== 'move');
    if (action === undefined || action.kind === 'move') return [];
    const { id, role, changed } = await this.carryOut(action, nowMs);
    // If we crash here, the key file is there without an entry, and the next round makes the entry
    // for it; or the entry is there without its file, and the next round drops the entry.
    if (await store.replaceState(changed, this.sequence)) {
      this.sequence += 1;
      this.state = changed;
      const kind = action.kind === 'generate' ? 'generated' : 'destroyed';
      this.options.onEvent?.({ kind, id, role });
    } else await this.read();
    return actions;
  }

  private async carryOut(
    action: Exclude<KeyAction, { kind: 'move' }>,
    nowMs: number,
  ): Promise<{ readonly id: string; readonly role: KeyRole; readonly changed: KeyState }> {
    const { store } = this.options;
    if (action.kind === 'forget') {
      const { role } = this.state.keys.find(({ id }) => id === action.id)!;
      await store.destroyKey(action.id);
      return { id: action.id, role, changed: withoutKey(this.state, action.id) };
    }
    const id = nextKeyId(this.state, action.role);
    const signer = await store.createKey(id, action.algorithm);
    const changed = withGeneratedKey(this.state, { plan: action, signer, nowMs });
    return { id, role: action.role, changed };
  }

  /** Makes the step that is served durable; or drops it, when somebody else has written: false. */
  private async save(): Promise<boolean> {
    this.isSaved = await this.options.store.replaceState(this.state, this.sequence);
    if (this.isSaved) this.sequence += 1;
    else await this.read();
    return this.isSaved;
  }

  /** Takes what is on disk when it is newer than what we know. What is served stays for now. */
  private async read(): Promise<void> {
    const stored = await this.options.store.readState();
    if (stored !== undefined && stored.sequence !== this.sequence) {
      this.state = stored.state;
      this.sequence = stored.sequence;
      this.isSaved = true;
    }
    const { presignedFile } = this.state;
    if (presignedFile === undefined || presignedFile === this.presigned?.name) return;
    const keys = parsePresignedKeys(await this.options.store.readPresigned(presignedFile));
    this.presigned = { name: presignedFile, keys };
  }

  /** Synchronous: an answer is made with one key set or with the other. */
  private serve(state: KeyState, period: PresignedPeriod | undefined): void {
    const before = this.served?.snapshot;
    if (before?.state === state && before.period === period) return;
    const seconds = Math.floor(this.options.timings.dnskeyTtlMs / 1000);
    const snapshot: KeyringSnapshot = {
      state,
      dnskeyTtlSeconds: this.presigned?.keys.dnskeyTtlSeconds ?? seconds,
      ...(period === undefined ? {} : { period }),
    };
    this.served = { snapshot, keySet: keySetOf(snapshot, this.signers) };
    this.signers.keepOnly(state);
    for (const listener of this.listeners) listener(snapshot);
  }

  private evidenceOf(
    atParent: ReadonlySet<string> | undefined,
    period: PresignedPeriod | undefined,
  ): KeyEvidence {
    const isIn = (publicKey: Uint8Array): boolean =>
      period!.dnskeys.some((dnskey) => compareOctets(dnskey.publicKey, publicKey) === 0);
    const ids = this.state.keys.filter(({ publicKey }) => period && isIn(publicKey));
    return {
      ...(atParent === undefined ? {} : { atParent }),
      ...(period === undefined ? {} : { presigned: new Set(ids.map(({ id }) => id)) }),
    };
  }

  /** Returns which KSKs the parent's DS name; nobody is bothered while that matters to none. */
  private async askParent(): Promise<ReadonlySet<string> | undefined> {
    const { parentDs } = this.options;
    if (keysIn(this.state, 'ksk', ['ready', 'retired']).length === 0) return undefined;
    try {
      const found = await parentDs?.();
      if (found === undefined) return undefined;
      const named = this.state.keys.filter(
        (entry) =>
          entry.role === 'ksk' && found.some((ds) => isDsOf(ds, this.apex, dnskeyOfEntry(entry))),
      );
      return new Set(named.map(({ id }) => id));
    } catch (error) {
      this.options.onEvent?.({ kind: 'parent_unknown', error });
      return undefined;
    }
  }

  private lastPeriod(): PresignedPeriod | undefined {
    return this.served?.snapshot.period;
  }

  private requirePresigned(): void {
    if (this.presigned === undefined) return;
    if (periodAt(this.presigned.keys, this.options.clock.nowMs()) === undefined)
      throw dnsError('dns_presigned_missing', 'no period of the pre-signed keys covers now');
  }

  private watchPresigned(): void {
    const { clock, onEvent, presignedWarningMs = presignedWarningMsDefault } = this.options;
    const untilMs = this.presigned?.keys.periods.at(-1)?.untilMs;
    if (untilMs === undefined) return;
    const leftMs = untilMs - clock.nowMs();
    if (leftMs <= 0) onEvent?.({ kind: 'presigned_ended', untilMs });
    else if (leftMs < presignedWarningMs) onEvent?.({ kind: 'presigned_ending', untilMs });
  }

  private tell({ id, role, phase }: Extract<KeyAction, { kind: 'move' }>): void {
    this.options.onEvent?.({ kind: 'moved', id, role, phase });
  }
}
