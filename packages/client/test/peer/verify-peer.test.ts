/**
 * Calls and messages as peers send them, judged. The PASSporT of RFC 8225 Appendix A is somebody else's
 * work; the others are signed here with OpenSSL.
 */
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { nobleCryptography } from '@callbook/protocol/crypto/noble';
import {
  encodeBase64Url,
  parseIdentifier,
  utf8,
  type Identifier,
  type PublishedKey,
} from '@callbook/protocol';
import { parseIdentityHeader, isSignedByOneOf } from '../../src/peer/passport.ts';
import {
  judgePeer,
  type CallOffer,
  type PeerKeys,
  type PeerOffer,
  type PeerQuestion,
} from '../../src/peer/verify-peer.ts';

const nowMs = Date.UTC(2026, 10, 22, 12);
const peer = identifier('tel:+34912345678');
const me = identifier('tel:+4915123456789');
const digest = 'AB'.repeat(32);
const colons = (digest.match(/../g) ?? []).join(':');

const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const sipKey: PublishedKey = { use: 'sip', algorithm: 'p256', key: rawPoint(publicKey) };
const otherSipKey: PublishedKey = {
  use: 'sip',
  algorithm: 'p256',
  key: rawPoint(stranger.publicKey),
};
const published: PeerKeys = { state: 'published', keys: [sipKey] };

function identifier(text: string): Identifier {
  const parsed = parseIdentifier(text);
  if (parsed.verdict !== 'accept') throw new Error(parsed.message);
  return parsed.value;
}

/** The last 65 bytes of a P-256 SubjectPublicKeyInfo are the point. */
function rawPoint(key: KeyObject): Uint8Array {
  return new Uint8Array(key.export({ type: 'spki', format: 'der' }).subarray(-65));
}

interface Claims {
  readonly orig?: unknown;
  readonly dest?: unknown;
  readonly iat?: unknown;
  readonly mky?: unknown;
}

function identityHeader(
  claims: Claims = {},
  by: { key?: KeyObject; header?: object; parameters?: string } = {},
): string {
  const header = { alg: 'ES256', typ: 'passport', x5u: 'https://cert.example/p.cer', ...by.header };
  const payload = {
    dest: { tn: ['4915123456789'] },
    iat: nowMs / 1000,
    mky: [{ alg: 'sha-256', dig: digest }],
    orig: { tn: '34912345678' },
    ...claims,
  };
  const signed = [header, payload]
    .map((json) => encodeBase64Url(utf8(JSON.stringify(json))))
    .join('.');
  const signature = sign('sha256', Buffer.from(signed), {
    key: by.key ?? privateKey,
    dsaEncoding: 'ieee-p1363',
  });
  const token = `${signed}.${encodeBase64Url(new Uint8Array(signature))}`;
  return `${token};info=<https://cert.example/p.cer>;alg=ES256${by.parameters ?? ''}`;
}

const session = ['v=0', 'o=- 1 1 IN IP4 192.0.2.1', 's=-', 't=0 0'];
const dtlsAudio = ['m=audio 9 UDP/TLS/RTP/SAVPF 111', `a=fingerprint:sha-256 ${colons}`];
const sdesAudio = ['m=audio 9 RTP/SAVP 0', 'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x'];
const plainAudio = ['m=audio 9 RTP/AVP 0', 'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x'];
const plainVideo = ['m=video 9 RTP/AVP 96'];
const noVideo = ['m=video 0 RTP/AVP 96'];

function call(media: readonly string[], header?: string): CallOffer {
  const sdp = [...session, ...media, ''].join('\r\n');
  const identity = header === undefined ? {} : { identityHeader: header };
  return { kind: 'call', sdp, to: me, ...identity };
}

function judge(offer: PeerOffer, rest: Partial<PeerQuestion> = {}): string {
  const question = { peer, offer, policy: 'prefer-keys', known: published, ...rest } as const;
  const { action, reason } = judgePeer({ ...question, nowMs, crypto: nobleCryptography });
  return `${action}: ${reason}`;
}

