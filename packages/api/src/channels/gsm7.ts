/**
 * Counts a text as an SMS carries it: septets of the GSM 7-bit default alphabet (3GPP TS 23.038
 * §6.2.1). One segment has 140 octets, which is 160 septets; a longer text costs a second message.
 */

/** 3GPP TS 23.040 §9.2.3.16: a TP-User-Data of 140 octets holds 160 septets. */
export const smsSegmentSeptetsMax = 160;

const escapeSeptet = 0x1b;

/** In the order of their septets; the place of the escape holds a character that no text has. */
const alphabet =
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\uFFFFÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?' +
  '¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà';
const basicSeptets = new Map(Array.from(alphabet).map((character, septet) => [character, septet]));
basicSeptets.delete('\uFFFF');

/** §6.2.1.1: each is the escape followed by one more septet. */
const extensionSeptets = new Map([
  ['\f', 0x0a],
  ['^', 0x14],
  ['{', 0x28],
  ['}', 0x29],
  ['\\', 0x2f],
  ['[', 0x3c],
  ['~', 0x3d],
  [']', 0x3e],
  ['|', 0x40],
  ['€', 0x65],
]);

/** Returns the septets a text takes; undefined when a character is outside the alphabet. */
export function gsm7Septets(text: string): number | undefined {
  return encodeGsm7(text)?.length;
}

/** Encodes a text, one octet a septet as SMPP carries it; undefined as `gsm7Septets`. */
export function encodeGsm7(text: string): Uint8Array | undefined {
  const septets: number[] = [];
  for (const character of text) {
    const basic = basicSeptets.get(character);
    const extension = extensionSeptets.get(character);
    if (basic !== undefined) septets.push(basic);
    else if (extension !== undefined) septets.push(escapeSeptet, extension);
    else return undefined;
  }
  return Uint8Array.from(septets);
}
