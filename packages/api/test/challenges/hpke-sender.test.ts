/** The sender against the RFC's own numbers, and against a receiver that somebody else wrote. */
import { createPrivateKey, createPublicKey, randomBytes } from 'node:crypto';
import { AEAD_AES_128_GCM, CipherSuite, KDF_HKDF_SHA256, KEM_DHKEM_X25519_HKDF_SHA256 } from 'hpke';
import { expect, it } from 'vitest';
import { openHpkeSender } from '../../src/challenges/hpke-sender.ts';

const suite = new CipherSuite(KEM_DHKEM_X25519_HKDF_SHA256, KDF_HKDF_SHA256, AEAD_AES_128_GCM);

function keyPairOf(secretKeyHex: string) {
  const der = Buffer.from(`302e020100300506032b656e04220420${secretKeyHex}`, 'hex');
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  return { privateKey, publicKey: createPublicKey(privateKey) };
}

it('encapsulates and exports as RFC 9180, appendix A.1.1', () => {
  const ephemeral = keyPairOf('52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736');
  const recipient = Uint8Array.fromHex(
    '3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d',
  );
  const info = Uint8Array.fromHex('4f6465206f6e2061204772656369616e2055726e');
  const sender = openHpkeSender(recipient, info, ephemeral)!;
  expect(sender.enc.toHex()).toBe(
    '37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431',
  );
  const exported = ['', '00', '54657374436f6e74657874'].map((context) =>
    Buffer.from(sender.exportSecret(Uint8Array.fromHex(context), 32)).toString('hex'),
  );
  expect(exported).toEqual([
    '3853fe2b4035195a573ffc53856e77058e15d9ea064de3e59f4961d0095250ee',
    '2e8f0b54673c7029649d4eb9d5e33bf1872cf76d623ff164ac185da9e88c21a5',
    'e9e43065102c3836401bed8c3c3c75ae46be1639869391d62c61f1ec7af54931',
  ]);
});

it('is opened by another implementation', async () => {
  const recipient = await suite.GenerateKeyPair();
  const info = randomBytes(90);
  const sender = openHpkeSender(await suite.SerializePublicKey(recipient.publicKey), info)!;
  const sealed = sender.seal(new Uint8Array(16).fill(7));
  const opened = await suite.SetupRecipient(recipient, sender.enc, { info });
  expect(await opened.Open(sealed)).toEqual(new Uint8Array(16).fill(7));
  const context = new TextEncoder().encode('callbook/1 answer');
  expect(new Uint8Array(sender.exportSecret(context, 32))).toEqual(
    await opened.Export(context, 32),
  );
});

it('is sealed to no key of another length', () => {
  expect(openHpkeSender(new Uint8Array(31).fill(9), new Uint8Array(0))).toBeUndefined();
});
