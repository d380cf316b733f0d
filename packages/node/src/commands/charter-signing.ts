/**
 * Signing a charter, on a machine that may have no network: only files come and go. What an honest
 * member may not sign is refused here: a step that succession forbids, too short a notice, a second
 * charter of one version, and anything on top of a charter that no quorum has signed.
 */
import {
  activeMembers,
  charterSigners,
  DirectoryError,
  noteSigner,
  noticeOf,
  parseVerifierKey,
  quorumOf,
  signNote,
  verifyProposal,
} from '@callbook/protocol';
import type { Charter, Clock, Cryptography, NoteSigner } from '@callbook/protocol';
import type { NodeErrorCode } from '../errors.ts';
import { readSecretKey } from '../key-file.ts';
import { noteSigning } from '../signed-versions.ts';
import { accepted, readCharterFile } from './charter-notes.ts';
import type { CharterFile } from './charter-notes.ts';
import { reportCharter } from './charter-report.ts';
import { formatDuration } from './duration.ts';
import { isoTime } from './key-report.ts';
import type { Report } from './key-report.ts';
import { writeOutput } from './key-place.ts';

export interface SigningOrder {
  /** Proposal, or a copy that others have signed. */
  readonly file: string;
  /** Note of the charter before; none for version 1. */
  readonly previous: string | undefined;
  /** Secret key, 32 bytes in a file of mode 0600. */
  readonly keyFile: string;
  readonly out: string;
}

export interface SigningPorts {
  readonly crypto: Cryptography;
  readonly clock: Clock;
}

/** Signs and writes this member's copy; says what was signed. */
export async function signCharter(order: SigningOrder, ports: SigningPorts): Promise<Report> {
  const { crypto, clock } = ports;
  const proposal = await readCharterFile(order.file, crypto);
  const previous = await readPrevious(order.previous, crypto);
  accepted(verifyProposal(proposal.text, previous?.note, crypto));
  if (previous !== undefined) assertNotice(previous.charter, proposal.charter, clock.nowMs());
  const signer = await governanceSigner(order.keyFile, { proposal, previous }, crypto);
  await noteSigning(order.keyFile, { version: proposal.charter.version, hash: proposal.hash });
  const note = signNote(proposal.text, [signer]);
  await writeOutput(order.out, note);
  const { result, lines } = reportCharter(
    { ...proposal, note, previous: previous?.charter, standing: 'signed by this key now' },
    crypto,
  );
  const next = [
    `Next: carry ${order.out} to whoever puts the copies together, and there:`,
    proposal.charter.version === 1
      ? 'callbook-node charter merge <copies…> --out charter-1.note'
      : 'callbook-node charter adopt <copies…> --config …',
  ];
  return { result: { ...result, out: order.out }, lines: [...lines, ...next] };
}

/** A charter to build on must have a quorum of its own members behind it. */
async function readPrevious(
  path: string | undefined,
  crypto: Cryptography,
): Promise<(CharterFile & { readonly note: string }) | undefined> {
  if (path === undefined) return undefined;
  const file = await readCharterFile(path, crypto);
  return { ...file, note: signedByQuorum(file, crypto) };
}

/** Returns the note of a charter that a quorum of its own members has signed. */
export function signedByQuorum({ charter, note }: CharterFile, crypto: Cryptography): string {
  const signers = note === undefined ? [] : accepted(charterSigners(note, [charter], crypto));
  const counted = activeMembers(charter).filter(({ name }) => signers.includes(name)).length;
  if (note !== undefined && counted >= quorumOf(charter)) return note;
  throw new DirectoryError<NodeErrorCode>(
    'charter_signers_missing',
    `${counted} members have signed version ${charter.version}, at least ${quorumOf(charter)}`,
  );
}

function assertNotice(previous: Charter, next: Charter, nowMs: number): void {
  const { isUrgent, noticeMs, reasons } = noticeOf(previous, next);
  if (next.effectiveAtMs >= nowMs + noticeMs || (noticeMs === 0 && isUrgent)) return;
  if (noticeMs === 0) {
    throw new DirectoryError<NodeErrorCode>(
      'charter_notice_short',
      `took effect ${isoTime(next.effectiveAtMs)}: what was logged since would be judged by it`,
    );
  }
  throw new DirectoryError<NodeErrorCode>(
    'charter_notice_short',
    `takes effect ${isoTime(next.effectiveAtMs)}, less than ${formatDuration(noticeMs)} from now: ${reasons.join(', ')}`,
  );
}

async function governanceSigner(
  keyFile: string,
  charters: { readonly proposal: CharterFile; readonly previous: CharterFile | undefined },
  crypto: Cryptography,
): Promise<NoteSigner> {
  const signer = crypto.ed25519Signer(await readSecretKey(keyFile));
  const files = [charters.proposal, charters.previous].filter((file) => file !== undefined);
  const keys = files
    .flatMap(({ charter }) => activeMembers(charter).flatMap((member) => member.governanceKeys))
    .map((vkey) => accepted(parseVerifierKey(vkey)));
  const ours = keys.find((key) => key.publicKey.toHex() === signer.publicKey.toHex());
  if (ours !== undefined) return noteSigner({ name: ours.name, signer }, crypto);
  throw new DirectoryError<NodeErrorCode>(
    'governance_key_unlisted',
    `${keyFile} is no governance key of an active member in this charter or the one before`,
  );
}
