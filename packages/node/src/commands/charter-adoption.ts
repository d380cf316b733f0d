/** From the draft to a charter: the proposal that members sign, their copies, and its adoption. */
import {
  DirectoryError,
  faultsFallAfterMs,
  nextCharterText,
  noticeOf,
  verifyFoundingCharter,
  verifyNextCharter,
} from '@callbook/protocol';
import type { Charter, Clock, Cryptography } from '@callbook/protocol';
import type { DraftAnswer } from '../admin/admin-messages.ts';
import { askMember } from '../admin/ask-member.ts';
import { readConfig } from '../config.ts';
import type { NodeErrorCode } from '../errors.ts';
import { accepted, charterIn, mergeCopies, readCharterFile } from './charter-notes.ts';
import { knownCharters } from './charter-place.ts';
import { reportCharter } from './charter-report.ts';
import { parseDuration } from './duration.ts';
import { isoTime } from './key-report.ts';
import type { Report } from './key-report.ts';
import { readInput, writeOutput } from './key-place.ts';

export interface ProposeOptions {
  readonly config: string;
  readonly out: string;
  readonly signWithin?: string;
  readonly lifetime?: string;
  readonly json?: boolean;
}

/**
 * Writes the text to sign. It takes effect after the time to sign and the notice that it asks for; one
 * that silences a member takes effect now.
 */
export async function proposeCharter(
  options: ProposeOptions,
  { crypto, clock }: { readonly crypto: Cryptography; readonly clock: Clock },
): Promise<Report> {
  const config = await readConfig(options.config);
  const { charters } = await knownCharters(config, crypto);
  const previous = charters.at(-1)!;
  const draft = await askMember(config, { ask: 'draft' });
  assertDecided(draft);
  const { logs } = await askMember(config, { ask: 'logs' });
  const statements = new Map(draft.fields.map(({ field, text }) => [field, text]));
  const make = (effectiveAtMs: number): string => {
    const expiresAtMs = effectiveAtMs + lifetimeMsOf(options, previous.charter);
    const terms = { statements, previousNote: previous.note, logs, effectiveAtMs, expiresAtMs };
    return accepted(nextCharterText(terms, crypto));
  };
  // What acts at once still has to be later than the charter before.
  const { effectiveAtMs: beforeMs, faults } = previous.charter;
  const falls = Number(statements.get('parameter/faults') ?? faults) < faults;
  const soonestMs = Math.max(clock.nowMs(), beforeMs + (falls ? faultsFallAfterMs : 1));
  const atOnce = charterIn(make(soonestMs), crypto);
  const { isUrgent, noticeMs } = noticeOf(previous.charter, atOnce.charter);
  const isNow = isUrgent && noticeMs === 0 && options.signWithin === undefined;
  const signMs = isNow ? 0 : durationOf('--sign-within', options.signWithin ?? '1d');
  const waits = clock.nowMs() + signMs + noticeMs;
  const text = isNow ? atOnce.text : make(Math.max(soonestMs, waits));
  await writeOutput(options.out, text);
  const proposal = charterIn(text, crypto);
  const { result, lines } = reportCharter(
    { ...proposal, previous: previous.charter, standing: 'proposed' },
    crypto,
  );
  const signBy = isNow
    ? ['It takes effect as soon as it is signed.']
    : [`It has to be signed by ${isoTime(clock.nowMs() + signMs)}.`];
  const next = [
    ...signBy,
    'Next: each member looks at it, compares the hash with the others, and signs:',
    `callbook-node charter sign ${options.out} --previous charter-${previous.charter.version}.note --key … --out …`,
  ];
  return { result: { ...result, out: options.out }, lines: [...lines, ...next] };
}

/** Of two texts written at once, Automerge lets one stand by chance: people have to decide. */
function assertDecided({ fields }: DraftAnswer): void {
  const undecided = fields.find(({ others }) => others.length > 0);
  if (undecided === undefined) return;
  throw new DirectoryError<NodeErrorCode>(
    'draft_undecided',
    `${undecided.field} was drafted differently at the same time: say again which is to stand`,
  );
}

function lifetimeMsOf({ lifetime }: ProposeOptions, previous: Charter): number {
  if (lifetime !== undefined) return durationOf('--lifetime', lifetime);
  return previous.expiresAtMs - previous.effectiveAtMs;
}

function durationOf(option: string, text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  const message = `${option}: a span of time like 7d, 12h, 30m or 10s`;
  throw new DirectoryError<NodeErrorCode>('draft_field_invalid', message);
}

/** Puts copies together and gives the charter to the running member, which spreads it. */
export async function adoptCharter(
  files: readonly string[],
  configFile: string,
  crypto: Cryptography,
): Promise<Report> {
  const config = await readConfig(configFile);
  const copies = await Promise.all(files.map(readInput));
  const { charter } = charterIn(copies[0]!, crypto);
  const { charters } = await knownCharters(config, crypto);
  const previous = charters[charter.version - 2];
  const known = previous === undefined ? [charter] : [previous.charter, charter];
  const note = mergeCopies(copies, known);
  if (previous !== undefined) accepted(verifyNextCharter(note, previous.note, crypto));
  const adopted = await askMember(config, { ask: 'adopt', note });
  const effectiveAt = isoTime(adopted.effectiveAtMs);
  return {
    result: { version: adopted.version, hash: adopted.hash, effectiveAt },
    lines: [
      `Version ${adopted.version} is signed by both quorums; it takes effect ${effectiveAt}.`,
      'It spreads by itself, also to members that are away now.',
      'Next: callbook-node charter show --config … shows when it is in force here.',
    ],
  };
}

/** Puts copies together into a file, when a quorum has signed. */
export async function mergeCharter(
  files: readonly string[],
  { out, previous }: { readonly out: string; readonly previous?: string },
  crypto: Cryptography,
): Promise<Report> {
  const copies = await Promise.all(files.map(readInput));
  const { charter } = charterIn(copies[0]!, crypto);
  const before = previous === undefined ? undefined : await readCharterFile(previous, crypto);
  const note = mergeCopies(copies, before === undefined ? [charter] : [before.charter, charter]);
  accepted(
    before?.note === undefined
      ? verifyFoundingCharter(note, crypto)
      : verifyNextCharter(note, before.note, crypto),
  );
  await writeOutput(out, note);
  const merged = charterIn(note, crypto);
  const { result, lines } = reportCharter({ ...merged, previous: before?.charter }, crypto);
  const next = `Next: name ${out} under charters in the configuration of each member.`;
  return { result: { ...result, out }, lines: [...lines, next] };
}
