/**
 * A query that overwrites what others have left: its name is longer than that of any number, and looked
 * up and denied like one, so it passes through every room that a name that nobody has leaves octets in.
 */
import {
  encodeMessage,
  joinLabels,
  parseName,
  queryMessage,
  recordTypes,
} from '@callbook/dns/wire';

/** E.164 numbers have at most 15 digits; `_sip-client` and hashes take no more than 70 octets. */
const labelCount = 48;

/**
 * The same for the store, whose keys are built in one room: with its prefix this is as long as the
 * longest identifier, and no telephone number.
 */
export const washDigits: string = '0'.repeat(249);

/** Returns the query for a zone. */
export function washQuery(apex: string): Uint8Array {
  const zone = parseName(apex);
  const labels = Array.from({ length: labelCount }, () => Uint8Array.of(0x30));
  const name = zone.verdict === 'accept' ? joinLabels(labels, zone.value) : undefined;
  if (name === undefined) throw new RangeError('apex leaves no room for numbers');
  const edns = { udpPayloadBytes: 1232, version: 0, dnssecOk: true, compactOk: false, options: [] };
  return encodeMessage(queryMessage({ name, type: recordTypes.NAPTR }, { edns }));
}
