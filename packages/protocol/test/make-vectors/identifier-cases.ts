/** Vectors of identifiers. `bytes` is the text in UTF-8. */
import type { VectorCase } from './vector-case.ts';

/** Returns all cases of `vectors/identifiers`. */
export function identifierCases(): VectorCase[] {
  return [
    ...cases('accept', validTexts()),
    ...cases('identifier_malformed', [...telephoneTexts(), ...addressTexts(), ...schemeTexts()]),
  ];
}

type NamedText = readonly [name: string, comment: string, text: string];

const label63 = 'd'.repeat(63);
/** 64 and @ and 189: an address of 254 bytes whose parts are all within their limits. */
const domain189 = `${label63}.${label63}.${'e'.repeat(53)}.example`;

function validTexts(): NamedText[] {
  const lengths = 'a telephone number has 7 to 15 digits';
  return [
    ['telephone_number', '+ and digits', 'tel:+34912345678'],
    ['telephone_number_of_7_digits', lengths, 'tel:+1234567'],
    ['telephone_number_of_8_digits', lengths, 'tel:+12345678'],
    ['telephone_number_of_14_digits', lengths, 'tel:+12345678901234'],
    ['telephone_number_of_15_digits', lengths, 'tel:+123456789012345'],
    ['number_outside_numbering_plans', 'form alone decides', 'tel:+447700900001'],
    ['mail_address', 'user@domain', 'mailto:anna@mail.example'],
    ['mail_address_with_dots_and_tag', 'dot-atom', 'mailto:anna.maria+call@mail.example'],
    [
      'mail_address_of_every_character',
      'all that need no escaping',
      "mailto:a0!$'*+_~-.z@mail.example",
    ],
    ['sip_address', 'user@domain', 'sip:anna@sip.example'],
    ['a_label', 'domains are A-labels', 'sip:anna@xn--mller-kva.example'],
    ['a_label_at_the_top', 'domains are A-labels', 'sip:anna@sip.xn--vermgensberatung-pwb'],
    ['label_of_digits', 'only the last label may not be all digits', 'sip:anna@123.example'],
    ['local_part_of_63_bytes', 'at most 64 bytes', `mailto:${'a'.repeat(63)}@mail.example`],
    ['local_part_of_64_bytes', 'at most 64 bytes', `mailto:${'a'.repeat(64)}@mail.example`],
    ['label_of_62_bytes', 'at most 63 bytes', `sip:anna@${'d'.repeat(62)}.example`],
    ['label_of_63_bytes', 'at most 63 bytes', `sip:anna@${label63}.example`],
    ['address_of_253_bytes', 'at most 254 bytes', `sip:${'a'.repeat(63)}@${domain189}`],
    ['address_of_254_bytes', 'at most 254 bytes', `sip:${'a'.repeat(64)}@${domain189}`],
  ];
}

function telephoneTexts(): NamedText[] {
  return [
    ['telephone_number_of_6_digits', 'at least 7 digits', 'tel:+123456'],
    ['telephone_number_of_16_digits', 'at most 15 digits', 'tel:+1234567890123456'],
    ['country_code_0', 'the first digit is not 0', 'tel:+0912345678'],
    ['telephone_number_without_plus', 'it begins with +', 'tel:34912345678'],
    ['telephone_number_with_spaces', 'digits only', 'tel:+34 912 345 678'],
    ['telephone_number_with_hyphens', 'digits only', 'tel:+34-912-345-678'],
    ['telephone_number_with_letters', 'digits only', 'tel:+1800FLOWERS'],
    ['telephone_number_with_parameter', 'digits only', 'tel:+34912345678;ext=1'],
    ['telephone_number_with_line_feed', 'nothing follows', 'tel:+34912345678\n'],
    ['telephone_number_of_arabic_digits', 'ASCII digits only', 'tel:+٣٤٩١٢٣٤٥٦٧٨'],
    ['telephone_number_empty', 'it has digits', 'tel:'],
  ];
}

