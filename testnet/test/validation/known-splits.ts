/**
 * Where unbound 1.17 and BIND 9.18 themselves differ, by the fault and by what they say: whom ours
 * follows, and why. A case in which they differ and that is not here fails the test.
 */
import type { ValidationVerdict } from '@callbook/client';

export interface KnownSplit {
  /** Found in the name of the case. */
  readonly fault: RegExp;
  readonly unbound: ValidationVerdict;
  readonly delv: ValidationVerdict;
  readonly follows: 'unbound' | 'delv';
  readonly why: string;
}

const knownSplits: readonly KnownSplit[] = [
  {
    fault: /(an expired|a spoiled) signature (beside|before) the good one/,
    unbound: 'secure',
    delv: 'bogus',
    follows: 'unbound',
    why: 'RFC 4035 §5.3.3: any signature that holds is enough; delv gives up after one failure',
  },
  {
    fault: /(alias|renamed tree), (record added|signature empty)/,
    unbound: 'secure',
    delv: 'bogus',
    follows: 'delv',
    why: 'unbound drops the second record, or makes the CNAME anew, before it validates',
  },
  {
    fault: /renamed tree, record added/,
    unbound: 'indeterminate',
    delv: 'bogus',
    follows: 'delv',
    why: 'unbound fails over two DNAMEs at a name without calling it bogus',
  },
  {
    fault: /next hash of the first is an octet short/,
    unbound: 'secure',
    delv: 'bogus',
    follows: 'delv',
    why: 'RFC 5155 §3.1.7: a hash has the length of its algorithm',
  },
  {
    fault: /next hash of the first is an octet short/,
    unbound: 'insecure',
    delv: 'bogus',
    follows: 'delv',
    why: 'the same, where there is opt-out or too many iterations',
  },
  {
    fault: /flags of the first are unassigned|hash algorithm of the first is unassigned/,
    unbound: 'bogus',
    delv: 'secure',
    follows: 'unbound',
    why: 'RFC 5155 §8.1, §8.2: such records "MUST be ignored"',
  },
  {
    fault: /flags of the first are unassigned|hash algorithm of the first is unassigned/,
    unbound: 'bogus',
    delv: 'insecure',
    follows: 'unbound',
    why: 'the same; to delv a zone whose hashes it does not know is unsigned',
  },
  {
    fault: /ends outside the zone/,
    unbound: 'secure',
    delv: 'bogus',
    follows: 'delv',
    why: 'RFC 4034 §4.1.1: the next name is one of the zone',
  },
  {
    fault: /ends outside the zone/,
    unbound: 'insecure',
    delv: 'bogus',
    follows: 'delv',
    why: 'the same, of a DS',
  },
  {
    fault: /bit map of the (first|second) gains NS$/,
    unbound: 'insecure',
    delv: 'bogus',
    follows: 'unbound',
    why: 'a delegation without DS at the name or above it is proven: what is asked for is unsigned',
  },
  {
    fault: /bit map of the first gains NS and DS/,
    unbound: 'secure',
    delv: 'bogus',
    follows: 'unbound',
    why: 'the bit map of a record that only covers a hash says nothing of the question',
  },
  {
    fault: /opt-out: .*bit map of the first gains NS and DS/,
    unbound: 'insecure',
    delv: 'bogus',
    follows: 'unbound',
    why: 'the same, with opt-out',
  },
  {
    fault: /nsec3-151: closer name/,
    unbound: 'bogus',
    delv: 'insecure',
    follows: 'delv',
    why: 'a zone that hashes too often proves nothing about closer names either',
  },
  {
    fault: /empty non-terminal, authority section removed/,
    unbound: 'insecure',
    delv: 'bogus',
    follows: 'delv',
    why: 'a signed zone gave nothing to go by',
  },
  {
    fault: /unsigned child, bit map of the first gains CNAME/,
    unbound: 'insecure',
    delv: 'bogus',
    follows: 'unbound',
    why: 'the proof asked for is that DS is missing, and it is',
  },
  {
    fault: /unsigned child, response code is the other/,
    unbound: 'insecure',
    delv: 'bogus',
    follows: 'unbound',
    why: 'an unsigned delegation is proven, whatever the RCODE that nobody signs',
  },
  {
    fault: /response code is the other/,
    unbound: 'secure',
    delv: 'bogus',
    follows: 'delv',
    why: 'unbound corrects the RCODE; ours refuses an answer that contradicts its proof',
  },
  {
    fault: /response code is the other|(first|second|third) denial record removed/,
    unbound: 'bogus',
    delv: 'insecure',
    follows: 'unbound',
    why: 'RFC 5155 §8.4, §8.7: with opt-out, too, the wildcard is to be denied or shown',
  },
  {
    fault: /DS of SHA-1 right, of SHA-256 wrong/,
    unbound: 'secure',
    delv: 'bogus',
    follows: 'delv',
    why: 'RFC 4509 §3: SHA-1 is ignored beside SHA-256',
  },
  {
    fault: /nsec3-(opt-out|151): .*(, denial removed|authority section removed|emptied)/,
    unbound: 'insecure',
    delv: 'bogus',
    follows: 'unbound',
    why: 'with opt-out, or too many iterations, a zone cannot prove that an answer should be signed',
  },
  {
    fault: /nsec3-opt-out: /,
    unbound: 'insecure',
    delv: 'secure',
    follows: 'unbound',
    why: 'RFC 5155 §9.2: no AD where an opt-out range covers the next closer name',
  },
  {
    fault: /nsec3-opt-out: /,
    unbound: 'bogus',
    delv: 'secure',
    follows: 'unbound',
    why: 'the bit map of the proof contradicts the answer; delv is content with the opt-out',
  },
  {
    fault: /nsec3-opt-out: .*(signature|signer|covers|by our key|denial)/,
    unbound: 'insecure',
    delv: 'bogus',
    follows: 'delv',
    why: 'a broken record proves no opt-out',
  },
  {
    fault: /nsec3-(opt-out|151): (wildcard|address|alias|renamed tree|missing)/,
    unbound: 'bogus',
    delv: 'insecure',
    follows: 'unbound',
    why: 'a signature that no key of the zone can have made is a broken one; delv asks whether the name is in an unsigned zone, which this zone cannot deny',
  },
];

/** Returns what is known of a case in which the two differ. */
export function splitOf(
  caseName: string,
  said: Pick<KnownSplit, 'unbound' | 'delv'>,
): KnownSplit | undefined {
  return knownSplits.find(
    ({ fault, unbound, delv }) =>
      unbound === said.unbound && delv === said.delv && fault.test(caseName),
  );
}
