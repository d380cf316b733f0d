/**
 * What a replica knows of agreement: what it has cosigned, which checkpoints are agreed, and whether
 * the index roots of the members are the same. One state, whoever asks: the other members through
 * the mesh, outside logs' clients and monitors through the API.
 */
import type {
  Clock,
  Cryptography,
  Ed25519Signer,
  TreeGrowth,
  Verdict,
  WitnessRequest,
} from '@callbook/protocol';
import { ignore, verifyCheckpoint } from '@callbook/protocol';

import type { Membership } from '../charter/membership.ts';
import type { Mismatch } from '../evidence/fork-watch.ts';
import type { LogSet } from '../log/log-set.ts';
import type { Store } from '../store/store.ts';
import type { StoreWriter } from '../store/store-writer.ts';
import { AgreedCheckpoints } from './agreed-checkpoints.ts';
import { Cosigner } from './cosigner.ts';
import type { Cosigned } from './cosigner.ts';
import { RootComparison } from './root-comparison.ts';

export interface CosigningContext {
  readonly store: Store;
  readonly writer: StoreWriter;
  readonly crypto: Cryptography;
  readonly clock: Clock;
  readonly logs: LogSet;
  readonly ownOrigin: string;
  readonly logSigner: Ed25519Signer;
  readonly membership: () => Membership;
  /** Hears of checkpoints of other logs that contradict the leaves stored here. */
  readonly onMismatch: (mismatch: Mismatch) => void;
  /** False while this member may sign nothing. */
  readonly maySign: () => boolean;
}

export class Cosigning {
  readonly cosigner: Cosigner;
  readonly agreed: AgreedCheckpoints;
  readonly roots: RootComparison;
  readonly #logs: LogSet;

  constructor(context: CosigningContext) {
    const { crypto, logs, logSigner, membership, ownOrigin } = context;
    const logOf = logs.get.bind(logs);
    this.#logs = logs;
    this.cosigner = new Cosigner({
      ...context,
      cosignerKey: { name: ownOrigin, signer: logSigner },
      logOf,
      verify: (origin, note) => {
        // An expelled member's log goes on no more: its charter says where it ends.
        const writer = membership().byOrigin(origin);
        if (writer === undefined) return ignore('log_unknown', 'the charter names no such log');
        return origin === ownOrigin
          ? verifyCheckpoint(note, writer.logKey, crypto)
          : logs.learn(origin, note);
      },
    });
    const { cosigner } = this;
    const charter = () => membership().charters.current;
    this.agreed = new AgreedCheckpoints({ ...context, cosigner, charter, logOf });
    this.roots = new RootComparison({
      ...context,
      byOrigin: (origin) => membership().byOrigin(origin),
    });
  }

  /** Cosigns by the rules of C2SP tlog-witness; see `Cosigner`. */
  cosign(request: WitnessRequest): Promise<Verdict<Cosigned>> {
    return this.cosigner.cosign(request);
  }

  /** Proves that one tree of a log extends another; undefined when not so many leaves are stored. */
  consistency(origin: string, { oldSize, newSize }: TreeGrowth): Uint8Array[] | undefined {
    const log = this.#logs.get(origin);
    if (log === undefined || oldSize > newSize || newSize > log.size) return undefined;
    return log.consistency(oldSize, newSize);
  }

  /** Leaves stored of a log; 0 for one that is not known. */
  storedSize(origin: string): number {
    return this.#logs.get(origin)?.size ?? 0;
  }
}
