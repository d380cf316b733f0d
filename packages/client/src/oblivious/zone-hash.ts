/**
 * Whether a member's zone, validated from the charter, publishes the hash of its gateway's keys: TXT at
 * `_oblivious-keys.<apex>` (docs/spec, Oblivious look-ups). A zone that says otherwise is believed over
 * what members show; one that cannot be asked says nothing.
 */
import { parseName, parseRdata, recordTypes } from '@callbook/dns/wire';
import type { DirectoryContext } from '../directory-context.ts';
import type { Member } from '../member.ts';

export type ZoneWord = 'agrees' | 'differs' | 'unasked';

/** Asks the member plainly about its own zone: who asks for keys is no secret, for whom is not said. */
export async function zoneWordOn(
  context: DirectoryContext,
  member: Member,
  encoded: Uint8Array,
): Promise<ZoneWord> {
  const name = parseName(`_oblivious-keys.${member.zone}`);
  const validator = context.zones.validatorOf(context, member);
  if (validator === undefined || name.verdict !== 'accept') return 'unasked';
  const { verdict, rdatas } = await validator.validate(name.value, recordTypes.TXT);
  if (verdict === 'indeterminate') return 'unasked';
  const wanted = `keys=${context.crypto.sha256(encoded).toHex()}`;
  const isThere = rdatas.some((rdata) => {
    const [version, ...texts] = textsOf(rdata);
    return version === 'v=callbook1' && texts.includes(wanted);
  });
  return verdict === 'secure' && isThere ? 'agrees' : 'differs';
}

function textsOf(rdata: Uint8Array): string[] {
  const parsed = parseRdata(recordTypes.TXT, rdata);
  if (parsed.verdict !== 'accept' || parsed.value.type !== 'TXT') return [];
  return parsed.value.strings.map((octets) => new TextDecoder().decode(octets));
}
