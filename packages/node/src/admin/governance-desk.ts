/** Answers what a command asks of the running member: its charters, its mirrors and the draft. */
import { DirectoryError, noteSigner, parseCheckpoint, parseNote } from '@callbook/protocol';
import type { Cryptography, Ed25519Signer, Verdict } from '@callbook/protocol';
import { DraftExchange, systemScheduler } from '@callbook/replication';
import type { Mesh, Replica, Store } from '@callbook/replication';
import { systemClock } from '../system-ports.ts';
import type {
  AdminAnswers,
  AdoptAnswer,
  ChartersAnswer,
  DraftAnswer,
  GovernanceRequest,
  LogsAnswer,
} from './admin-messages.ts';

export interface GovernanceParts {
  readonly replica: Replica;
  readonly mesh: Mesh;
  readonly store: Store;
  readonly crypto: Cryptography;
  readonly logSigner: Ed25519Signer;
  /** Hears of a store that failed: then the member has to be restarted. */
  readonly onFailure: (error: Error) => void;
}

export class GovernanceDesk implements AsyncDisposable {
  readonly #replica: Replica;
  readonly #exchange: DraftExchange;

  private constructor(replica: Replica, exchange: DraftExchange) {
    this.#replica = replica;
    this.#exchange = exchange;
  }

  /** Takes the draft up again and joins the others in it. */
  static async open(parts: GovernanceParts): Promise<GovernanceDesk> {
    const { replica, mesh, store, crypto, logSigner, onFailure } = parts;
    const exchange = await DraftExchange.open({
      charters: replica,
      memberName: replica.memberName,
      signer: noteSigner({ name: replica.origin, signer: logSigner }, crypto),
      store,
      crypto,
      clock: systemClock,
      scheduler: systemScheduler,
      network: mesh.network,
      onFailure,
      onIncident: (name, code) => mesh.report(name, code),
    });
    return new GovernanceDesk(replica, exchange);
  }

  /** Answers one request. Errors: verdicts under their code, and those of drafting. */
  async answer(request: GovernanceRequest): Promise<AdminAnswers[GovernanceRequest['ask']]> {
    const { drafting } = this.#exchange;
    switch (request.ask) {
      case 'charters':
        return this.#charters();
      case 'logs':
        return this.#logs();
      case 'draft':
        return await this.#draft();
      case 'draft-write':
        accepted(await drafting.write(request.statements));
        return await this.#draft();
      case 'draft-discard':
        accepted(await drafting.discard());
        return await this.#draft();
      case 'adopt':
        return await this.#adopt(request.note);
    }
  }

  #charters(): ChartersAnswer {
    const inForce = this.#replica.membership.charters.current.charter.version;
    return { notes: this.#replica.knownCharters.map(({ note }) => note), inForce };
  }

  /** The newest agreed state of each log, else the newest that is stored here. */
  #logs(): LogsAnswer {
    const logs = this.#replica.logSizes().flatMap(({ origin }) => {
      const agreed = this.#replica.agreedCheckpoint(origin);
      const note = parseNote(agreed ?? this.#replica.checkpoint(origin) ?? '');
      const checkpoint = note.verdict === 'accept' ? parseCheckpoint(note.value.text) : note;
      if (checkpoint.verdict !== 'accept') return [];
      const { size, root } = checkpoint.value;
      return [{ origin, size, root: root.toBase64(), agreed: agreed !== undefined }];
    });
    return { logs };
  }

  async #draft(): Promise<DraftAnswer> {
    const { follows, fields, excluded } = await this.#exchange.drafting.view();
    return { follows, fields, excluded };
  }

  async #adopt(note: string): Promise<AdoptAnswer> {
    const { charter, hash } = accepted(await this.#exchange.drafting.adopt(note));
    return { version: charter.version, hash: hash.toHex(), effectiveAtMs: charter.effectiveAtMs };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#exchange[Symbol.asyncDispose]();
  }
}

/** A verdict is an operating error for whoever sits at the command line. */
function accepted<Value>(verdict: Verdict<Value>): Value {
  if (verdict.verdict === 'accept') return verdict.value;
  throw new DirectoryError(verdict.code, verdict.message);
}
