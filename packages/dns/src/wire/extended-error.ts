/**
 * Extended DNS errors (RFC 8914): why an answer is what it is, as an EDNS option. Text is ours and
 * fixed; nothing of a question is ever repeated in it.
 */
import { ednsOptionCodes } from './record-types.ts';
import { joinOctets, uint16Octets } from './octets.ts';
import type { EdnsOption } from './message.ts';

export interface ExtendedError {
  /** INFO-CODE. */
  readonly infoCode: number;
  /** EXTRA-TEXT, UTF-8; may be empty. */
  readonly text: string;
}

/** Encodes an extended error as an EDNS option. */
export function encodeExtendedError(error: ExtendedError): EdnsOption {
  const text = new TextEncoder().encode(error.text);
  return {
    code: ednsOptionCodes.extendedError,
    octets: joinOctets(uint16Octets(error.infoCode), text),
  };
}

/** Returns the extended errors among EDNS options; those too short for a code are left out. */
export function parseExtendedErrors(options: readonly EdnsOption[]): ExtendedError[] {
  return options
    .filter(({ code, octets }) => code === ednsOptionCodes.extendedError && octets.length >= 2)
    .map(({ octets }) => ({
      infoCode: (octets[0]! << 8) | octets[1]!,
      text: new TextDecoder().decode(octets.subarray(2)),
    }));
}
