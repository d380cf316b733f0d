/**
 * One member with one number of bindings: its store is written and weighed, its daemon started, asked and
 * weighed, a second member joins it by a snapshot, and its holders change their routes.
 */
import { execFileSync } from 'node:child_process';
import { appendFile, copyFile, link, mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { recordTypes } from '@callbook/dns/wire';
import type { DerivedKeys } from '@callbook/protocol';
import { createReplica, openLevelStore } from '@callbook/replication';
import type { LevelStore, Replica } from '@callbook/replication';
import { migrateStore } from '@callbook/replication/replica';
import { freePortBase, layOut } from '@callbook/testnet';
import type { MemberLayout } from '@callbook/testnet';
import { askWithoutLimit } from './backup.ts';
import { openDirectoryOf } from './claimants.ts';
import { daemonCommand } from './daemon-command.ts';
import { ServerProcess } from './dns-server-process.ts';
import type { ServerCommand } from './dns-server-process.ts';
import { benchApex, numberName } from './dns-zone.ts';
import { foundLargeFederation, largeReplicaOptions, memberCount } from './large-federation.ts';
import type { LargeFederation } from './large-federation.ts';
import { assertProven } from './large-proof.ts';
import { identifierAt, keySetCount, keyValues, recordIn } from './large-records.ts';
import { indexLeafOf } from './large-sample.ts';
import { fillLargeStore } from './large-store.ts';
import { cpuOfUpdates } from './large-updates.ts';
import { median } from './measurement.ts';

const cacheBytes: number = 64 << 20;
/** Half of it is left by compression: tables are as large as those that LevelDB's compactions make. */
const writeBufferBytes: number = 4 << 20;
const startCount = 3;
const sampleCount = 100;
const lookupCount = 20;
const updateCount = 4096;
const believedMsMax = 60_000;
const joinMsMax = 6 * 3_600_000;

export interface LargeMemberOptions {
  readonly folder: string;
  readonly count: number;
  readonly keySets: readonly DerivedKeys[];
  readonly records: Uint8Array;
  readonly say: (line: string) => void;
}

/** Bytes a binding. */
export interface DiskFigures {
  readonly logs: number;
  readonly rows: number;
  readonly index: number;
  readonly all: number;
}

/** Bytes: all that is resident, and of it what is no page of a file. */
export interface MemoryFigures {
  readonly resident: number;
  readonly ownPages: number;
}

export interface JoinFigures extends MemoryFigures {
  readonly seconds: number;
  readonly cpuSeconds: number;
  /** Over the mesh. */
  readonly receivedBytes: number | undefined;
  /** Afterwards, at all members: as many as were proven and validated. */
  readonly lookUps: number;
}

export class LargeMember {
  readonly #options: LargeMemberOptions;
  readonly #federation: LargeFederation;
  #root: Uint8Array = new Uint8Array(0);

  private constructor(options: LargeMemberOptions, federation: LargeFederation) {
    this.#options = options;
    this.#federation = federation;
  }

  /** Founds the federation and writes the first member's store. */
  static async make(options: LargeMemberOptions): Promise<LargeMember> {
    const portBase = await freePortBase(memberCount);
    const layout = layOut({ folder: options.folder, memberCount, portBase });
    const made = new LargeMember(options, await foundLargeFederation(layout));
    for (const { configFile } of layout.members) await askWithoutLimit(configFile);
    await made.#fill();
    return made;
  }

  get count(): number {
    return this.#options.count;
  }

  get dnsPort(): number {
    return this.#layout.dnsPort;
  }

  get #layout(): MemberLayout {
    return this.#federation.layout.members[0]!;
  }

  get #storeFolder(): string {
    return join(this.#layout.folder, 'data/store');
  }

  async #fill(): Promise<void> {
    const { count, say } = this.#options;
    say(`writing the store of a member with ${count} bindings`);
    const store = await openLevelStore(this.#storeFolder, { cacheBytes, writeBufferBytes });
    await migrateStore(store);
    this.#root = await fillLargeStore(store, { ...this.#options, federation: this.#federation });
    await store.close();
    // Opened once more, it makes a table of what was in memory.
    await (await openLevelStore(this.#storeFolder, { cacheBytes })).close();
    await linkStore(this.#storeFolder, this.#federation.layout.members[1]!);
  }

  /** What the store takes once what LevelDB has collected in memory is a table too. */
  async disk(): Promise<DiskFigures> {
    const store = await openLevelStore(this.#storeFolder, { cacheBytes });
    const of = async (families: string): Promise<number> => {
      const sizes = Array.from(families, async (family) => await familyBytes(store, family));
      return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0) / this.count;
    };
    const figures = { logs: await of('bpst'), rows: await of('ehioy'), index: await of('nv') };
    await store.close();
    return { ...figures, all: (await folderBytes(this.#storeFolder)) / this.count };
  }

  /** Starts the daemon so often, each time asked for another number first; the last is left running. */
  async start(): Promise<{ readonly daemon: ServerProcess; readonly startMs: number }> {
    const startsMs: number[] = [];
    for (let run = 1; ; run += 1) {
      const name = numberName(this.count - run);
      const daemon = await ServerProcess.start(this.#command(this.#layout), {
        name,
        type: recordTypes.NAPTR,
      });
      startsMs.push(daemon.startMs);
      if (run === startCount) return { daemon, startMs: median(startsMs) };
      await daemon[Symbol.asyncDispose]();
    }
  }

  #command({ configFile, dnsPort, folder, name }: MemberLayout): ServerCommand {
    const command = daemonCommand(['serve', '--config', configFile]);
    const logFile = join(folder, 'node.log');
    return { name, ...command, port: dnsPort, logFile, startMsMax: joinMsMax };
  }

  /**
   * Has the last member join with nothing but a snapshot, while the first runs; then all are looked up at. A
   * member signs nothing before another has told it how long its log is, so the second runs as well, with
   * the tables of the first.
   */
  async join(): Promise<JoinFigures> {
    const { members } = this.#federation.layout;
    const [sponsor, witness, joining] = [members[0]!, members[1]!, members[memberCount - 1]!];
    await using running = new AsyncDisposableStack();
    running.use(await this.#startedForDns(witness));
    await appendFile(joining.configFile, 'bootstrap: snapshot\n');
    const received = new ReceivedBytes(joining.meshPort, sponsor.meshPort);
    const newcomer = running.use(await this.#startedForDns(joining));
    const receivedBytes = received.stop();
    const figures = {
      seconds: newcomer.startMs / 1000,
      cpuSeconds: newcomer.cpuSeconds(),
      receivedBytes,
      resident: newcomer.statusBytes('VmHWM'),
      ownPages: newcomer.statusBytes('RssAnon'),
    };
    return { ...figures, lookUps: await this.#lookUp() };
  }

  async #startedForDns(member: MemberLayout): Promise<ServerProcess> {
    const name = numberName(0).replace(benchApex, member.zone);
    return await ServerProcess.start(this.#command(member), { name, type: recordTypes.NAPTR });
  }

  /**
   * Looks numbers up as an app does: answers of a quorum, validated DNS, and proofs of those that somebody has.
   * Absence under the index is proven below, for labels that nobody has.
   */
  async #lookUp(): Promise<number> {
    const directory = await openDirectoryOf(this.#federation, { privacy: 'plain' });
    const positions = [...this.#sample(lookupCount), this.count, this.count + 1];
    for (const position of positions) {
      const isHeld = position < this.count;
      const deadlineMs = Date.now() + believedMsMax;
      for (;;) {
        const { state, reason } = await directory.lookup(identifierAt(position), { proof: isHeld });
        const { proof, dnssec } = reason;
        const isProven = !isHeld || proof.state === 'proven';
        if (state === (isHeld ? 'published' : 'absent') && isProven && dnssec.state === 'secure')
          break;
        // Beside other work a member may be too late, and is asked again.
        const isLate = proof.state === 'unavailable' || dnssec.state === 'unavailable';
        if (isLate && Date.now() < deadlineMs) continue;
        throw new Error(`a number is ${state}, ${proof.state}, ${dnssec.state}`);
      }
    }
    return positions.length;
  }

  /** While no daemon runs: proves a sample, and has holders change their routes; µs of CPU for each. */
  async prove(): Promise<{ readonly proofs: number; readonly updateCpuUs: number }> {
    const store = await openLevelStore(this.#storeFolder, { cacheBytes });
    const options = await largeReplicaOptions(this.#federation, this.#layout);
    const clock = { nowMs: () => Date.now() };
    const replica = await createReplica({ ...options, store, clock });
    const proofs = await assertProven({ replica, root: this.#root, sample: this.#leaves() });
    const updateCpuUs = await this.#update(replica);
    await replica[Symbol.asyncDispose]();
    await store.close();
    return { proofs, updateCpuUs };
  }

  #leaves(): Parameters<typeof assertProven>[0]['sample'] {
    const { keySets, records } = this.#options;
    return this.#sample(sampleCount).map((position) => {
      const keys = keyValues(keySets[position % keySetCount]!);
      const record = recordIn(records, position);
      return { position, leaf: indexLeafOf(this.#federation, { position, keys, record }) };
    });
  }

  async #update(replica: Replica): Promise<number> {
    const { keySets, records } = this.#options;
    const positions = this.#sample(Math.min(updateCount, this.count));
    return await cpuOfUpdates(replica, { keySets, records, positions });
  }

  /** Positions that lie everywhere. */
  #sample(count: number): number[] {
    const step = this.count / count;
    return Array.from({ length: count }, (_nothing, n) => Math.floor(n * step));
  }
}

/** Gives a member the store of another that does not run. LevelDB never writes to a table again. */
async function linkStore(from: string, { folder }: MemberLayout): Promise<void> {
  const to = join(folder, 'data/store');
  await mkdir(to, { recursive: true, mode: 0o700 });
  for (const name of await readdir(from)) {
    const copy = name.endsWith('.ldb') ? link : copyFile;
    await copy(join(from, name), join(to, name));
  }
}

/** The same names whatever the number of bindings: each of the first ones once, in an order of no meaning. */
export async function writeQueries(path: string, names: number): Promise<void> {
  const lines = Array.from(
    { length: names },
    (_nothing, n) => `${numberName((n * 7919) % names)} NAPTR\n`,
  );
  await writeFile(path, lines.join(''));
}

async function familyBytes(store: LevelStore, family: string): Promise<number> {
  const first = family.charCodeAt(0);
  return await store.tableBytes({ gte: Uint8Array.of(first), lt: Uint8Array.of(first + 1) });
}

async function folderBytes(folder: string): Promise<number> {
  const names = await readdir(folder);
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** What has come over the connections between two ports, as the kernel counts it. */
class ReceivedBytes {
  readonly #ports: readonly [number, number];
  readonly #timer: NodeJS.Timeout;
  #bytes: number | undefined;

  /** `to` is the port of who receives, `from` of who sends; either may have dialled. */
  constructor(to: number, from: number) {
    this.#ports = [to, from];
    this.#timer = setInterval(() => this.#look(), 500);
  }

  stop(): number | undefined {
    this.#look();
    clearInterval(this.#timer);
    return this.#bytes;
  }

  #look(): void {
    const [to, from] = this.#ports;
    try {
      // Of a connection that the newcomer has dialled, and of one that it was dialled by.
      const seen = ssBytes(['dport', '=', `:${from}`]) + ssBytes(['sport', '=', `:${to}`]);
      this.#bytes = Math.max(this.#bytes ?? 0, seen);
    } catch {
      // There is no `ss` here.
    }
  }
}

function ssBytes(filter: readonly string[]): number {
  const output = execFileSync('ss', ['-tinH', 'state', 'established', ...filter], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return [...output.matchAll(/bytes_received:(\d+)/g)].reduce((sum, [, n]) => sum + Number(n), 0);
}
