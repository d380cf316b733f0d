/**
 * The composition root: opens the store, joins replica, mesh, DNS and API into one member and takes
 * them down again in the opposite order. The only place that picks implementations.
 */
import { readFile } from 'node:fs/promises';
import type { DnsServer } from '@callbook/dns';
import { DirectoryError } from '@callbook/protocol';
import type { Cryptography } from '@callbook/protocol';
import type { BootstrapOptions, Mesh, Replica, Store } from '@callbook/replication';
import { createReplica, keepFounding, needsJoin } from '@callbook/replication/replica';
import type { Logger } from 'pino';
import { watchClock } from './clock-watch.ts';
import type { NodeConfig } from './config.ts';
import { pickCryptography } from './cryptography.ts';
import type { NodeErrorCode } from './errors.ts';
import { startMemberWash } from './forgetting/member-wash.ts';
import { readSecretKey } from './key-file.ts';
import { openMemberStores } from './member-stores.ts';
import { startMemberZone } from './member-zone.ts';
import { startOutsideWitnesses } from './outside-witnesses.ts';
import { systemClock, systemRandom } from './system-ports.ts';
import { MemberCertificates, readApiCertificate } from './tls/member-certificates.ts';
import { startVerifier } from './verifier.ts';

export interface RunningMember extends AsyncDisposable {
  /** What it listens on, for the log and for whoever chose port 0. */
  readonly addresses: Readonly<Record<string, string | readonly string[]>>;
  /** Names of the members to which there is a connection now. */
  connected(): readonly string[];
}

/**
 * Starts a member; when one part cannot start, stops the others and throws. `onLeaseLost` is called when
 * another process of the member has taken over: what this one answers from then on is old.
 */
export async function startMember(
  config: NodeConfig,
  log: Logger,
  onLeaseLost: () => void = () => {},
): Promise<RunningMember> {
  await using parts = new AsyncDisposableStack();
  const crypto = await pickCryptography();
  const stores = await openMemberStores(config, parts, { log, onLeaseLost });
  const options = await replicaOptions(config, stores.store, crypto);
  // Nothing is served, written or signed before the store is worth something.
  if (await needsJoin(stores.store)) {
    const { fillStore } = await import('./member-bootstrap.ts');
    await fillStore(config, options, { certificate: await readApiCertificate(config), log });
  }
  const verifier = parts.use(startVerifier());
  const replica = parts.use(await createReplica({ ...options, verifier, indexed: true }));
  await keepFounding(stores.store, options.charterNotes[0]!);
  const onFailure = reportReplica(replica, log);
  const { member } = replica.membership.byName(config.member)!;
  const certificates = parts.use(await MemberCertificates.open(config, { member, log }));
  const zone = parts.use(await startMemberZone(config, { replica, certificates, log }));
  parts.use(stores.follow(zone));
  // DNS answers from here on. The rest takes longer to load than all of this.
  const network = await import('./member-network.ts');
  const mesh = parts.use(await network.openMesh(config, replica, crypto));
  mesh.onIncident((incident) => log.warn(incident, 'rule_broken'));
  const logSigner = crypto.ed25519Signer(await readSecretKey(config.keys.log));
  const governing = { replica, mesh, store: stores.ownStore, crypto, logSigner, onFailure };
  const witnesses = parts.use(
    startOutsideWitnesses(config, { replica, crypto, clock: systemClock, log }),
  );
  const troubles = (): readonly string[] => troublesOf(zone, certificates, stores);
  const directory = network.createMemberDirectory({ replica, mesh, crypto, witnesses, troubles });
  const watched = { replica, mesh, directory, certificates, stores };
  const watch = parts.use(new network.MemberWatch(config, watched));
  parts.use(await network.startMemberAdmin(config, { ...governing, watch }));
  const metrics = new network.MemberMetrics(systemRandom);
  const host = new URL(member.api).hostname;
  const codes = parts.use(
    await network.startMemberCodes(config, { replica, crypto, log, metrics }),
  );
  const oblivious = parts.use(
    await network.startMemberOblivious(config, { replica, crypto, logSigner, zone }),
  );
  const issuing = { replica, directory, crypto, logSigner };
  const tokens = parts.use(await network.startMemberTokens(config, issuing));
  const api = parts.use(
    await network.startMemberApi(config, {
      directory,
      dns: zone,
      codeSender: codes.senders,
      sendGuard: codes.sendGuard,
      oblivious: oblivious?.service,
      tokens: tokens.service,
      crypto,
      log,
      metrics,
      host,
      certificate: certificates.api,
    }),
  );
  certificates.serve({ zone, api });
  parts.use(startMemberWash({ zone, api, log }));
  parts.use(watchClock((byMs) => log.warn({ byMs }, 'clock_jumped')));
  const told = parts.use(await network.startOperatorServers(config, { metrics, zone, watch }));
  const running = parts.move();
  return {
    addresses: { ...meshAndDns(mesh, zone), ...api.addresses, ...told.addresses },
    connected: () => mesh.connected(),
    [Symbol.asyncDispose]: async () => await running.disposeAsync(),
  };
}

function troublesOf(...parts: readonly { troubles(): readonly string[] }[]): readonly string[] {
  return parts.flatMap((part) => part.troubles());
}

function meshAndDns(
  mesh: Mesh,
  { addresses, tlsAddresses }: DnsServer,
): RunningMember['addresses'] {
  return {
    mesh: mesh.addresses(),
    dns: addresses.map(({ address, port }) => `${address} port ${port}`),
    dnsOverTls: tlsAddresses.map(({ address, port }) => `${address} port ${port}`),
  };
}

/**
 * Entries are refused while the own log is shut; `own_log_contradicted` needs the operator. Returns what
 * tells of a store that has failed.
 */
function reportReplica(replica: Replica, log: Logger): (error: Error) => void {
  const { ownLog, evidence } = replica;
  const onFailure = (error: Error): void => log.error({ err: error }, 'store_failed');
  replica.onFailure(onFailure);
  evidence.onEvidence(({ evidenceId, kind, origins, disputed }) =>
    log.error({ evidenceId, kind, origins, disputed }, 'evidence_found'),
  );
  const report = (): void => {
    const size = ownLog.log.size;
    if (ownLog.state === 'contradicted') log.error({ size }, 'own_log_contradicted');
    else if (ownLog.lacksLeaves) log.error({ size }, 'own_log_leaves_missing');
    else log.info({ size }, `own_log_${ownLog.state}`);
  };
  report();
  ownLog.onState(report);
  return onFailure;
}

async function replicaOptions(
  config: NodeConfig,
  store: Store,
  crypto: Cryptography,
): Promise<BootstrapOptions['replica']> {
  return {
    store,
    crypto,
    clock: systemClock,
    charterNotes: await readNotes(config.charters),
    memberName: config.member,
    logSigner: crypto.ed25519Signer(await readSecretKey(config.keys.log)),
    vrfSecretKey: await readSecretKey(config.keys.vrf),
  };
}

async function readNotes(paths: readonly string[]): Promise<string[]> {
  try {
    return await Promise.all(paths.map(async (path) => await readFile(path, 'utf8')));
  } catch (cause) {
    throw new DirectoryError<NodeErrorCode>('charter_unreadable', 'cannot read a charter note', {
      cause,
    });
  }
}
