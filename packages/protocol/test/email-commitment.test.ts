// E-mail commitments: what members compute and what the holder checks.
import { expect, test } from 'vitest';
import { commitEmail, verifyEmailCommitment } from '../src/email-commitment.ts';
import { nobleCryptography } from '../src/crypto/noble.ts';
import { sodiumCryptography } from '../src/crypto/sodium.ts';
import { readVectors } from './read-vectors.ts';

test.each(readVectors('email-commitments'))('$name', ({ content }) => {
  const bytes = (name: string): Uint8Array => Uint8Array.fromHex(content[name]);
  const { identifier, email } = content;
  const claim = {
    identifier,
    email,
    commitment: bytes('commitment'),
    vrfProof: bytes('vrfProof'),
    vrfPublicKey: bytes('vrfPublicKey'),
  };
  for (const crypto of [nobleCryptography, sodiumCryptography]) {
    expect(verifyEmailCommitment(claim, crypto)).toBe(content.expect === 'accept');
  }
});

test('members make what the holder accepts', () => {
  const prover = sodiumCryptography.vrfProver(new Uint8Array(32).fill(3));
  const of = { identifier: 'tel:+4915123456789', email: 'mailto:anna@mail.example' } as const;
  const claim = { ...of, ...commitEmail(of, prover), vrfPublicKey: prover.publicKey };
  expect(verifyEmailCommitment(claim, nobleCryptography)).toBe(true);
  const other = { ...claim, email: 'mailto:anna@mail.test' } as const;
  expect(verifyEmailCommitment(other, nobleCryptography)).toBe(false);
});
