/** CNAME and DNAME in an answer, and where they lead. */
import { DomainName, isAtOrBelow, joinLabels, recordTypes, sameName } from '@callbook/dns/wire';
import type { DnsAnswer } from './inquiry.ts';
import type { SignedRrset } from './signed-rrset.ts';

/**
 * The RRset that renames `name`: a DNAME above it, or else a CNAME at it. The DNAME first, because the
 * CNAME that comes with it is made by the server and signed by nobody (RFC 6672 §5.3.1).
 */
export function findAlias({ answers }: DnsAnswer, name: DomainName): SignedRrset | undefined {
  return (
    answers.find(
      ({ type, owner }) =>
        type === recordTypes.DNAME && isAtOrBelow(name, owner) && !sameName(name, owner),
    ) ?? answers.find(({ type, owner }) => type === recordTypes.CNAME && sameName(name, owner))
  );
}

/** Where `alias` leads from `name`; undefined when it cannot be read or the new name is too long. */
export function aliasTargetOf(alias: SignedRrset, name: DomainName): DomainName | undefined {
  const [rdata] = alias.rdatas;
  // RFC 2181 §10.1, RFC 6672 §2.4: one record of either kind at a name.
  if (alias.rdatas.length !== 1 || rdata === undefined || rdata.length === 0) return undefined;
  const target = new DomainName(rdata);
  if (alias.type === recordTypes.CNAME) return target;
  const kept = name.labels.slice(0, name.labelCount - alias.owner.labelCount);
  return joinLabels(kept, target);
}