describe('a call of a peer with keys', () => {
  it('goes ahead when the published key vouches for the media', () => {
    expect(judge(call(dtlsAudio, identityHeader()), { policy: 'require-keys' })).toBe(
      'allow: verified',
    );
  });

  it('counts a fingerprint of the session for each stream that names none', () => {
    const media = [
      `a=fingerprint:SHA-256 ${colons.toLowerCase()}`,
      'm=audio 9 UDP/TLS/RTP/SAVPF 0',
    ];
    expect(judge(call(media, identityHeader()))).toBe('allow: verified');
  });

  it('ignores a stream that is refused', () => {
    expect(judge(call([...dtlsAudio, ...noVideo], identityHeader()))).toBe('allow: verified');
  });

  it.each<[string, CallOffer]>([
    ['warn: keys_unbound', call(dtlsAudio)],
    ['warn: keys_unbound', call(sdesAudio, identityHeader())],
    ['warn: keys_unbound', call(dtlsAudio, identityHeader({ mky: undefined }))],
    ['refuse: keys_plain', call(plainAudio)],
    ['refuse: keys_plain', call(plainAudio, identityHeader())],
    ['refuse: keys_plain', call([...dtlsAudio, ...plainVideo], identityHeader())],
    ['warn: keys_unbound', call(['m=audio 9 UDP/TLS/RTP/SAVPF 0'], identityHeader())],
    [
      'refuse: signature_mismatch',
      call(dtlsAudio, identityHeader({}, { key: stranger.privateKey })),
    ],
    ['refuse: claims_mismatch', call(dtlsAudio, identityHeader({ orig: { tn: '34912345679' } }))],
    [
      'refuse: claims_mismatch',
      call(dtlsAudio, identityHeader({ dest: { tn: ['4915123456780'] } })),
    ],
    ['allow: verified', call(dtlsAudio, identityHeader({ iat: nowMs / 1000 - 60 }))],
    ['refuse: claims_mismatch', call(dtlsAudio, identityHeader({ iat: nowMs / 1000 - 61 }))],
    ['refuse: claims_mismatch', call(dtlsAudio, identityHeader({ iat: nowMs / 1000 + 61 }))],
    [
      'refuse: fingerprint_mismatch',
      call(dtlsAudio, identityHeader({ mky: [{ alg: 'sha-256', dig: 'CD'.repeat(32) }] })),
    ],
    [
      'refuse: fingerprint_mismatch',
      call(
        [...dtlsAudio, `a=fingerprint:sha-256 ${'CD'.repeat(32).replaceAll(/..(?=.)/g, '$&:')}`],
        identityHeader(),
      ),
    ],
  ])('%s', (expected, offer) => {
    expect(judge(offer)).toBe(expected);
  });

  it.each([
    ['no header', ''],
    ['compact form', '..sig;info=<https://cert.example/p.cer>'],
    ['another algorithm', identityHeader({}, { header: { alg: 'none' } })],
    ['HMAC', identityHeader({}, { header: { alg: 'HS256' } })],
    ['another type', identityHeader({}, { header: { typ: 'JWT' } })],
    ['an extension', identityHeader({}, { header: { ppt: 'shaken' } })],
    ['an extension in the header', identityHeader({}, { parameters: ';ppt="shaken"' })],
    ['a time that is text', identityHeader({ iat: 'now' })],
    ['no caller', identityHeader({ orig: undefined })],
    ['media keys that are no list', identityHeader({ mky: {} })],
    ['more than the limit', identityHeader({ orig: { tn: '1'.repeat(9000) } })],
  ])('is refused with %s for an Identity header', (_, header) => {
    expect(judge(call(dtlsAudio, header), { policy: 'allow-plain' })).toBe(
      'refuse: offer_malformed',
    );
  });

  it.each([
    ['nothing', ''],
    ['no media', 'v=0\r\ns=-\r\n'],
    ['a media line without transport', 'v=0\r\nm=audio 9\r\n'],
    [
      'more streams than the limit',
      ['v=0', ...Array.from({ length: 33 }, () => 'm=audio 9 RTP/AVP 0')].join('\r\n'),
    ],
    ['more text than the limit', `v=0\r\nm=audio 9 RTP/AVP 0\r\n${'a=x\r\n'.repeat(20_000)}`],
  ])('is refused with %s for SDP', (_, sdp) => {
    expect(judge({ kind: 'call', sdp, to: me }, { policy: 'allow-plain' })).toBe(
      'refuse: offer_malformed',
    );
  });
});