function addressTexts(): NamedText[] {
  return [
    ['local_part_in_capitals', 'lower case', 'mailto:Anna@mail.example'],
    ['domain_in_capitals', 'lower case', 'mailto:anna@Mail.example'],
    ['address_without_at', 'user@domain', 'mailto:mail.example'],
    ['address_with_two_ats', 'one @', 'mailto:anna@home@mail.example'],
    ['local_part_empty', 'at least 1 byte', 'mailto:@mail.example'],
    ['local_part_of_65_bytes', 'at most 64 bytes', `mailto:${'a'.repeat(65)}@mail.example`],
    ['local_part_begins_with_dot', 'dot-atom', 'mailto:.anna@mail.example'],
    ['local_part_ends_with_dot', 'dot-atom', 'mailto:anna.@mail.example'],
    ['local_part_with_two_dots', 'dot-atom', 'mailto:anna..maria@mail.example'],
    ['local_part_quoted', 'dot-atom', 'mailto:"anna"@mail.example'],
    ['local_part_with_percent_sign', 'no character that needs escaping', 'sip:an%6ea@sip.example'],
    ['local_part_with_slash', 'no character that needs escaping', 'mailto:a/b@mail.example'],
    ['local_part_with_space', 'no character that needs escaping', 'mailto:a b@mail.example'],
    ['local_part_outside_ascii', 'ASCII', 'mailto:añna@mail.example'],
    ['domain_empty', 'at least 2 labels', 'sip:anna@'],
    ['domain_of_one_label', 'at least 2 labels', 'sip:anna@localhost'],
    ['domain_ends_with_dot', 'no empty label', 'sip:anna@sip.example.'],
    ['domain_begins_with_dot', 'no empty label', 'sip:anna@.sip.example'],
    ['domain_outside_ascii', 'A-labels', 'sip:anna@müller.example'],
    ['label_of_64_bytes', 'at most 63 bytes', `sip:anna@${'d'.repeat(64)}.example`],
    ['label_begins_with_hyphen', 'LDH labels', 'sip:anna@-sip.example'],
    ['label_ends_with_hyphen', 'LDH labels', 'sip:anna@sip-.example'],
    ['label_reserved', 'hyphens in places 3 and 4 are for A-labels', 'sip:anna@ab--cd.example'],
    ['a_label_empty', 'something follows xn--', 'sip:anna@xn--.example'],
    ['label_with_underscore', 'LDH labels', 'sip:anna@my_host.example'],
    ['domain_is_ipv4_address', 'the last label is not all digits', 'sip:anna@192.0.2.1'],
    ['domain_is_ipv6_address', 'LDH labels', 'sip:anna@[2001:db8::1]'],
    ['address_of_255_bytes', 'at most 254 bytes', `sip:${'a'.repeat(64)}@e${domain189}`],
    ['sip_address_with_port', 'no port', 'sip:anna@sip.example:5060'],
    ['sip_address_with_parameter', 'no parameters', 'sip:anna@sip.example;transport=tls'],
    ['address_with_line_feed', 'nothing follows', 'sip:anna@sip.example\n'],
  ];
}

function schemeTexts(): NamedText[] {
  return [
    ['empty', 'an identifier has a scheme', ''],
    ['scheme_missing', 'an identifier has a scheme', '+34912345678'],
    ['scheme_in_capitals', 'lower case', 'TEL:+34912345678'],
    ['scheme_sips', 'tel, mailto or sip', 'sips:anna@sip.example'],
    ['scheme_unknown', 'tel, mailto or sip', 'xmpp:anna@xmpp.example'],
    ['space_before', 'nothing comes before', ' tel:+34912345678'],
  ];
}

function cases(expect: string, texts: readonly NamedText[]): VectorCase[] {
  return texts.map(([name, comment, text]) => ({
    topic: 'identifiers',
    name,
    comment,
    expect,
    values: { text, bytes: Buffer.from(text).toString('hex') },
  }));
}
