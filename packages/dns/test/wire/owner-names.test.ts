/** Identifier → owner names, with hashes that other software computed. */
import { describe, expect, it } from 'vitest';
import { formatName, ownerHash, ownerNames } from '@callbook/dns/wire';
import { nameOf } from '../test-zones.ts';

const apex = nameOf('e164.alpha.example');

describe('ownerNames', () => {
  it('reverses the digits of a number (RFC 6116 §3.2)', () => {
    const names = ownerNames('tel:+4915123456789', apex)!;
    expect(formatName(names.binding)).toBe('9.8.7.6.5.4.3.2.1.5.1.9.4.e164.alpha.example.');
    expect(formatName(names.sipClient)).toBe(
      '_sip-client.9.8.7.6.5.4.3.2.1.5.1.9.4.e164.alpha.example.',
    );
  });

  it('puts OPENPGPKEY where gpg looks for the number as a local part', () => {
    // printf %s +4915123456789 | sha256sum | cut -c1-56
    const hash = '663a4322addcdcc2be9435bfd2505066dc1048b89d33e48f363119f1';
    expect(ownerHash('tel:+4915123456789')).toBe(hash);
    expect(formatName(ownerNames('tel:+4915123456789', apex)!.openpgpkey)).toBe(
      `${hash}._openpgpkey.e164.alpha.example.`,
    );
  });

  it('puts addresses under id, by the hash of user=domain', () => {
    // printf %s alice=example.com | sha256sum | cut -c1-56
    const hash = 'c94f999af9e8be9605abf5fa6da2298de6b984aee90bdd75706db07b';
    const names = ownerNames('mailto:alice@example.com', apex)!;
    expect(formatName(names.binding)).toBe(`${hash}.id.e164.alpha.example.`);
    expect(formatName(names.sipClient)).toBe(`_sip-client.${hash}.id.e164.alpha.example.`);
    expect(formatName(names.openpgpkey)).toBe(`${hash}._openpgpkey.id.e164.alpha.example.`);
  });

  it('has no names below an apex that leaves no room', () => {
    expect(ownerNames('tel:+4915123456789', nameOf('a.'.repeat(120)))).toBeUndefined();
  });
});
