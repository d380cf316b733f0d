/**
 * A federation of three that is generated: founded like any testnet, but with a VRF secret that everybody
 * may know. Every binding has a register in the logs of all three, challenged by two and witnessed by
 * the third, as they would after a claim.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { charterHash, encodeLeaf, noteSigner, parseCharter } from '@callbook/protocol';
import type { Ed25519Signer, LeafRole, NoteSigner } from '@callbook/protocol';
import { sodiumCryptography as crypto } from '@callbook/protocol/crypto/sodium';
import type { ReplicaOptions } from '@callbook/replication';
import { foundTestnet } from '@callbook/testnet';
import type { MemberLayout, TestnetLayout } from '@callbook/testnet';

export const memberCount = 3;

/** Whoever has a file of records can use it with each of these federations. */
export const vrfSecretKey: Uint8Array = crypto.sha256(Buffer.from('large vrf'));

/** One of the logs, for who writes it. */
export interface LargeLog {
  readonly origin: string;
  readonly signer: NoteSigner;
  /** Of its leaves about bindings. */
  readonly role: LeafRole;
  /** The leaf that says under which charter the member works: the log's first. */
  readonly charterLeaf: Uint8Array;
}

export interface LargeFederation {
  readonly layout: TestnetLayout;
  /** Hash of the charter. */
  readonly charter: Uint8Array;
  readonly charterNote: string;
  /** Time of the charter, and of the logs' first leaves. */
  readonly atMs: number;
  readonly logs: readonly LargeLog[];
}

/** Founds the federation; nothing is started. */
export async function foundLargeFederation(layout: TestnetLayout): Promise<LargeFederation> {
  await foundTestnet(layout, {}, vrfSecretKey);
  const charterNote = await readFile(layout.charterFile, 'utf8');
  const parsed = parseCharter(charterNote);
  if (parsed.verdict !== 'accept') throw new Error(parsed.message);
  const atMs = parsed.value.effectiveAtMs;
  const charter = charterHash(charterNote, crypto);
  const roles: readonly LeafRole[] = ['challenged', 'challenged', 'witnessed'];
  const logs: LargeLog[] = [];
  for (const [place, member] of layout.members.entries()) {
    const signer = noteSigner({ name: member.origin, signer: await logSignerOf(member) }, crypto);
    const charterLeaf = encodeLeaf({ v: 1, at: atMs, charter, role: 'charter' });
    logs.push({ origin: member.origin, signer, role: roles[place]!, charterLeaf });
  }
  return { layout, charter, charterNote, atMs, logs };
}

/** What the replica of a member is opened with, but for its store. */
export async function largeReplicaOptions(
  { charterNote }: LargeFederation,
  member: MemberLayout,
): Promise<Omit<ReplicaOptions, 'store' | 'clock'>> {
  return {
    crypto,
    charterNotes: [charterNote],
    memberName: member.name,
    logSigner: await logSignerOf(member),
    vrfSecretKey,
    indexed: true,
    ownLogConfirmed: true,
  };
}

async function logSignerOf({ folder }: MemberLayout): Promise<Ed25519Signer> {
  return crypto.ed25519Signer(new Uint8Array(await readFile(join(folder, 'log.key'))));
}
