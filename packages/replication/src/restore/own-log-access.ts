/**
 * The door to the member's own log. A store may be older than what the member has signed: restored
 * from a backup, or empty. So at every start the log is shut until enough other members have told how
 * long it is at theirs and what is missing has been fetched back, verified like any other log by its
 * own signature. Only then is anything written to it or signed over it.
 *
 * - If we crash while leaves come back, those that are on disk are a prefix of what was signed; the
 *   next start asks again.
 * - Leaves that this start found on disk and nobody has seen (written, and then the crash) stay: the
 *   others tell a shorter log, of which ours is an extension.
 * - Where another member shows a checkpoint of ours that our leaves contradict, this member has signed
 *   two branches, or somebody else has its key. The log is shut for good, over restarts too: the
 *   operator has to look. It goes on serving and mirroring.
 *
 * A store that comes back older is noticed later as well: a checkpoint of ours that is longer than our
 * log shuts it again until the difference is fetched.
 */
import type {
  Checkpoint,
  Cryptography,
  Receipt,
  Verdict,
  VerdictCode,
  VerifierKey,
} from '@callbook/protocol';
import {
  accept,
  bytesEqual,
  frontierRoot,
  ignore,
  utf8,
  verifyCheckpoint,
} from '@callbook/protocol';

import { appendQueueEntriesMax } from '../limits.ts';
import { Listeners } from '../listeners.ts';
import { LogIntake } from '../log/log-intake.ts';
import type { IntakeContext } from '../log/log-intake.ts';
import type { LogSubmission, OwnLog } from '../log/own-log.ts';
import type { StoredLog } from '../log/stored-log.ts';
import { contradictionKey } from '../store/row-keys.ts';
import type { StoreWriter } from '../store/store-writer.ts';
import type { Store } from '../store/store.ts';

/** `unconfirmed`: others are being asked. `contradicted`: shut for good. */
export type OwnLogState = 'unconfirmed' | 'confirmed' | 'contradicted';

export interface OwnLogAccessContext {
  readonly log: StoredLog;
  readonly logKey: VerifierKey;
  readonly store: Store;
  readonly writer: StoreWriter;
  readonly crypto: Cryptography;
  readonly intake: IntakeContext;
  /** Other members that must have told how long the log is at theirs. */
  readonly neededCount: () => number;
  /** What a member said that was expelled since does not count. */
  readonly isMember: (memberName: string) => boolean;
  /** Hears of two checkpoints of one size that this log has signed. */
  readonly onTwoRoots: (checkpoints: readonly [string, string]) => void;
  /** Opens the log for writing: takes up the charter, signs what is stored. */
  readonly openLog: () => Promise<OwnLog>;
}

export class OwnLogAccess {
  readonly #context: OwnLogAccessContext;
  readonly #states = new Listeners<OwnLogState>();
  #state: OwnLogState;
  #own: OwnLog | undefined;
  #opening: Promise<void> | undefined;
  #isGivenUp = false;
  /** Takes leaves back while the log is shut. */
  #intake: LogIntake | undefined;
  /** Members that have told how long the log is at theirs, and have nothing that is missing here. */
  readonly #told = new Set<string>();
  /** Entries to witness as soon as the log is open. */
  readonly #waiting: LogSubmission[] = [];

  constructor(context: OwnLogAccessContext) {
    this.#context = context;
    const contradicted = context.store.get(contradictionKey()) !== undefined;
    this.#state = contradicted ? 'contradicted' : 'unconfirmed';
    if (!contradicted) this.#intake = this.#newIntake();
  }

  get state(): OwnLogState {
    return this.#state;
  }

  get log(): StoredLog {
    return this.#context.log;
  }

  /** The log as it is open for writing; undefined while it is shut. */
  get open(): OwnLog | undefined {
    return this.#state === 'confirmed' ? this.#own : undefined;
  }

  /** Calls back with each new state. */
  onState(listener: (state: OwnLogState) => void): () => void {
    return this.#states.add(listener);
  }

  /** Logs an entry. Codes beside those of admission: `own_log_unconfirmed`, `own_log_contradicted`. */
  append(submission: LogSubmission): Promise<Verdict<Receipt>> {
    const { open } = this;
    if (open !== undefined) return open.append(submission);
    const code: VerdictCode =
      this.#state === 'contradicted' ? 'own_log_contradicted' : 'own_log_unconfirmed';
    return Promise.resolve(ignore(code, `the member's own log is ${this.#state}`));
  }

