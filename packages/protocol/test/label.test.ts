// Labels: what members compute and what anybody with the proof can check.
import { expect, test } from 'vitest';
import { utf8 } from '../src/bytes.ts';
import { nobleCryptography } from '../src/crypto/noble.ts';
import { sodiumCryptography } from '../src/crypto/sodium.ts';
import { labelOf, verifyLabel } from '../src/label.ts';

const identifier = 'tel:+4915123456789';
const prover = sodiumCryptography.vrfProver(new Uint8Array(32).fill(3));
const claim = {
  identifier,
  label: labelOf(identifier, prover),
  vrfProof: prover.prove(utf8(identifier)),
  vrfPublicKey: prover.publicKey,
} as const;

test.each([nobleCryptography, sodiumCryptography])('$name verifies a label', (crypto) => {
  expect(claim.label).toEqual(prover.output(utf8(identifier)).slice(0, 32));
  expect(verifyLabel(claim, crypto)).toBe(true);
});

test.each([nobleCryptography, sodiumCryptography])('$name refuses any other claim', (crypto) => {
  const stranger = crypto.vrfProver(new Uint8Array(32).fill(4));
  expect(verifyLabel({ ...claim, identifier: 'tel:+34912345678' }, crypto)).toBe(false);
  expect(verifyLabel({ ...claim, label: new Uint8Array(32) }, crypto)).toBe(false);
  expect(verifyLabel({ ...claim, label: claim.label.slice(0, 31) }, crypto)).toBe(false);
  expect(verifyLabel({ ...claim, vrfProof: new Uint8Array(80) }, crypto)).toBe(false);
  expect(verifyLabel({ ...claim, vrfPublicKey: stranger.publicKey }, crypto)).toBe(false);
});
