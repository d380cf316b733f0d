/** A charter for people: what it says, who has signed it, what it changes and when it acts. */
import { activeMembers, charterSigners, noticeOf, quorumOf } from '@callbook/protocol';
import type { Charter, Cryptography } from '@callbook/protocol';
import { charterChanges } from './charter-changes.ts';
import { formatDuration } from './duration.ts';
import { isoTime } from './key-report.ts';
import type { Report } from './key-report.ts';

export interface CharterAtHand {
  readonly charter: Charter;
  /** 64 hexadecimal digits. */
  readonly hash: string;
  /** With signatures; undefined for a proposal that nobody has signed. */
  readonly note: string | undefined;
  readonly previous: Charter | undefined;
  /** In force, signed and waiting, or only proposed; undefined where nobody here knows. */
  readonly standing?: string;
}

/** Says all of a charter. */
export function reportCharter(at: CharterAtHand, crypto: Cryptography): Report {
  const { charter, hash, previous, standing } = at;
  const signers = signersOf(at, crypto);
  const changes = previous === undefined ? [] : charterChanges(previous, charter);
  const notice = previous === undefined ? undefined : noticeOf(previous, charter);
  const result = {
    version: charter.version,
    hash,
    ...(standing !== undefined && { standing }),
    signers,
    quorum: quorumOf(charter),
    ...(notice && { changes, noticeMs: notice.noticeMs, noticeReasons: notice.reasons }),
    charter,
  };
  const lines = [
    `Charter version ${charter.version}${standing === undefined ? '' : `, ${standing}`}`,
    row('Hash', hash),
    row('Effective', `${isoTime(charter.effectiveAtMs)}, expires ${isoTime(charter.expiresAtMs)}`),
    row('Signed by', signerText(at, signers)),
    row('Quorum', quorumText(charter)),
    row('Rules', `ruleset ${charter.ruleset.number}, label epoch ${charter.labelEpoch}`),
    row('Holds', holdText(charter)),
    row('VRF key', charter.vrfPublicKey),
    ...memberLines(charter),
    ...charter.logs.map(({ origin, size, root }) =>
      row('Log', `${origin}: ${size} leaves, ${root}`),
    ),
    ...changeLines(charter, changes, notice),
  ];
  return { result, lines };
}

function row(name: string, text: string): string {
  return `${name.padEnd(10)} ${text}`;
}

function signersOf({ note, charter, previous }: CharterAtHand, crypto: Cryptography): string[] {
  if (note === undefined) return [];
  const charters = previous === undefined ? [charter] : [previous, charter];
  const signers = charterSigners(note, charters, crypto);
  return signers.verdict === 'accept' ? [...signers.value] : [];
}

function signerText({ charter, previous }: CharterAtHand, signers: readonly string[]): string {
  const counted = [previous, charter]
    .filter((one) => one !== undefined)
    .map((one) => {
      const active = activeMembers(one).filter(({ name }) => signers.includes(name));
      return `${active.length} of ${quorumOf(one)} needed of version ${one.version}`;
    });
  return `${signers.length === 0 ? 'nobody' : signers.join(', ')} (${counted.join('; ')})`;
}

function quorumText(charter: Charter): string {
  const active = activeMembers(charter).length;
  return `${quorumOf(charter)} of ${active} active members; ${charter.faults} may be dishonest`;
}

function holdText({ holds }: Charter): string {
  return Object.entries(holds)
    .map(([name, ms]) => `${name.replace(/Ms$/, '')} ${formatDuration(ms)}`)
    .join(', ');
}

function memberLines({ members }: Charter): string[] {
  const wide = Math.max(...members.map(({ name }) => name.length));
  return members.map(({ name, state, organisation, api, zone }) =>
    row(
      'Member',
      `${name.padEnd(wide)}  ${state.padEnd(8)}  ${organisation}, ${api}, zone ${zone}`,
    ),
  );
}

function changeLines(
  { version }: Charter,
  changes: readonly string[],
  notice: { readonly noticeMs: number; readonly reasons: readonly string[] } | undefined,
): string[] {
  if (notice === undefined) return [];
  const wait = formatDuration(notice.noticeMs);
  return [
    `Changes against version ${version - 1}:`,
    ...(changes.length === 0 ? ['  none but the times'] : changes.map((change) => `  ${change}`)),
    notice.reasons.length === 0
      ? 'Nothing in it asks for notice.'
      : `It is signed at least ${wait} before it takes effect, because ${notice.reasons.join(', ')}.`,
  ];
}
