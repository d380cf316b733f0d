/** Vectors of e-mail commitments; `alpha` is what goes into the VRF, written out once more. */
import { nodeCryptography } from '../../src/crypto/node.ts';
import { fixed32, readable } from './vector-case.ts';
import type { Fields } from './signed-entry.ts';
import type { VectorCase } from './vector-case.ts';

const prover = nodeCryptography.vrfProver(fixed32('vrf key'));
const phone = 'tel:+4915123456789';
const anna = 'mailto:anna@mail.example';

/** Returns all cases of `vectors/email-commitments`. */
export function emailCases(): VectorCase[] {
  const [of, other] = [alphaOf(phone, anna), alphaOf('tel:+34912345678', anna)];
  return [
    commitment('of_a_number', 'an address beside a telephone number', {}),
    commitment('of_another_number', 'with another number it is another commitment', {
      identifier: 'tel:+34912345678',
      alpha: other,
    }),
    commitment('of_a_sip_address', 'identifiers of every scheme', {
      identifier: 'sip:anna@sip.example',
      alpha: alphaOf('sip:anna@sip.example', anna),
    }),
    refused('of_the_number_alone', 'a label is no commitment', { alpha: Buffer.from(phone) }),
    refused('of_the_address_alone', 'nor is the label of the address', {
      alpha: Buffer.from(anna),
    }),
    refused('without_the_domain_line', 'the domain line is part of it', {
      alpha: of.subarray('callbook/1 email\n'.length),
    }),
    refused('lines_swapped', 'the identifier comes first', { alpha: alphaOf(anna, phone) }),
    refused('of_a_foreign_number', 'a commitment does not move to another number', {
      alpha: other,
    }),
    refused('with_a_foreign_proof', 'the proof is of the same input', {
      vrfProof: prover.prove(other),
    }),
  ];
}

function alphaOf(identifier: string, email: string): Buffer {
  return Buffer.concat([
    Buffer.from('callbook/1 email\n'),
    Buffer.from(identifier),
    Buffer.from([0x0a]),
    Buffer.from(email),
  ]);
}

function commitment(name: string, comment: string, values: object): VectorCase {
  return caseOf('accept', { name, comment }, values);
}

function refused(name: string, comment: string, values: object): VectorCase {
  return caseOf('reject', { name, comment }, values);
}

function caseOf(
  expect: string,
  named: Pick<VectorCase, 'name' | 'comment'>,
  values: { readonly alpha?: Uint8Array },
): VectorCase {
  const { alpha = alphaOf(phone, anna), ...rest } = values;
  const made = {
    identifier: phone,
    email: anna,
    alpha: Uint8Array.from(alpha),
    commitment: prover.output(Uint8Array.from(alpha)).slice(0, 32),
    vrfProof: prover.prove(Uint8Array.from(alpha)),
    vrfPublicKey: prover.publicKey,
  };
  const all = readable({ ...made, ...rest }) as Fields;
  return { topic: 'email-commitments', ...named, expect, values: all };
}
