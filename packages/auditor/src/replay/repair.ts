/**
 * What is done when files of the folder turn out to be torn or changed while they are folded: those
 * bundles that do not fit their tiles are thrown away and fetched again, once; without members to
 * ask, the audit ends and says where.
 */
import type { Cryptography } from '@callbook/protocol';
import { auditorError } from '../errors.ts';
import type { FetchedLog } from '../sync/fetched-logs.ts';
import type { DamagedBundle, FoldReach } from './fold-engine.ts';

export type Repair = (run: () => Promise<FoldReach | DamagedBundle>) => Promise<FoldReach>;

/** Runs a fold, and again after a bundle has been fetched anew. Throws `audit_folder_damaged`. */
export function repairBundles(
  logs: readonly FetchedLog[],
  { isOffline }: { readonly isOffline: boolean; readonly crypto: Cryptography },
): Repair {
  return async (run) => {
    for (let attempt = 0; ; attempt++) {
      const reach = await run();
      if (!('damaged' in reach)) return reach;
      const { origin, bundle } = reach.damaged;
      const log = logs.find((one) => one.origin === origin)!;
      if (isOffline || log.refetch === undefined || attempt >= repairsMax) {
        throw auditorError('audit_folder_damaged', 'a bundle of the folder is torn or missing', {
          details: { log: origin, index: bundle * 256 },
        });
      }
      await log.refetch();
    }
  };
}

const repairsMax = 3;
