/**
 * A member that lies: its process is stopped, and whoever has its keys writes its log by hand and tells
 * the others of it over the real mesh. It serves nothing and witnesses nothing for anybody.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { charterSet, labelOf, parseEntryBundle, parseLeaf, tilePath } from '@callbook/protocol';
import type { Identifier, LeafRole, Receipt } from '@callbook/protocol';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import {
  createLibp2pNetwork,
  encodeLogBatch,
  parsePeerKey,
  systemScheduler,
} from '@callbook/replication';
import type { Network } from '@callbook/replication';
import { LiarLog } from '../../src/simulation/liar-log.ts';
import { eventually } from '../lab.ts';
import type { Lab } from '../lab.ts';

export class Liar implements AsyncDisposable {
  readonly #lab: Lab;
  readonly #log: LiarLog;
  readonly #network: Network;
  readonly #vrfSecretKey: Uint8Array;

  private constructor(parts: {
    readonly lab: Lab;
    readonly log: LiarLog;
    readonly network: Network;
    readonly vrfSecretKey: Uint8Array;
  }) {
    this.#lab = parts.lab;
    this.#log = parts.log;
    this.#network = parts.network;
    this.#vrfSecretKey = parts.vrfSecretKey;
  }

  /** Puts the liar in the place of the member at a position. */
  static async replace(lab: Lab, position: number): Promise<Liar> {
    const member = lab.testnet.layout.members[position]!;
    await untilTold(lab, member.origin);
    await lab.testnet.members[position]!.stop();
    const secret = async (file: string): Promise<Uint8Array> =>
      new Uint8Array(await readFile(join(member.folder, file)));
    const note = await readFile(lab.testnet.layout.charterFile, 'utf8');
    const charters = charterSet([note], crypto);
    if (charters.verdict !== 'accept') throw new Error(charters.message);
    const { charter, hash } = charters.value.current;
    const { name, origin } = member;
    const secrets = { name, origin, logSecretKey: await secret('log.key') };
    const log = new LiarLog({ secrets, charter: hash, branch: 'a' });
    await copyLog(lab, log);
    const network = await createLibp2pNetwork({
      peerKey: parsePeerKey(await secret('peer.key')),
      listen: [`/ip4/127.0.0.1/tcp/${member.meshPort}`],
      peers: charter.members
        .filter((other) => other.name !== name)
        .map((other) => ({ ...other, addresses: () => other.addresses })),
      gossip: true,
      scheduler: systemScheduler,
      random: { bytes: (size) => globalThis.crypto.getRandomValues(new Uint8Array(size)) },
    });
    network.onMessage(() => 'ignore');
    await eventually(
      () => Promise.resolve(network.connected().length),
      (count) => count === charter.members.length - 1,
      20_000,
    );
    return new Liar({ lab, log, network, vrfSecretKey: await secret('vrf.key') });
  }

  get origin(): string {
    return this.#log.origin;
  }

  /** What the member at a position holds against others. */
  async evidenceAt(position: number): Promise<{ kind: string; origins: readonly string[] }[]> {
    const { web } = this.#lab.description.members[position]!;
    const answer = (await (await fetch(`${web}/v1/evidence`)).json()) as {
      evidence: { kind: string; origins: readonly string[] }[];
    };
    return answer.evidence;
  }

  /** Any member can compute the label of any identifier. */
  label(identifier: Identifier): Uint8Array {
    return labelOf(identifier, crypto.vrfProver(this.#vrfSecretKey));
  }

  /** Logs an entry in whatever role and at whatever time, and waits until all honest members have it. */
  async log(entry: Uint8Array, role: LeafRole, atMs: number): Promise<Receipt> {
    const index = this.withhold(entry, role, atMs);
    await this.reveal(index);
    return this.#log.receipt(index);
  }

  /** Logs an entry and tells nobody; returns its index. */
  withhold(entry: Uint8Array, role: LeafRole, atMs: number): number {
    return this.#log.append({ atMs, role, entry });
  }

  /** Shows its log from an index on, and waits until all honest members have it. */
  async reveal(index: number): Promise<void> {
    // Gossip carries the same bytes once only: until all have it, it is told with more leaves before it.
    let first = index;
    await eventually(
      async () => {
        if (first >= 0) await this.#network.publish(encodeLogBatch(this.#log.batch(first--)));
        await sleep(200);
        return await this.#sizesElsewhere();
      },
      (sizes) => sizes.every((size) => size === this.#log.size),
    );
  }

  async #sizesElsewhere(): Promise<number[]> {
    const others = this.#lab.description.members.filter(
      ({ origin }) => origin !== this.#log.origin,
    );
    return await Promise.all(others.map(async ({ web }) => await sizeAt(web, this.#log.origin)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#network[Symbol.asyncDispose]();
  }
}

async function sizeAt(web: string, origin: string): Promise<number> {
  const answer = (await (await fetch(`${web}/v1/agreement`)).json()) as {
    logs: { origin: string; size: number }[];
  };
  return answer.logs.find((log) => log.origin === origin)?.size ?? 0;
}

/** Waits until all have what the member has logged: a liar goes on from there, and others hold it to that. */
async function untilTold(lab: Lab, origin: string): Promise<void> {
  const { members } = lab.description;
  await eventually(
    async () => await Promise.all(members.map(async ({ web }) => await sizeAt(web, origin))),
    (sizes) => sizes[0]! > 0 && new Set(sizes).size === 1,
  );
}

/** Writes again what the member had logged before it lied: the same bytes, under the same key. */
async function copyLog(lab: Lab, log: LiarLog): Promise<void> {
  const { web } = lab.description.members[0]!;
  const size = await sizeAt(web, log.origin);
  const path = tilePath({ level: 'entries', index: 0, width: size });
  const response = await fetch(`${web}/log/${log.origin}/${path}`);
  const bundle = parseEntryBundle(new Uint8Array(await response.arrayBuffer()));
  if (bundle.verdict !== 'accept') throw new Error(bundle.message);
  for (const bytes of bundle.value) {
    const leaf = parseLeaf(bytes);
    if (leaf.verdict !== 'accept') throw new Error(leaf.message);
    const { at, role, entry } = leaf.value;
    log.append({ atMs: at, role, ...(entry && { entry }) });
  }
}