  /** Witnesses an entry if the rules of admission allow; later, when the log is not open yet. */
  witness(submission: LogSubmission): void {
    if (this.open !== undefined) this.open.append(submission).catch(() => undefined);
    else if (this.#waiting.length < appendQueueEntriesMax) this.#waiting.push(submission);
  }

  /** What takes leaves of the log back; nothing does while it is open, or shut for good. */
  get intake(): Verdict<LogIntake> {
    return this.#intake === undefined
      ? ignore('log_own', 'this is our own log')
      : accept(this.#intake);
  }

  /**
   * Compares a checkpoint of ours, as another member shows it, with the leaves stored here. One that
   * contradicts them shuts the log for good; a longer one shuts it until the leaves are back.
   */
  async compare(note: string): Promise<Verdict<Checkpoint>> {
    const { crypto, log, logKey } = this.#context;
    const verdict = verifyCheckpoint(note, logKey, crypto);
    if (verdict.verdict !== 'accept') return verdict;
    const { size, root } = verdict.value;
    if (size > log.size) await this.#shut();
    else if (!bytesEqual(frontierRoot(log.frontierAt(size), crypto), root)) {
      await this.contradict(note);
      return ignore('own_log_contradicted', `two roots of our own log for size ${size}`);
    }
    return verdict;
  }

  /** Takes note that a member has told, and that all it has of the log is stored here. */
  told(memberName: string): void {
    this.#told.add(memberName);
  }

  hasTold(memberName: string): boolean {
    return this.#told.has(memberName);
  }

  /** Tells whether enough members have told, and nothing is missing that this log is known to have signed. */
  get isComplete(): boolean {
    const { isMember, neededCount } = this.#context;
    const isStored = this.#intake?.projectedSize === this.log.size;
    const toldCount = [...this.#told].filter(isMember).length;
    return isStored && !this.#isShort && toldCount >= neededCount();
  }

  get #isShort(): boolean {
    return (this.#intake?.signedSize ?? 0) > this.log.size;
  }

  /**
   * True when leaves that this log has signed have been asked for in vain for long. The log stays shut:
   * other leaves in their place would be a fork.
   */
  get lacksLeaves(): boolean {
    return this.#isGivenUp && this.#isShort;
  }

  /** Takes note that nobody who is connected has had the missing leaves for long. */
  giveUp(): void {
    if (this.#isGivenUp || !this.#isShort) return;
    this.#isGivenUp = true;
    this.#states.tell(this.#state);
  }

  /** Opens the log for writing; what comes after it is written here and nowhere else. */
  confirm(): Promise<void> {
    if (this.#state !== 'unconfirmed') return Promise.resolve();
    this.#opening ??= this.#confirm().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #confirm(): Promise<void> {
    // From this turn on no leaf is taken back any more.
    this.#intake = undefined;
    this.#own = await this.#context.openLog();
    this.#enter('confirmed');
    for (const submission of this.#waiting.splice(0)) this.witness(submission);
  }

  async #shut(): Promise<void> {
    if (this.#state !== 'confirmed') return;
    const own = this.#own;
    this.#own = undefined;
    this.#told.clear();
    this.#enter('unconfirmed');
    await own?.settle();
    if (this.state === 'unconfirmed') this.#intake = this.#newIntake();
  }

  /** Shuts the log for good; `note` is the checkpoint of ours that our leaves contradict. */
  async contradict(note: string): Promise<void> {
    if (this.#state === 'contradicted') return;
    this.#own = undefined;
    this.#intake = undefined;
    this.#enter('contradicted');
    this.#convict(note);
    // If we crash before this is on disk, the same checkpoint is met again at the next start.
    const changes = [{ rowKey: contradictionKey(), value: utf8(note) }];
    await this.#context.writer.run((commit) => commit(changes, { durable: true }));
  }

  /** Two roots of one size convict this log by themselves; other branches are for those to prove who have them. */
  #convict(note: string): void {
    const { crypto, log, logKey, onTwoRoots } = this.#context;
    const theirs = verifyCheckpoint(note, logKey, crypto);
    if (log.checkpoint === undefined || theirs.verdict !== 'accept') return;
    if (theirs.value.size === log.position.signedSize) onTwoRoots([log.checkpoint, note]);
  }

  #enter(state: OwnLogState): void {
    this.#state = state;
    this.#states.tell(state);
  }

  #newIntake(): LogIntake {
    const { intake, log, logKey } = this.#context;
    return new LogIntake(log, logKey, intake);
  }

  /** Waits until everything that was handed in is answered. */
  async settle(): Promise<void> {
    await this.#opening?.catch(() => undefined);
    await this.#own?.settle();
  }
}
