/** What people type as addresses and keys, and what of it is published. */
import { describe, expect, it } from 'vitest';
import { readReach, writeReach, type ReachText } from '../src/holder/reach-text.ts';

const nothing: ReachText = { sip: '', more: '', visibility: 'dns', keys: '' };

async function pemOf(algorithm: 'Ed25519' | 'X25519' | 'P-256'): Promise<string> {
  const isCurve = algorithm === 'P-256';
  const parameters = isCurve ? { name: 'ECDSA', namedCurve: 'P-256' } : algorithm;
  const uses = algorithm === 'X25519' ? (['deriveBits'] as const) : (['sign', 'verify'] as const);
  const pair = (await crypto.subtle.generateKey(parameters, true, [...uses])) as CryptoKeyPair;
  const spki = new Uint8Array(await crypto.subtle.exportKey('spki', pair.publicKey));
  const lines =
    spki
      .toBase64()
      .match(/.{1,64}/g)
      ?.join('\n') ?? '';
  return `-----BEGIN PUBLIC KEY-----\n${lines}\n-----END PUBLIC KEY-----\n`;
}

describe('readReach', () => {
  it('takes an address without its scheme, and further ones by theirs', () => {
    const more = 'xmpp:anna@chat.example\n\n  mailto:anna@mail.example\nhttps://anna.example/\n';
    expect(readReach({ ...nothing, sip: ' anna@sip.example ', more })).toEqual({
      routes: [
        { service: 'sip', uri: 'sip:anna@sip.example', preference: 10 },
        { service: 'xmpp', uri: 'xmpp:anna@chat.example', preference: 20 },
        { service: 'email:mailto', uri: 'mailto:anna@mail.example', preference: 30 },
        { service: 'web:https', uri: 'https://anna.example/', preference: 40 },
      ],
      visibility: 'dns',
      ownKeys: [],
    });
  });

  it('takes nothing at all, for whoever publishes keys alone', () => {
    expect(readReach(nothing)).toEqual({ routes: [], visibility: 'dns', ownKeys: [] });
  });

  it.each([
    'anna',
    'anna@',
    'anna @sip.example',
    '"<script>"',
    'xmpp:anna@chat.example',
    'anna@sip',
  ])('calls %j no SIP address', (sip) => {
    expect(readReach({ ...nothing, sip })).toEqual({ field: 'sip', place: 1 });
  });

  it('names the line that cannot be published', () => {
    const more = 'xmpp:anna@chat.example\njavascript:alert(1)';
    expect(readReach({ ...nothing, more })).toEqual({ field: 'more', place: 2 });
    const nine = Array.from({ length: 9 }, (_, n) => `sip:a${n}@sip.example`).join('\n');
    expect(readReach({ ...nothing, more: nine })).toEqual({ field: 'more', place: 9 });
  });

  it.each([
    ['Ed25519', 'identity', 'ed25519', 32],
    ['X25519', 'box', 'x25519', 32],
    ['P-256', 'sip', 'p256', 65],
  ] as const)('reads a public key of %s as PEM', async (algorithm, use, name, size) => {
    const read = readReach({ ...nothing, keys: await pemOf(algorithm) });
    expect(read).toMatchObject({ ownKeys: [{ use, algorithm: name }] });
    expect('ownKeys' in read ? read.ownKeys[0]?.key.length : 0).toBe(size);
  });

  it('names the key that is none, and never takes a private one', async () => {
    const good = await pemOf('Ed25519');
    const secret = '-----BEGIN PRIVATE KEY-----\nMC4CAQ==\n-----END PRIVATE KEY-----\n';
    expect(readReach({ ...nothing, keys: good + secret })).toEqual({ field: 'keys', place: 2 });
    expect(readReach({ ...nothing, keys: 'ssh-ed25519 AAAA' })).toEqual({
      field: 'keys',
      place: 1,
    });
  });

  it('writes what it has read', () => {
    const text = { ...nothing, sip: 'anna@sip.example', more: 'xmpp:anna@chat.example' };
    const read = readReach(text);
    if ('field' in read) throw new Error('it can be read');
    expect(writeReach(read)).toEqual(text);
  });
});
