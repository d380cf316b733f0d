/** What one charter changes against the one before, in words for whoever is to sign it. */
import type { Charter, CharterMember } from '@callbook/protocol';
import { formatDuration } from './duration.ts';

/** Returns one line a change: `+` new, `~` changed, `-` taken away. */
export function charterChanges(previous: Charter, next: Charter): string[] {
  return [
    ...memberChanges(previous, next),
    ...parameterChanges(previous, next),
    ...logChanges(previous, next),
  ];
}

function memberChanges(previous: Charter, next: Charter): string[] {
  const before = new Map(previous.members.map((member) => [member.name, member]));
  return next.members.flatMap((member) => {
    const former = before.get(member.name);
    if (former === undefined) return [`+ member ${member.name}: ${describeMember(member)}`];
    return fieldChanges(former, member).map((change) => `~ member ${member.name}: ${change}`);
  });
}

function describeMember({ organisation, legalForm, api, zone }: CharterMember): string {
  return `${organisation} (${legalForm}), ${api}, zone ${zone}`;
}

function fieldChanges(former: CharterMember, member: CharterMember): string[] {
  const { cutoff, ...rest } = member;
  const changes = Object.entries(rest).flatMap(([name, value]) => {
    const [from, to] = [former[name as keyof typeof rest], value].map(textOf);
    return from === to ? [] : [`${name} ${from} → ${to}`];
  });
  if (cutoff === undefined || former.cutoff !== undefined) return changes;
  return [...changes, `log cut off at ${cutoff.size} leaves, root ${cutoff.root}`];
}

function textOf(value: string | readonly string[]): string {
  if (typeof value === 'string') return value;
  return value.length === 0 ? 'none' : value.join(', ');
}

function parameterChanges(previous: Charter, next: Charter): string[] {
  const holds = Object.entries(next.holds).flatMap(([name, ms]) => {
    const before = previous.holds[name as keyof Charter['holds']];
    return ms === before ? [] : [`~ ${name}: ${formatDuration(before)} → ${formatDuration(ms)}`];
  });
  const { ruleset } = next;
  const isNew = ruleset.number !== previous.ruleset.number;
  return [
    ...(next.faults === previous.faults ? [] : [`~ faults: ${previous.faults} → ${next.faults}`]),
    ...holds,
    ...(isNew ? [`~ ruleset: ${previous.ruleset.number} → ${ruleset.number}`] : []),
  ];
}

function logChanges(previous: Charter, next: Charter): string[] {
  const before = new Map(previous.logs.map(({ origin, size }) => [origin, size]));
  return next.logs.flatMap(({ origin, size }) => {
    const former = before.get(origin) ?? 0;
    return size === former ? [] : [`~ log ${origin}: ${former} → ${size} leaves`];
  });
}
