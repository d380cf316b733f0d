/**
 * The members against each other, by what is in the folder: every bundle of every log at every member,
 * and the evidence that each of them holds. A replay looks at a sample of that.
 */
import { evidenceBytesMax } from '@callbook/protocol';
import type { CharterSet } from '@callbook/protocol';
import { CacheFolder } from '../cache/cache-folder.ts';
import { keepEvidence } from '../evidence-files.ts';
import { Findings } from '../findings.ts';
import type { Finding } from '../findings.ts';
import { evidenceListBytesMax } from '../limits.ts';
import type { ReplayOptions } from '../replay/replay.ts';
import { storedCharters } from '../sync/charter-walk.ts';
import { storedLogs } from '../sync/fetched-logs.ts';
import { auditedMembers, MemberFiles } from '../sync/member-files.ts';
import type { AuditedMember } from '../sync/member-files.ts';
import { compareCopies } from './copies.ts';

export interface ComparedMembers {
  readonly bundles: number;
  readonly findings: readonly Finding[];
}

/** Compares; the folder has been brought up to date by a replay. */
export async function compareMembers(
  options: ReplayOptions & { readonly findings?: Findings },
): Promise<ComparedMembers> {
  const { crypto, random } = options;
  const folder = new CacheFolder(options.path);
  const files = new MemberFiles(options);
  const findings = options.findings ?? new Findings();
  const charters = storedCharters({ folder, crypto }, options.foundingNote);
  const members = auditedMembers(charters.current.charter);
  const logs = await storedLogs({ folder, charters, crypto });
  const context = { folder, files, findings, charters, crypto, random, logs, members };
  const bundles = await compareCopies({ ...context, bundlesMax: Number.POSITIVE_INFINITY });
  for (const member of members) await readEvidence(member, context);
  return { bundles, findings: findings.all() };
}

interface HeldContext {
  readonly folder: CacheFolder;
  readonly files: MemberFiles;
  readonly findings: Findings;
  readonly charters: CharterSet;
  readonly crypto: ReplayOptions['crypto'];
  readonly members: readonly AuditedMember[];
}

/** Takes over the evidence that a member holds; every piece is verified here. */
async function readEvidence(member: AuditedMember, context: HeldContext): Promise<void> {
  const { files, findings, members } = context;
  const list = await files.text(member, '/v1/evidence', evidenceListBytesMax);
  for (const id of typeof list === 'string' ? idsIn(list) : []) {
    const file = await files.get(member, `/v1/evidence/${id}`, evidenceBytesMax);
    const kept = 'bytes' in file ? keepEvidence(file.bytes, context) : undefined;
    if (kept?.verdict !== 'accept') {
      findings.add({ code: 'answer_invalid', member: member.name, kind: 'evidence' });
      continue;
    }
    const { kind, origins, path: evidence } = kept.value;
    const convicted = members.filter(({ origin }) => origins.includes(origin));
    const convicts = convicted.map(({ name }) => name);
    const accused = convicts[0] ?? member.name;
    findings.add({ code: 'evidence_held', member: accused, kind, evidence, convicts });
  }
}

const idsMax = 256;

function idsIn(text: string): string[] {
  try {
    const { evidence } = JSON.parse(text) as { readonly evidence?: unknown };
    const ids = (Array.isArray(evidence) ? (evidence as unknown[]) : []).flatMap((piece) => {
      const id: unknown =
        typeof piece === 'object' && piece !== null && 'id' in piece ? piece.id : '';
      return typeof id === 'string' && /^[0-9a-f]{64}$/.test(id) ? [id] : [];
    });
    return ids.slice(0, idsMax);
  } catch {
    return [];
  }
}
