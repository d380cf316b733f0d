/**
 * How one member tells another that it will not: CBOR map `v` 1, `verdict` (`ignore` or `reject`),
 * `code`. The sentence of a verdict stays at home; the code says what a program needs.
 */
import type { CborValue, Refusal, VerdictCode } from '@callbook/protocol';
import { encodeCbor, ignore, isCborMap, reject, verdictCodes } from '@callbook/protocol';

export function encodeRefusal({ verdict, code }: Refusal): Uint8Array {
  return encodeCbor({ v: 1, verdict, code });
}

/** Reads a refusal out of a parsed answer; undefined when it is something else. */
export function refusalIn(value: CborValue): Refusal | undefined {
  if (!isCborMap(value) || Object.keys(value).length !== 3 || value['v'] !== 1) return undefined;
  const { verdict, code } = value;
  if (typeof code !== 'string' || !isVerdictCode(code)) return undefined;
  if (verdict === 'ignore') return ignore(code, 'the member ignored the request');
  return verdict === 'reject' ? reject(code, 'the member rejected the request') : undefined;
}

function isVerdictCode(code: string): code is VerdictCode {
  return Object.hasOwn(verdictCodes, code);
}
