/**
 * Identifiers: `tel:+34912345678`, `mailto:user@domain`, `sip:user@domain`. There is one canonical
 * form and this page accepts nothing else; turning what people type into it is a client's work.
 *
 * Two choices are odd. A local part is limited to the characters that need no escaping in either a
 * `mailto:` or a `sip:` URI, so that the identifier is a URI as it stands. And A-labels are checked
 * by their letters only: IDNA tables differ between versions, and members must not.
 */
import { addressBytesMax, domainLabelBytesMax, localPartBytesMax } from './limits.ts';
import { accept, reject } from './verdict.ts';
import type { Verdict } from './verdict.ts';

/** A telephone number, an e-mail address or a SIP address, in canonical form. */
export type Identifier = `tel:${string}` | `mailto:${string}` | `sip:${string}`;

/** Parses an identifier in canonical form; code `identifier_malformed`. */
export function parseIdentifier(text: string): Verdict<Identifier> {
  const colon = text.indexOf(':') + 1;
  const rest = text.slice(colon);
  switch (text.slice(0, colon)) {
    case 'tel:':
      return verdictOf(`tel:${rest}`, telephoneProblemOf(rest));
    case 'mailto:':
      return verdictOf(`mailto:${rest}`, addressProblemOf(rest));
    case 'sip:':
      return verdictOf(`sip:${rest}`, addressProblemOf(rest));
    default:
      return reject('identifier_malformed', 'scheme is none of tel, mailto, sip');
  }
}

function verdictOf(identifier: Identifier, problem: string | undefined): Verdict<Identifier> {
  return problem === undefined ? accept(identifier) : reject('identifier_malformed', problem);
}

/** E.164: a country code never begins with 0, and the whole number has at most 15 digits. */
const telephoneNumber = /^\+[1-9][0-9]{6,14}$/;

/** RFC 5322 §3.2.3 dot-atom, less what RFC 6068 §2 or RFC 3261 §25.1 would have escaped. */
const localPart = /^[a-z0-9!$'*+_~-]+(?:\.[a-z0-9!$'*+_~-]+)*$/;

/** RFC 5890 §2.3.1: LDH labels; one with hyphens in places 3 and 4 is reserved, or an A-label. */
const domainLabel = /^(?!..--)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$|^xn--[a-z0-9-]*[a-z0-9]$/;

function telephoneProblemOf(number: string): string | undefined {
  return telephoneNumber.test(number)
    ? undefined
    : 'telephone number is not + and 7 to 15 digits, the first not 0';
}

function addressProblemOf(address: string): string | undefined {
  // Before any regular expression: a long address costs nothing.
  if (address.length > addressBytesMax) {
    return `address is ${address.length} characters, at most ${addressBytesMax}`;
  }
  const at = address.indexOf('@');
  if (at === -1) return 'address has no @';
  if (at > localPartBytesMax) return `local part is ${at} bytes, at most ${localPartBytesMax}`;
  if (!localPart.test(address.slice(0, at))) return 'local part is not in canonical form';
  return domainProblemOf(address.slice(at + 1));
}

function domainProblemOf(domain: string): string | undefined {
  const labels = domain.split('.');
  if (labels.length < 2) return 'domain has one label, at least 2';
  for (const label of labels) {
    if (label.length > domainLabelBytesMax) {
      return `domain label is ${label.length} bytes, at most ${domainLabelBytesMax}`;
    }
    if (!domainLabel.test(label)) return 'domain label is not in canonical form';
  }
  // RFC 3696 §2: a top-level domain is never all digits, so IPv4 addresses are no domains.
  return /^[0-9]+$/.test(labels.at(-1)!) ? 'last domain label is all digits' : undefined;
}
