/**
 * Asks each member's zone of that member itself, over HTTPS: so that what DNS says at every member can be
 * shown live, without a resolver's cache between. What comes back is validated by the SDK from the charter.
 */
import { dohTransport, type DnsTransport, type Fetch, type Member } from '@callbook/client';

/** A transport that sends a question to the member in whose zone it is. */
export function memberDns(members: () => readonly Member[], fetch: Fetch): DnsTransport {
  return {
    exchange: async (query) => {
      const name = questionName(query);
      const member = members().find(({ zone }) => name === zone || name.endsWith(`.${zone}`));
      if (member === undefined) throw new Error('the name is in no zone of a member');
      return await dohTransport({ url: `${member.api}/dns-query`, fetch }).exchange(query);
    },
  };
}

/** RFC 1035 §4.1.2: after twelve octets of header, labels behind their lengths; ours are all ASCII. */
function questionName(query: Uint8Array): string {
  const labels: string[] = [];
  let place = 12;
  for (let size = query[place] ?? 0; size > 0; size = query[place] ?? 0) {
    labels.push(new TextDecoder().decode(query.subarray(place + 1, place + 1 + size)));
    place += size + 1;
  }
  return labels.join('.').toLowerCase();
}
