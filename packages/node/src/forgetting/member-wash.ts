/** The wash of a whole member: its DNS threads, the rooms of its own thread, and that thread's memory. */
import type { Logger } from 'pino';
import type { MemberApi } from '../member-api.ts';
import type { ZoneServer } from '../zone-server.ts';
import { startMemoryWash } from './memory-wash.ts';
import { washParser } from './wash-parser.ts';
import { washThread } from './wash-thread.ts';

/** Washes when it is time until disposed of. */
export function startMemberWash(parts: {
  readonly zone: Pick<ZoneServer, 'asked' | 'wash'>;
  readonly api: Pick<MemberApi, 'asked'>;
  readonly log: Logger;
}): Disposable {
  const { zone, api, log } = parts;
  return startMemoryWash({
    asked: () => zone.asked() + api.asked(),
    wash: async () => {
      zone.wash();
      await washParser().catch((error: unknown) => log.warn({ err: error }, 'wash_failed'));
      washThread();
    },
  });
}
