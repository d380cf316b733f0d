/**
 * A member that logs registrations as fast as it can and prints each receipt once it has it, until
 * somebody kills it. Run by `own-log-crash.test.ts`; argument: folder of the store.
 */
import { encodeReceiptJson } from '@callbook/protocol';

import { openLevelStore } from '../../src/store/level-store.ts';
import { foundFederation, openReplica } from '../support/federation.ts';
import { Holder, submissionOf } from '../support/holder.ts';

const [folder, round] = process.argv.slice(2);
const store = await openLevelStore(folder!, { cacheBytes: 1024 * 1024 });
const federation = await foundFederation();
const replica = await openReplica(federation, 'alpha', { store });
print({ checkpoint: replica.checkpoint(replica.origin) });
let count = 0;
await Promise.all(Array.from({ length: 8 }, logForEver));

async function logForEver(): Promise<void> {
  for (;;) {
    const number = `tel:+49${round!.padStart(4, '1')}${String(100_000 + count++)}` as const;
    const verdict = await replica.log(
      submissionOf(await new Holder(number).register(), 'challenged'),
    );
    if (verdict.verdict !== 'accept') throw new Error(verdict.code);
    print({ receipt: encodeReceiptJson(verdict.value) });
  }
}

function print(line: unknown): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
