/** The charter after another, as its members would draft and sign it. */
import type { Charter, CharterLog, LogState } from '@callbook/protocol';
import { charterHash, parseCharter } from '@callbook/protocol';

import type { MemberSecrets, TestFederation } from './federation.ts';
import { charterMember, crypto, memberSecrets, signCharter } from './federation.ts';
import type { Replica } from '../../src/replica.ts';

export interface NextCharterOptions {
  readonly effectiveAtMs: number;
  /** Names of members that join. */
  readonly joining?: readonly string[];
  /** Cut-offs of members that are expelled, by name. */
  readonly expelled?: Readonly<Record<string, LogState>>;
  readonly readonlyMembers?: readonly string[];
  readonly faults?: number;
  /** Each log's size and root; empty logs where not given. */
  readonly logs?: readonly CharterLog[];
}

/** The federation under its next charter, which all members before and after have signed. */
export async function nextCharter(
  before: TestFederation,
  options: NextCharterOptions,
): Promise<TestFederation> {
  const { joining = [], expelled = {}, readonlyMembers = [], logs = [] } = options;
  const joined: MemberSecrets[] = await Promise.all(joining.map(memberSecrets));
  const members = [...before.members, ...joined];
  const { charter: from } = before;
  const stated = [...from.members, ...joined.map(charterMember)].map((member) => {
    const cutoff = expelled[member.name] ?? member.cutoff;
    if (cutoff !== undefined) {
      const { size, root } = cutoff;
      return { ...member, state: 'expelled' as const, cutoff: { size, root } };
    }
    return readonlyMembers.includes(member.name)
      ? { ...member, state: 'readonly' as const }
      : member;
  });
  const charter: Charter = {
    ...from,
    version: from.version + 1,
    previous: charterHash(before.note, crypto).toHex(),
    effectiveAtMs: options.effectiveAtMs,
    faults: options.faults ?? from.faults,
    members: stated,
    logs: members.map(({ name, origin }) => {
      const { cutoff } = stated.find((member) => member.name === name)!;
      return { origin, ...(cutoff ?? recorded(origin, [...logs, ...from.logs])) };
    }),
  };
  const active = members.filter(
    ({ name }) => stated.find((member) => member.name === name)!.state === 'active',
  );
  const signing = new Set([
    ...before.members.filter((member) => isActive(from, member)),
    ...active,
  ]);
  const note = signCharter(charter, [...signing]);
  const parsed = parseCharter(note);
  if (parsed.verdict !== 'accept') throw new Error(parsed.message);
  return { charter, members, note };
}

function isActive({ members }: Charter, { name }: { readonly name: string }): boolean {
  return members.find((member) => member.name === name)?.state === 'active';
}

function recorded(origin: string, logs: readonly CharterLog[]): LogState {
  const log = logs.find((known) => known.origin === origin);
  const empty = crypto.sha256(new Uint8Array(0)).toBase64();
  return log === undefined ? { size: 0, root: empty } : { size: log.size, root: log.root };
}

/** Size and root of each log as a member has signed checkpoints of it. */
export function logStates(replica: Replica): CharterLog[] {
  return replica.logSizes().flatMap(({ origin }) => {
    const note = replica.checkpoint(origin);
    if (note === undefined) return [];
    const [, size, root] = note.split('\n');
    return [{ origin, size: Number(size), root: root! }];
  });
}
