/**
 * The names of a zone that are known when it is made, with their RRsets; names between them and the
 * apex exist as empty non-terminals.
 */
import { parentName, sameName } from '../wire/names.ts';
import type { DomainName } from '../wire/names.ts';
import { createRrsetOfOctets } from '../rrset.ts';
import type { Rrset } from '../rrset.ts';
import { emptyNode } from './zone.ts';
import type { DataNode, EmptyNode } from './zone.ts';

export type NodeMap = ReadonlyMap<string, DataNode | EmptyNode>;

/** Groups RRsets by owner, keyed by `lookupKey`, with the empty non-terminals above them. */
export function createNodeMap(apex: DomainName, rrsets: readonly Rrset[]): NodeMap {
  const nodes = new Map<string, DataNode | EmptyNode>();
  for (const rrset of rrsets) {
    const there = nodes.get(rrset.owner.lookupKey);
    const others = there?.kind === 'data' ? there.rrsets : [];
    nodes.set(rrset.owner.lookupKey, { kind: 'data', rrsets: withRrset(others, rrset) });
    addEmptyAncestors(nodes, apex, rrset.owner);
  }
  return nodes;
}

/** A host may be named twice, as name server and as API: its addresses are then one RRset. */
function withRrset(rrsets: readonly Rrset[], added: Rrset): Rrset[] {
  const same = rrsets.find(({ type }) => type === added.type);
  if (same === undefined) return [...rrsets, added];
  const ttlSeconds = Math.min(same.ttlSeconds, added.ttlSeconds);
  const rdatas = [...same.rdatas, ...added.rdatas];
  const merged = createRrsetOfOctets({ ...same, ttlSeconds, rdatas });
  return rrsets.map((rrset) => (rrset === same ? merged : rrset));
}

function addEmptyAncestors(
  nodes: Map<string, DataNode | EmptyNode>,
  apex: DomainName,
  owner: DomainName,
): void {
  if (sameName(owner, apex)) return;
  for (let name = parentName(owner)!; !sameName(name, apex); name = parentName(name)!)
    if (!nodes.has(name.lookupKey)) nodes.set(name.lookupKey, emptyNode);
}
