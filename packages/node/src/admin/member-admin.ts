/** What commands on this machine reach of a running member, over the admin socket. */
import type { LevelStore } from '@callbook/replication';
import { BackupDesk } from '../backup/backup-desk.ts';
import type { NodeConfig } from '../config.ts';
import { systemClock } from '../system-ports.ts';
import type { MemberWatch } from '../status/member-watch.ts';
import { openAdminSocket } from './admin-socket.ts';
import type { AnswerAdmin } from './admin-socket.ts';
import { GovernanceDesk } from './governance-desk.ts';
import type { GovernanceParts } from './governance-desk.ts';

export interface MemberAdminParts extends GovernanceParts {
  readonly store: LevelStore;
  readonly watch: MemberWatch;
}

/** Serves commands until disposed of. Error: `admin_socket_unusable`. */
export async function startMemberAdmin(
  config: NodeConfig,
  { watch, ...governing }: MemberAdminParts,
): Promise<AsyncDisposable> {
  await using parts = new AsyncDisposableStack();
  const { store, crypto, replica } = governing;
  const desk = parts.use(await GovernanceDesk.open(governing));
  const { dataDir } = config;
  const { origin } = replica;
  const backups = parts.use(
    await BackupDesk.open({ dataDir, store, origin, crypto, clock: systemClock }),
  );
  const answer: AnswerAdmin = async (request) => {
    if (request.ask === 'status') return await watch.status();
    if (request.ask === 'backup-begin' || request.ask === 'backup-end')
      return await backups.answer(request);
    return await desk.answer(request);
  };
  parts.use(await openAdminSocket(config, answer));
  const running = parts.move();
  return { [Symbol.asyncDispose]: async () => await running.disposeAsync() };
}
