/** Holds what is written in bulk against what the engine writes of the same entries, row by row. */
import { rm } from 'node:fs/promises';
import type { DerivedKeys } from '@callbook/protocol';
import { memoryStore } from '@callbook/replication';
import type { Row } from '@callbook/replication';
import { layOut } from '@callbook/testnet';
import { foundLargeFederation, memberCount } from './large-federation.ts';
import { keySetCount, openingOf, recordIn, registerAt } from './large-records.ts';
import { allRows, storeByEngine } from './large-sample.ts';
import type { SampleEntry } from './large-sample.ts';
import { fillLargeStore } from './large-store.ts';

/** More than fit an entry bundle, and enough that the index has nodes below nodes. */
const checkedCount = 300;

/** Throws where the two stores differ in more than they may. */
export async function assertAsByEngine(parts: {
  readonly folder: string;
  readonly keySets: readonly DerivedKeys[];
  readonly records: Uint8Array;
}): Promise<void> {
  const { folder, keySets, records } = parts;
  const portBase = 20_000;
  const federation = await foundLargeFederation(layOut({ folder, memberCount, portBase }));
  const filled = memoryStore();
  const say = (): void => {};
  await fillLargeStore(filled, { federation, keySets, records, count: checkedCount, say });
  const entries: SampleEntry[] = [];
  for (let position = 0; position < checkedCount; position += 1) {
    const keys = keySets[position % keySetCount]!;
    const { entry, payload } = await registerAt(position, keys, recordIn(records, position));
    entries.push({ entry, opened: { payload, opening: openingOf(payload) } });
  }
  const engine = await storeByEngine(federation, entries);
  await rm(folder, { recursive: true });
  const own = federation.logs[0]!.origin;
  const [byBulk, byEngine] = [
    comparable(await allRows(filled), own),
    comparable(await allRows(engine), own),
  ];
  for (const name of new Set([...byBulk.keys(), ...byEngine.keys()])) {
    if (byBulk.get(name) === byEngine.get(name)) continue;
    throw new Error(`rows of the family ${name[0]!} are not those of the engine`);
  }
}

/**
 * Rows by their keys, in hexadecimal. The leaves at the end of a log stand in a row for each batch that brought
 * some, so they are put together; and of its own log a member has the newest checkpoint in memory only.
 */
function comparable(rows: readonly Row[], ownOrigin: string): Map<string, string> {
  const all = new Map<string, string>();
  for (const [rowKey, value] of rows) {
    const text = Buffer.from(rowKey).toString('latin1');
    if (text === `s${ownOrigin}`) continue;
    const name = text.startsWith('p') ? text.slice(0, text.indexOf('\0')) : text;
    all.set(name, (all.get(name) ?? '') + Buffer.from(value).toString('hex'));
  }
  return all;
}
