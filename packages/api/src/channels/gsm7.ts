/**
 * Counts a text as an SMS carries it: septets of the GSM 7-bit default alphabet (3GPP TS 23.038
 * §6.2.1). One segment has 140 octets, which is 160 septets; a longer text costs a second message.
 */

/** 3GPP TS 23.040 §9.2.3.16: a TP-User-Data of 140 octets holds 160 septets. */
export const smsSegmentSeptetsMax = 160;

const basicCharacters = new Set(
  '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?' +
    '¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà',
);

/** §6.2.1.1: each is the escape followed by one more septet. */
const extensionCharacters = new Set('\f^{}\\[~]|€');

/** Returns the septets a text takes; undefined when a character is outside the alphabet. */
export function gsm7Septets(text: string): number | undefined {
  let septets = 0;
  for (const character of text) {
    if (basicCharacters.has(character)) septets += 1;
    else if (extensionCharacters.has(character)) septets += 2;
    else return undefined;
  }
  return septets;
}
