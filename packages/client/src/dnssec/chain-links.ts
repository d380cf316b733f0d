/** The links of a chain, as a person is shown them. */
import { formatName, type DomainName } from '@callbook/dns/wire';
import type { ChainLink, Judgement } from './validation.ts';
import type { CheckedRrset } from './verify-rrset.ts';

/** A zone below another: signed, proven unsigned, or broken. */
export function delegationLink(
  name: DomainName,
  judgement: Judgement,
  checked?: CheckedRrset,
): ChainLink {
  return chainLink('delegation', name, { judgement, checked });
}

/** The keys of a zone. */
export function keysLink(
  zone: DomainName,
  judgement: Judgement,
  checked?: CheckedRrset,
): ChainLink {
  return chainLink('keys', zone, { judgement, checked });
}

/** A link of any kind, with who signed it where a signature holds. */
export function chainLink(
  kind: ChainLink['kind'],
  name: DomainName,
  found: { readonly judgement: Judgement; readonly checked: CheckedRrset | undefined },
): ChainLink {
  const { judgement, checked } = found;
  const link = { kind, name: formatName(name), ...judgement };
  const rrsig = checked?.rrsig;
  if (rrsig === undefined) return link;
  const { keyTag, algorithm } = rrsig;
  const zone = formatName(rrsig.signer);
  return { ...link, zone, keyTag, algorithm, expiresAtMs: rrsig.expirationSeconds * 1000 };
}
