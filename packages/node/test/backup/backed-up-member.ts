/**
 * A member's data folder, keys and configuration as a founder has them, with a real store and the admin
 * socket of a running member; no network.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeCharter, encodeVerifierKey, noteSigner, signNote, utf8 } from '@callbook/protocol';
import type { Charter } from '@callbook/protocol';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import { createReplica, openLevelStore } from '@callbook/replication';
import type { LevelStore, Replica } from '@callbook/replication';
import { migrateStore } from '@callbook/replication/replica';
import { openAdminSocket } from '../../src/admin/admin-socket.ts';
import type { AdminRequest } from '../../src/admin/admin-messages.ts';
import { BackupDesk } from '../../src/backup/backup-desk.ts';
import { readConfig } from '../../src/config.ts';
import type { NodeConfig } from '../../src/config.ts';
import { writeSecretFile } from '../../src/key-file.ts';
import { systemClock } from '../../src/system-ports.ts';

const seed = (text: string): Uint8Array => crypto.sha256(utf8(text));
const verifierKey = (name: string, from: string): string =>
  encodeVerifierKey(
    { name, publicKey: crypto.ed25519Signer(seed(from)).publicKey, algorithm: 0x01 },
    crypto,
  );

export interface BackedUpMember extends AsyncDisposable {
  readonly folder: string;
  readonly config: NodeConfig;
  readonly configFile: string;
  readonly origin: string;
  /** Opens the store and the admin socket, as a member that starts. */
  start(): Promise<RunningStore>;
}

export interface RunningStore extends AsyncDisposable {
  readonly store: LevelStore;
  readonly replica: Replica;
  readonly desk: BackupDesk;
}

const memberNames = ['alpha', 'beta', 'gamma'];

/** Makes the folder of `alpha`, in a federation of three or of one. */
export async function backedUpMember(memberCount: 1 | 3 = 3): Promise<BackedUpMember> {
  const folder = await mkdtemp(join(tmpdir(), 'callbook-backup-'));
  const note = charterNote(memberNames.slice(0, memberCount));
  await mkdir(join(folder, 'zone-keys'), { mode: 0o700 });
  await writeFile(join(folder, 'charter-1.note'), note);
  await writeFile(join(folder, 'zone-keys/keys-00000001.json'), '{}\n');
  await writeFile(join(folder, 'zone-keys/0123456789abcdef.pem'), 'private zone key\n');
  await writeFile(join(folder, 'api.pem'), 'certificate\n');
  await writeFile(join(folder, 'api.key'), 'private TLS key\n', { mode: 0o600 });
  for (const name of ['log', 'peer', 'vrf'])
    await writeSecretFile(join(folder, `${name}.key`), seed(name === 'log' ? 'log alpha' : name));
  const configFile = join(folder, 'node.yaml');
  await writeFile(configFile, configuration);
  const config = await readConfig(configFile);
  const origin = 'api.alpha.test/log';
  return {
    folder,
    config,
    configFile,
    origin,
    start: async () => await startStore(config, note),
    [Symbol.asyncDispose]: async () => await rm(folder, { recursive: true, force: true }),
  };
}

async function startStore(config: NodeConfig, note: string): Promise<RunningStore> {
  await using parts = new AsyncDisposableStack();
  const { dataDir } = config;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  // Small buffers: a few batches make tables.
  const options = { cacheBytes: 1 << 20, writeBufferBytes: 64 << 10 };
  const store = await openLevelStore(join(dataDir, 'store'), options);
  parts.defer(async () => await store.close());
  await migrateStore(store);
  const replica = parts.use(
    await createReplica({
      store,
      crypto,
      clock: systemClock,
      charterNotes: [note],
      memberName: 'alpha',
      logSigner: crypto.ed25519Signer(seed('log alpha')),
      vrfSecretKey: seed('vrf'),
      ownLogConfirmed: true,
    }),
  );
  const { origin } = replica;
  const desk = parts.use(
    await BackupDesk.open({ dataDir, store, origin, crypto, clock: systemClock }),
  );
  const answer = async (request: AdminRequest): Promise<unknown> => {
    if (request.ask === 'charters') return { notes: [note], inForce: 1 };
    if (request.ask === 'backup-begin' || request.ask === 'backup-end')
      return await desk.answer(request);
    throw new Error('not asked here');
  };
  parts.use(await openAdminSocket(config, answer));
  const running = parts.move();
  return {
    store,
    replica,
    desk,
    [Symbol.asyncDispose]: async () => await running.disposeAsync(),
  };
}

const configuration = `# of a test
member: alpha
dataDir: data
charters: [charter-1.note]
keys: { log: log.key, peer: peer.key, vrf: vrf.key, zone: zone-keys }
dns:
  listen: [{ address: 127.0.0.1, port: 0 }]
  nameservers: [{ name: ns.e164.alpha.test, addresses: [127.0.0.1] }]
  contact: hostmaster@alpha.test
api: { listen: { address: 127.0.0.1, port: 0 }, certificate: api.pem, privateKey: api.key }
mesh: { listen: [/ip4/127.0.0.1/tcp/0] }
challenges:
  outbox: outbox.jsonl
  sendsPerHour: 5
  sendsPerDay: 20
`;

function charterNote(names: readonly string[]): string {
  const effectiveAtMs = 1_760_000_000_000;
  const hold = 3_600_000;
  const charter: Charter = {
    version: 1,
    previous: null,
    effectiveAtMs,
    expiresAtMs: effectiveAtMs + 10 * 365 * 24 * hold,
    labelEpoch: 1,
    vrfPublicKey: crypto
      .vrfProver(seed('vrf'))
      .publicKey.toBase64({ alphabet: 'base64url', omitPadding: true }),
    faults: 0,
    holds: {
      recoveryMs: hold,
      emailMs: hold,
      possessionMs: hold,
      lockedMs: hold,
      releaseMs: hold,
      unlockMs: hold,
      emailChangeMs: hold,
      theftMs: hold,
      noticeMs: hold,
    },
    ruleset: { number: 1, activatesAtMs: effectiveAtMs },
    members: names.map((name, position) => ({
      name,
      organisation: name,
      legalForm: 'association',
      auditor: 'none',
      lastAudit: '2026-01-01',
      governanceKeys: [verifierKey(`${name}.test/governance`, `governance ${name}`)],
      logKey: verifierKey(`api.${name}.test/log`, `log ${name}`),
      peerId: peerIds[position]!,
      addresses: [],
      api: `https://api.${name}.test`,
      zone: `e164.${name}.test`,
      zoneDs: [],
      state: 'active',
    })),
    logs: [],
  };
  const signers = names.map((name) =>
    noteSigner(
      { name: `${name}.test/governance`, signer: crypto.ed25519Signer(seed(`governance ${name}`)) },
      crypto,
    ),
  );
  return signNote(encodeCharter(charter), signers);
}

const peerIds = [
  '12D3KooWEyoppNCUx8Yx66oV9fJnriXwCcXwDDUA2kj6vnc6iDEp',
  '12D3KooWQYV9dGMFoRzNStwpXztXaBUjtPqi6aU76ZgUriHhKust',
  '12D3KooWHHVPRYiXuWe8fuZ2j4kS9yPGsPAQyAS2gbTEzUkY7Lwu',
];
