/** Updates of bindings that lie anywhere in a generated store, as their holders sign them. */
import { commitPayload, encodePayload, signEntry } from '@callbook/protocol';
import type { DerivedKeys } from '@callbook/protocol';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import type { Replica } from '@callbook/replication';
import { keySetCount, labelEpoch, openingOf, payloadAt, recordIn } from './large-records.ts';
import { logAll } from './synthetic-federation.ts';
import type { MadeEntry } from './synthetic-federation.ts';

export interface UpdatedBindings {
  readonly keySets: readonly DerivedKeys[];
  readonly records: Uint8Array;
  readonly positions: readonly number[];
}

/** Signs an update of each of these bindings, and has the member log them; CPU of all threads for each, in µs. */
export async function cpuOfUpdates(replica: Replica, updated: UpdatedBindings): Promise<number> {
  const { positions } = updated;
  const entries: MadeEntry[] = [];
  for (const position of positions) entries.push(await updateAt(position, updated));
  const before = process.cpuUsage();
  await logAll(replica, entries, 'received');
  await replica.settleIndex();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / positions.length;
}

async function updateAt(
  position: number,
  { keySets, records }: UpdatedBindings,
): Promise<MadeEntry> {
  const keys = keySets[position % keySetCount]!;
  const { label, vrfProof, entryId } = recordIn(records, position);
  const { routes, ...rest } = payloadAt(position, keys, vrfProof);
  const moved = routes.map((route) => ({ ...route, uri: route.uri.replace('@', '.1@') }));
  const payload = encodePayload({ ...rest, routes: moved });
  const opening = openingOf(payload);
  const authority = crypto.ed25519Signer(keys.authority.secretKey);
  const entry = await signEntry(
    {
      v: 1,
      kind: 'update',
      labelEpoch,
      label,
      epoch: 0,
      seq: 1,
      prev: entryId,
      authority: authority.publicKey,
      commitment: commitPayload(opening, payload, crypto),
      recovery: null,
      lock: false,
      email: null,
    },
    { authority },
  );
  return { entry, opened: { payload, opening } };
}
