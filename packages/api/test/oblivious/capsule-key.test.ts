import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseRequestCapsule } from '@callbook/protocol';
import { expect, it } from 'vitest';
import { CapsuleKey } from '../../src/oblivious/capsule-key.ts';

const vector = JSON.parse(
  readFileSync(new URL('../../../../vectors/rfc9458/appendix-a.json', import.meta.url), 'utf8'),
) as Readonly<Record<string, string>>;
const octets = (name: string) => Uint8Array.fromHex(vector[name]!);

function keyOfTheExample(): CapsuleKey {
  const prefix = Uint8Array.fromHex('302e020100300506032b656e04220420');
  const der = Buffer.concat([prefix, octets('gatewaySecretKey')]);
  return new CapsuleKey(1, createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
}

function openCapsule(key: CapsuleKey, bytes: Uint8Array) {
  const capsule = parseRequestCapsule(bytes);
  if (capsule.verdict !== 'accept') throw new Error(capsule.code);
  return key.open(capsule.value);
}

it('opens and answers the example of RFC 9458 Appendix A octet by octet', () => {
  const key = keyOfTheExample();
  expect(vector['keyConfiguration']).toContain(key.configuration.publicKey.toHex());
  const opened = openCapsule(key, octets('encapsulatedRequest'))!;
  expect(opened.message.toHex()).toBe(vector['request']);
  const sealed = opened.seal(octets('response'), octets('responseNonce'));
  expect(new Uint8Array(sealed).toHex()).toBe(vector['encapsulatedResponse']);
});

it('opens nothing of which one octet is another', () => {
  const key = keyOfTheExample();
  const capsule = octets('encapsulatedRequest');
  for (let at = 0; at < capsule.length; at++) {
    const changed = Uint8Array.from(capsule);
    changed[at]! ^= 1;
    expect(openCapsule(key, changed), String(at)).toBeUndefined();
  }
});

it('opens nothing from an encapsulated key of small order', () => {
  const capsule = octets('encapsulatedRequest');
  for (const first of [0, 1]) {
    const changed = Uint8Array.from(capsule);
    changed.fill(0, 7, 39);
    changed[7] = first;
    expect(openCapsule(keyOfTheExample(), changed)).toBeUndefined();
  }
});
