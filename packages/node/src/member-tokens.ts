/**
 * This member as an issuer of tokens and as one that takes them, over a small store of its own beside the
 * directory's: nothing in it is replicated, and a member that is filled from the others keeps it.
 */
import { join } from 'node:path';
import { MemberConnections, TokenService } from '@callbook/api';
import type { DirectoryPort, TokenRows } from '@callbook/api';
import { noteSigner } from '@callbook/protocol';
import type { Cryptography, Ed25519Signer } from '@callbook/protocol';
import type { Replica, Store } from '@callbook/replication';
import { openLevelStore } from '@callbook/replication/replica';
import type { NodeConfig } from './config.ts';
import { readCa } from './member-senders.ts';
import { systemClock, systemRandom } from './system-ports.ts';

/** Its rows are few and small. */
const cacheBytes: number = 4 << 20;
/** Rows that are erased in one batch. */
const erasedAtOnce = 4096;

export interface MemberTokens extends AsyncDisposable {
  readonly service: TokenService;
}

export interface MemberTokensParts {
  readonly replica: Replica;
  readonly directory: Pick<DirectoryPort, 'holderOf'>;
  readonly crypto: Cryptography;
  readonly logSigner: Ed25519Signer;
}

/** Starts it; throws `certificate_unreadable`, `store_unavailable`. */
export async function startMemberTokens(
  { dataDir, member, oblivious }: NodeConfig,
  { replica, directory, crypto, logSigner }: MemberTokensParts,
): Promise<MemberTokens> {
  const authorities = oblivious?.authorities;
  const { ca } = await readCa(authorities === undefined ? {} : { ca: authorities });
  await using parts = new AsyncDisposableStack();
  const store = await openLevelStore(join(dataDir, 'tokens'), { cacheBytes });
  parts.defer(async () => await store.close());
  const connections = parts.use(new MemberConnections(ca === undefined ? undefined : [ca]));
  const service = new TokenService({
    charter: () => replica.membership.charters.current.charter,
    memberName: member,
    signer: noteSigner({ name: replica.origin, signer: logSigner }, crypto),
    rows: tokenRows(store),
    directory,
    connections,
    clock: systemClock,
    random: systemRandom,
    crypto,
  });
  parts.defer(async () => await service[Symbol.asyncDispose]());
  const running = parts.move();
  return { service, [Symbol.asyncDispose]: async () => await running.disposeAsync() };
}

function tokenRows(store: Store): TokenRows {
  return {
    get: (rowKey) => store.get(rowKey),
    write: async (rows) => await store.batch(rows, { durable: true }),
    async erase(bounds) {
      for (;;) {
        const rows = await store.range({ ...bounds, countMax: erasedAtOnce });
        if (rows.length === 0) return;
        const changes = rows.map(([rowKey]) => ({ rowKey, erase: true as const }));
        // If we crash between two batches, the rest goes with the next turn.
        await store.batch(changes, { durable: false });
      }
    },
  };
}
