/** An honest proof over the logs and bindings of a test federation, as its member would answer. */
import {
  applyIndexBatch,
  bindingStateHash,
  encodeBase64Url,
  encodeIndexProof,
  labelOf,
  parseEntry,
  proveIndexLabel,
  signIndexRoot,
  utf8,
  type Identifier,
  type IndexedState,
} from '@callbook/protocol';
import { nobleCryptography as crypto } from '@callbook/protocol/crypto/noble';
import type { TestLog } from './test-log.ts';
import type { TestBinding, TestDirectory } from './test-member.ts';

export const cosignedAtSeconds = 1_790_000_000;
/** End of the pause of everything that was released. */
export const endsAtMs = 4_000_000_000_000;

interface Shown {
  readonly state: IndexedState;
  readonly entries: readonly Uint8Array[];
  readonly opened: TestBinding['opened'];
}

/** The answer to `POST /v1/proof` of the member that writes `own`. */
export function proofOf(own: TestLog, directory: TestDirectory, name: string): object {
  const identifier = name as Identifier;
  const shown = shownOf(directory, identifier);
  const label = labelOf(identifier, directory.prover);
  const everybody = [...directory.bindings.keys(), ...directory.releases.keys()];
  const changes = everybody.map((held) => ({
    label: labelOf(held as Identifier, directory.prover),
    stateHash: bindingStateHash(shownOf(directory, held as Identifier)!.state, crypto),
  }));
  const { written, root } = applyIndexBatch(changes, () => undefined, crypto);
  const proof = proveIndexLabel(label, (path) => written.get(path), crypto);
  const logs = directory.members.map(({ log }) => log).toSorted(byOrigin);
  const position = {
    ruleset: 1,
    charter: directory.charterHash,
    root,
    // One leaf behind what is cosigned, where there is more than one: as at a member with work.
    logs: logs.map((log) => {
      const size = Math.max(1, log.leaves.length - 1);
      return { origin: log.origin, size, root: log.root(size) };
    }),
  };
  return {
    labelEpoch: 0,
    label: encodeBase64Url(label),
    vrfProof: encodeBase64Url(directory.prover.prove(utf8(identifier))),
    root: signIndexRoot(position, own.signer),
    indexProof: encodeBase64Url(encodeIndexProof(proof)),
    logs: logs.map((log, place) => ({
      checkpoint: log.agreed(log.leaves.length, logs, cosignedAtSeconds),
      consistency: log
        .consistency(position.logs[place]!.size, log.leaves.length)
        .map((hash) => encodeBase64Url(hash)),
    })),
    state: shown === undefined ? null : texts(shown.state),
    ...texts({
      ownership: shown?.entries[0] ?? null,
      published: shown?.entries[1] ?? null,
      payload: shown?.opened.payload ?? null,
      opening: shown?.opened.opening ?? null,
    }),
  };
}

/** The answer to `POST /v1/proofs`. */
export function proofsOf(own: TestLog, directory: TestDirectory, names: string[]): object {
  const results = names.map((name) => proofOf(own, directory, name));
  const { root, logs } = results[0] as { root: string; logs: object[] };
  return { root, logs, results };
}

function shownOf(directory: TestDirectory, identifier: Identifier): Shown | undefined {
  const held = directory.bindings.get(identifier);
  if (held !== undefined) return { ...held, state: stateOf(held) };
  const released = directory.releases.get(identifier);
  if (released === undefined) return undefined;
  const { id: ownershipId, bytes, binding } = released;
  const state = { ...stateOf(binding), status: 'released', ownershipId, endsAtMs } as const;
  return { state, entries: [bytes, binding.entries.at(-1)!], opened: binding.opened };
}

function stateOf({ entry, entries, ownershipId, entryId }: TestBinding): IndexedState {
  const owner = parseEntry(entries[0]!);
  if (owner.verdict !== 'accept') throw new Error(owner.message);
  const { epoch, authority, recovery, lock, email } = owner.value;
  const { seq, commitment } = entry;
  const ownership = { ownershipId, ownershipAtMs: 1_700_000_000_000, endsAtMs: null };
  const terms = { epoch, status: 'held', authority, recovery, lock, email } as const;
  return { ...ownership, ...terms, seq, entryId, commitment };
}

function texts(values: object): object {
  const entries = Object.entries(values).map(([name, value]: [string, unknown]) => [
    name,
    value instanceof Uint8Array ? encodeBase64Url(value) : value,
  ]);
  return Object.fromEntries(entries) as object;
}

function byOrigin(a: TestLog, b: TestLog): number {
  return a.origin < b.origin ? -1 : 1;
}