describe('a call of a peer that is proven to have no keys', () => {
  const known: PeerKeys = { state: 'no_keys' };

  it('is judged by its encryption alone', () => {
    expect(judge(call(dtlsAudio), { known })).toBe('allow: no_keys_encrypted');
    expect(judge(call(plainAudio), { known })).toBe('warn: no_keys_plain');
    expect(judge(call(dtlsAudio), { known, policy: 'require-keys' })).toBe(
      'refuse: no_keys_encrypted',
    );
  });

  it('is refused where there were keys before, and stays refused', () => {
    const seen = { keys: [sipKey] };
    expect(judge(call(dtlsAudio), { known, seen })).toBe('refuse: keys_vanished');
    const question = { peer, offer: call(dtlsAudio), policy: 'prefer-keys', known, seen } as const;
    const judged = judgePeer({ ...question, nowMs, crypto: nobleCryptography });
    expect(judged.seen).toStrictEqual(seen);
  });
});

describe('what was known of a peer before', () => {
  it('makes a changed key a warning once, also where it vouches for the call', () => {
    const seen = { keys: [otherSipKey] };
    const offer = call(dtlsAudio, identityHeader());
    expect(judge(offer, { seen })).toBe('warn: key_changed');
    const question = { peer, offer, policy: 'prefer-keys', known: published, seen } as const;
    const judged = judgePeer({ ...question, nowMs, crypto: nobleCryptography });
    expect(judge(offer, { seen: judged.seen! })).toBe('allow: verified');
  });

  it('takes a key that is published beside the known one for no change', () => {
    const known: PeerKeys = { state: 'published', keys: [sipKey, otherSipKey] };
    expect(judge(call(dtlsAudio, identityHeader()), { known, seen: { keys: [sipKey] } })).toBe(
      'allow: verified',
    );
  });
});

describe('a directory that cannot be believed', () => {
  it.each(['bogus', 'unavailable'] as const)('never passes for one without keys: %s', (state) => {
    const known: PeerKeys = { state };
    expect(judge(call(dtlsAudio, identityHeader()), { known })).toBe(`refuse: directory_${state}`);
    expect(judge(call(plainAudio), { known, policy: 'allow-plain' })).toBe(
      `warn: directory_${state}`,
    );
  });
});

describe('a message', () => {
  it.each<[string, PeerOffer, PeerKeys]>([
    ['allow: verified', { kind: 'message', isEncrypted: true, signedBy: sipKey.key }, published],
    ['warn: keys_unbound', { kind: 'message', isEncrypted: true }, published],
    [
      'refuse: keys_plain',
      { kind: 'message', isEncrypted: false, signedBy: sipKey.key },
      published,
    ],
    [
      'refuse: signature_mismatch',
      { kind: 'message', isEncrypted: true, signedBy: otherSipKey.key },
      published,
    ],
    ['allow: no_keys_encrypted', { kind: 'message', isEncrypted: true }, { state: 'no_keys' }],
    ['warn: no_keys_plain', { kind: 'message', isEncrypted: false }, { state: 'no_keys' }],
    [
      'refuse: directory_unavailable',
      { kind: 'message', isEncrypted: true },
      { state: 'unavailable' },
    ],
  ])('%s', (expected, offer, known) => {
    expect(judge(offer, { known })).toBe(expected);
  });
});

/** RFC 8225 Appendix A; its signature is not by the key that is printed there. */
const rfcToken = [
  'eyJhbGciOiJFUzI1NiIsInR5cCI6InBhc3Nwb3J0IiwieDV1IjoiaHR0cHM6Ly9jZXJ0LmV4YW1wbGUub3JnL3Bhc3Nwb3J0LmNlciJ9',
  'eyJkZXN0Ijp7InVyaSI6WyJzaXA6YWxpY2VAZXhhbXBsZS5jb20iXX0sImlhdCI6MTQ3MTM3NTQxOCwib3JpZyI6eyJ0biI6IjEyMTU1NTUxMjEyIn19',
  'VLBCIVDCaeK6M4hLJb6SHQvacAQVvoiiEOWQ_iUkqk79UD81fHQ0E1b3_GluIkba7UWYRM47ZbNFdOJquE35cw',
].join('.');
it('reads the PASSporT of RFC 8225 Appendix A, and no key of ours has signed it', () => {
  const passport = parseIdentityHeader(rfcToken)!;
  expect(passport.orig).toBe('12155551212');
  expect(passport.dest).toStrictEqual(['sip:alice@example.com']);
  expect(passport.issuedAtSeconds).toBe(1_471_375_418);
  expect(isSignedByOneOf(passport, [sipKey.key], nobleCryptography)).toBe(false);
});
