/**
 * What the fields of one charter must say of each other: unique names and keys, a quorum that can be
 * met, cut-offs where members are expelled, logs that belong to members.
 */
import { charterLifetimeMsMax } from '../limits.ts';
import { emptyRoot } from '../merkle/tree-hash.ts';
import { parseVerifierKey } from '../notes/verifier-key.ts';
import type { VerifierKey } from '../notes/verifier-key.ts';
import { assert } from '../assert.ts';
import { reject } from '../verdict.ts';
import type { Refusal } from '../verdict.ts';
import type { Charter, LogState } from './charter.ts';
import { activeMembers, quorumFor } from './quorum.ts';

/** Returns the first rule that a well-shaped charter breaks, or undefined. */
export function inconsistencyOf(charter: Charter): Refusal | undefined {
  const faults = checkFaults(charter);
  if (faults !== undefined) return reject('charter_faults_invalid', faults);
  const found =
    checkTimes(charter) ?? checkUnique(charter) ?? checkStates(charter) ?? checkLogs(charter);
  return found === undefined ? undefined : reject('charter_inconsistent', found);
}

/** Returns a member's verifier key; the charter has been parsed. */
export function verifierKeyIn(vkey: string): VerifierKey {
  const key = parseVerifierKey(vkey);
  assert(key.verdict === 'accept', 'a parsed charter has well-formed keys');
  return key.value;
}

function checkFaults(charter: Charter): string | undefined {
  const { faults } = charter;
  const active = activeMembers(charter).length;
  const expelled = charter.members.filter((member) => member.state === 'expelled').length;
  // An expulsion acts at once while f falls only 7 days later, so until then an expelled member still
  // counts here. It never counts in n: quorums keep sharing an honest member.
  if (active + expelled < 3 * faults + 1) {
    return `${active} active members for ${faults} faults, at least ${3 * faults + 1}`;
  }
  const quorum = quorumFor(active, faults);
  return active < quorum ? `${active} active members, quorum ${quorum}` : undefined;
}

function checkTimes(charter: Charter): string | undefined {
  const { version, previous, effectiveAtMs, expiresAtMs } = charter;
  if ((version === 1) !== (previous === null)) return 'only version 1 has no previous charter';
  if (expiresAtMs <= effectiveAtMs) return 'charter expires before it takes effect';
  if (expiresAtMs - effectiveAtMs > charterLifetimeMsMax) {
    return `charter lives ${expiresAtMs - effectiveAtMs} ms, at most ${charterLifetimeMsMax}`;
  }
  return undefined;
}

function checkUnique(charter: Charter): string | undefined {
  const { members, logs } = charter;
  const governanceKeys = members.flatMap((member) => member.governanceKeys).map(verifierKeyIn);
  const logKeys = members.map((member) => verifierKeyIn(member.logKey));
  const publicKeys = [...governanceKeys, ...logKeys].map((key) => key.publicKey.toHex());
  const unique: Readonly<Record<string, readonly string[]>> = {
    names: members.map((member) => member.name),
    'peer ids': members.map((member) => member.peerId),
    'API addresses': members.map((member) => member.api),
    zones: members.map((member) => member.zone),
    'log keys with one origin': logKeys.map((key) => key.name),
    logs: logs.map((log) => log.origin),
    // One key in two places would count for two members, or sign in two meanings.
    'public keys': publicKeys,
    // Signature lines name a key by name and hash: two keys of one line could not be told apart.
    'governance keys with one name and hash': governanceKeys.map(
      (key) => `${key.name}+${key.keyHash.toHex()}`,
    ),
  };
  for (const [what, values] of Object.entries(unique)) {
    if (new Set(values).size !== values.length) return `charter repeats ${what}`;
  }
  return checkOrigins(logKeys.map((key) => key.name));
}

/** Below `/log/` one origin must not be a folder of another. */
function checkOrigins(origins: readonly string[]): string | undefined {
  const nested = origins.some((inner) =>
    origins.some((outer) => inner !== outer && inner.startsWith(`${outer}/`)),
  );
  return nested ? 'charter has an origin below another' : undefined;
}

function checkStates(charter: Charter): string | undefined {
  for (const [index, { state, cutoff }] of charter.members.entries()) {
    if ((state === 'expelled') !== (cutoff !== undefined)) {
      return `members[${index}] must have a cut-off if and only if it is expelled`;
    }
  }
  return undefined;
}

function checkLogs(charter: Charter): string | undefined {
  const cutoffs = new Map(
    charter.members.map((member) => [verifierKeyIn(member.logKey).name, member.cutoff]),
  );
  for (const [index, log] of charter.logs.entries()) {
    if (!cutoffs.has(log.origin)) return `logs[${index}] belongs to no member`;
    const cutoff = cutoffs.get(log.origin);
    if (cutoff !== undefined && !sameState(log, cutoff)) {
      return `logs[${index}] differs from the cut-off of its member`;
    }
  }
  const states = [
    ...charter.logs,
    ...[...cutoffs.values()].filter((cutoff) => cutoff !== undefined),
  ];
  const emptyRootText = emptyRoot().toBase64();
  const wrong = states.some(({ size, root }) => size === 0 && root !== emptyRootText);
  return wrong ? 'charter has a log of size 0 without the empty root' : undefined;
}

/** Tells whether two states of one log are the same. */
export function sameState(a: LogState, b: LogState): boolean {
  return a.size === b.size && a.root === b.root;
}
