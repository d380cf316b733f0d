/**
 * The messages of `/callbook/snapshot/1`. Each request is answered by one frame, in order:
 * - `{v: 1, want: 'root'}` → `{v: 1, root}`: the newest signed root of the index;
 * - `{v: 1, want: 'open'}` → `{v: 1, root}`: rows of one moment are kept for this stream, and the root
 *   signed over them;
 * - `{v: 1, want: 'labels'}` → `{v: 1, labels, more}`: the next page of these, in the order of labels.
 * A label is `[label, entries]`, an entry `[entry, payload, mentions]` with null or [opening, payload],
 * a mention `[origin, index, at, charter, role]`. Any request may be answered by a refusal.
 */
import type { CborValue, LeafMention, LeafRole, Verdict } from '@callbook/protocol';
import {
  accept,
  encodeCbor,
  entryBytesMax,
  isCborMap,
  leavesKeptPerLogMax,
  membersMax,
  parseCbor,
  reject,
} from '@callbook/protocol';

import { parseOpenedPair } from '../batch/log-batch.ts';
import {
  checkpointBytesMax,
  snapshotEntriesMax,
  snapshotFrameBytesMax,
  snapshotLabelsMax,
  snapshotRequestBytesMax,
  snapshotStreamsMax,
} from '../limits.ts';
import type { StreamProtocol } from '../network/network.ts';
import { refusalIn } from '../network/refusal-message.ts';
import type { OpenedPayload } from '../view/payload-check.ts';

export const snapshotProtocol: StreamProtocol = {
  name: '/callbook/snapshot/1',
  requestBytesMax: snapshotRequestBytesMax,
  answerBytesMax: snapshotFrameBytesMax,
  streamsMax: snapshotStreamsMax,
};

export type SnapshotWant = 'root' | 'open' | 'labels';

export interface SnapshotEntry {
  /** The encoded entry. */
  readonly entryBytes: Uint8Array;
  readonly opened: OpenedPayload | null;
  /** Leaves of it; what they say is proven by the index root alone. */
  readonly mentions: readonly LeafMention[];
}

export interface SnapshotLabel {
  /** 32 bytes. */
  readonly label: Uint8Array;
  /** Ownership entries first. */
  readonly entries: readonly SnapshotEntry[];
}

export interface SnapshotPage {
  readonly labels: readonly SnapshotLabel[];
  /** True when there are labels after these. */
  readonly more: boolean;
}

export function encodeSnapshotRequest(want: SnapshotWant): Uint8Array {
  return encodeCbor({ v: 1, want });
}

export function parseSnapshotRequest(bytes: Uint8Array): Verdict<SnapshotWant> {
  const parsed = parseCbor(bytes);
  if (parsed.verdict !== 'accept') return parsed;
  if (!isCborMap(parsed.value) || Object.keys(parsed.value).length !== 2) {
    return reject('request_malformed', 'snapshot request is not a map of 2 fields');
  }
  const { v, want } = parsed.value;
  const known = want === 'root' || want === 'open' || want === 'labels';
  return v === 1 && known
    ? accept(want)
    : reject('request_malformed', 'snapshot request wants something unknown');
}

export function encodeSnapshotRoot(root: string): Uint8Array {
  return encodeCbor({ v: 1, root });
}

export function parseSnapshotRoot(bytes: Uint8Array): Verdict<string> {
  const map = parseAnswer(bytes, 2);
  if (map.verdict !== 'accept') return map;
  const { root } = map.value;
  return typeof root === 'string' && root.length <= checkpointBytesMax
    ? accept(root)
    : malformed('lacks a root');
}

export function encodeSnapshotPage({ labels, more }: SnapshotPage): Uint8Array {
  return encodeCbor({ v: 1, labels: labels.map(labelItem), more });
}

function labelItem({ label, entries }: SnapshotLabel): CborValue {
  return [
    label,
    entries.map(({ entryBytes, opened, mentions }) => [
      entryBytes,
      opened === null ? null : [opened.opening, opened.payload],
      mentions.map(({ origin, index, at, charter, role }) => [origin, index, at, charter, role]),
    ]),
  ];
}

export function parseSnapshotPage(bytes: Uint8Array): Verdict<SnapshotPage> {
  const map = parseAnswer(bytes, 3);
  if (map.verdict !== 'accept') return map;
  const { labels, more } = map.value;
  if (typeof more !== 'boolean') return malformed('does not say whether there is more');
  if (!Array.isArray(labels) || labels.length > snapshotLabelsMax) {
    return malformed(`lacks a list of at most ${snapshotLabelsMax} labels`);
  }
  const parsed = (labels as readonly CborValue[]).map(parseLabelItem);
  return parsed.every((label) => label !== undefined)
    ? accept({ labels: parsed, more })
    : malformed('has a malformed label');
}

function parseAnswer(bytes: Uint8Array, fields: number): Verdict<{ [name: string]: CborValue }> {
  const parsed = parseCbor(bytes);
  if (parsed.verdict !== 'accept') return parsed;
  const refusal = refusalIn(parsed.value);
  if (refusal !== undefined) return refusal;
  const map = parsed.value;
  if (!isCborMap(map) || map['v'] !== 1 || Object.keys(map).length !== fields) {
    return malformed('has another version or other fields');
  }
  return accept(map);
}

function parseLabelItem(value: CborValue): SnapshotLabel | undefined {
  const [label, entries] = itemsOf(value, 2);
  if (!(label instanceof Uint8Array) || label.length !== 32) return undefined;
  if (!Array.isArray(entries) || entries.length > snapshotEntriesMax) return undefined;
  const parsed = (entries as readonly CborValue[]).map(parseEntryItem);
  return parsed.every((entry) => entry !== undefined) ? { label, entries: parsed } : undefined;
}

function parseEntryItem(value: CborValue): SnapshotEntry | undefined {
  const [entryBytes, payload, mentions] = itemsOf(value, 3);
  if (!(entryBytes instanceof Uint8Array) || entryBytes.length > entryBytesMax) return undefined;
  const opened = payload === undefined || payload === null ? null : parseOpenedPair(payload);
  if (opened === undefined || !Array.isArray(mentions)) return undefined;
  if (mentions.length > membersMax * leavesKeptPerLogMax) return undefined;
  const parsed = (mentions as readonly CborValue[]).map(parseMention);
  return parsed.every((mention) => mention !== undefined)
    ? { entryBytes, opened, mentions: parsed }
    : undefined;
}

const roles: readonly string[] = ['received', 'challenged', 'witnessed'] satisfies LeafRole[];

function parseMention(value: CborValue): LeafMention | undefined {
  const [origin, index, at, charter, role] = itemsOf(value, 5);
  if (typeof origin !== 'string' || typeof role !== 'string' || !roles.includes(role)) {
    return undefined;
  }
  if (typeof index !== 'number' || index < 0 || typeof at !== 'number' || at < 0) return undefined;
  if (!(charter instanceof Uint8Array) || charter.length !== 32) return undefined;
  return { origin, index, at, charter, role: role as LeafRole };
}

/** The items of an array of this length; none of anything else. */
function itemsOf(value: CborValue, count: number): readonly CborValue[] {
  return Array.isArray(value) && value.length === count ? (value as readonly CborValue[]) : [];
}

function malformed(found: string): Verdict<never> {
  return reject('snapshot_malformed', `snapshot message ${found}`);
}
