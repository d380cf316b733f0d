/** Vectors of entries whose bytes are not the one deterministic encoding of their map. */
import { invalid } from './entry-form-cases.ts';
import { drafts, encodedFields, signedEntry } from './signed-entry.ts';
import type { VectorCase } from './vector-case.ts';

/** Returns the cases with code `cbor_malformed`. */
export function entryEncodingCases(): VectorCase[] {
  const bytes = signedEntry(drafts.register);
  const hex = bytes.toHex();
  const pairs = `a1${hex.slice(2)}`;
  return [
    malformed('no_bytes', 'an entry is one CBOR item', ''),
    malformed('last_byte_missing', 'the item must be whole', hex.slice(0, -2)),
    malformed('byte_after_the_end', 'nothing follows the item', `${hex}00`),
    malformed('map_of_fewer_pairs_than_follow', 'nothing follows the item', pairs),
    // The first pair is "v": 1 (61 76 01), the second "seq": 0 (63 736571 00).
    malformed('key_twice', 'keys are unique', hex.replace('ad617601', 'ae617601617601')),
    malformed(
      'keys_out_of_order',
      'keys ascend',
      hex.replace('ad6176016373657100', 'ad6373657100617601'),
    ),
    malformed('map_of_indefinite_length', 'lengths are definite', `${hex.replace(/^ad/, 'bf')}ff`),
    malformed('map_head_not_shortest', 'lengths are shortest', hex.replace(/^ad/, 'b80d')),
    malformed('integer_not_shortest', 'integers are shortest', hex.replace('617601', '61761801')),
    malformed('integer_as_float', 'there are no floats', hex.replace('617601', '6176f93c00')),
    malformed('integer_as_bignum', 'there are no tags', hex.replace('617601', '6176c24101')),
    malformed(
      'text_length_not_shortest',
      'lengths are shortest',
      hex.replace('617601', '78017601'),
    ),
    malformed('text_not_utf_8', 'text is UTF-8', hex.replace('617601', '61ff01')),
    malformed(
      'lock_undefined',
      'there is no undefined',
      hex.replace('646c6f636bf4', '646c6f636bf7'),
    ),
    malformed('tagged', 'there are no tags', `d9d9f7${hex}`),
    invalid('seq_of_2_53', 'integers are at most 2^53 - 1', {
      expect: 'cbor_malformed',
      bytes: signedEntry({ ...drafts.update, seq: 2n ** 53n }),
    }),
    malformed(
      'byte_string_longer_than_the_entry',
      'the item must be whole',
      hex.replace('5820', '5a7fffffff'),
    ),
    invalid('nested_nine_deep', 'arrays and maps nest at most 8 deep', {
      expect: 'cbor_malformed',
      bytes: encodedFields([[[[[[[[[]]]]]]]]]),
    }),
    invalid('nested_eight_deep', 'deep enough for CBOR, yet no map', {
      expect: 'entry_malformed',
      bytes: encodedFields([[[[[[[[]]]]]]]]),
    }),
  ];
}

function malformed(name: string, comment: string, hex: string): VectorCase {
  return invalid(name, comment, { expect: 'cbor_malformed', bytes: Uint8Array.fromHex(hex) });
}
