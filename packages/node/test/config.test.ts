import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DirectoryError } from '@callbook/protocol';
import { describe, expect, it } from 'vitest';
import { parseConfig, readConfig } from '../src/config.ts';

const good = `
member: alpha
dataDir: data
charters: [charter-1.note]
keys: { log: log.key, peer: peer.key, vrf: vrf.key, zone: zone-keys }
dns:
  listen: [{ address: 127.0.0.1, port: 5300 }]
  nameservers: [{ name: ns.alpha.example, addresses: [192.0.2.1] }]
  contact: hostmaster@alpha.example
api: { listen: { address: '::1', port: 8443 }, certificate: api.pem, privateKey: api.key }
mesh: { listen: [/ip4/127.0.0.1/tcp/4001] }
challenges: { outbox: outbox.jsonl }
`;

/** The good configuration with more in its `dns`. */
function dnsWith(...settings: readonly string[]): string {
  return good.replace('  contact:', `  ${settings.join('\n  ')}\n  contact:`);
}

/** The code and message of what parsing throws. */
function complaint(text: string): string {
  try {
    parseConfig(text);
    return 'no complaint';
  } catch (error) {
    if (!(error instanceof DirectoryError)) throw error;
    return `${error.code}: ${error.message}`;
  }
}

describe('a configuration', () => {
  it('is taken when every setting is usable', () => {
    expect(parseConfig(good)).toMatchObject({
      member: 'alpha',
      mesh: { listen: expect.anything() },
    });
  });

  it('may name other addresses of members than the charter', () => {
    const peers = 'peers: [{ member: beta, addresses: [/ip4/10.0.0.2/tcp/4001] }]';
    const text = good.replace('tcp/4001] }', `tcp/4001], ${peers} }`);
    expect(parseConfig(text).mesh.peers).toEqual([
      { member: 'beta', addresses: ['/ip4/10.0.0.2/tcp/4001'] },
    ]);
    expect(complaint(text.replace('/ip4/10.', '10.'))).toContain('config_setting_invalid');
  });

  it('has its paths resolved against its own folder', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'callbook-config-'));
    await writeFile(join(folder, 'node.yaml'), good);
    const config = await readConfig(join(folder, 'node.yaml'));
    expect(config.keys.log).toBe(join(folder, 'log.key'));
    expect(config.charters).toEqual([join(folder, 'charter-1.note')]);
    await rm(folder, { recursive: true });
  });

  it('may guard and name its DNS server', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'callbook-config-'));
    const tls =
      '{ listen: [{ address: 127.0.0.1, port: 853 }], certificate: dot.pem, privateKey: dot.key }';
    const text = dnsWith(
      'cookies: { secrets: cookies.hex }',
      'rateLimit: { responsesPerSecond: 0, slip: 1 }',
      'nsid: alpha-1',
      `tls: ${tls}`,
    );
    await writeFile(join(folder, 'node.yaml'), text);
    const { dns } = await readConfig(join(folder, 'node.yaml'));
    expect(dns).toMatchObject({
      contact: 'hostmaster@alpha.example',
      cookies: { secrets: join(folder, 'cookies.hex') },
      rateLimit: { responsesPerSecond: 0, slip: 1 },
      nsid: 'alpha-1',
      tls: {
        listen: [{ address: '127.0.0.1', port: 853 }],
        certificate: join(folder, 'dot.pem'),
        privateKey: join(folder, 'dot.key'),
      },
    });
    await rm(folder, { recursive: true });
  });

  it('that is missing is named by its path', async () => {
    await expect(readConfig('nowhere.yaml')).rejects.toMatchObject({ code: 'config_unreadable' });
  });

  it.each([
    ['no YAML', 'member: [', 'config_malformed: line 1: the file: is no YAML: BAD_INDENT'],
    [
      'the same setting twice',
      `${good}member: beta\n`,
      'config_malformed: line 13: the file: is no YAML: DUPLICATE_KEY',
    ],
    [
      'an unknown setting',
      `${good}colour: blue\n`,
      'config_setting_invalid: line 13: colour: is not a setting',
    ],
    [
      'an unknown setting inside another',
      good.replace('outbox: outbox.jsonl', 'outbox: o, smsc: x'),
      'config_setting_invalid: line 12: challenges.smsc: is not a setting',
    ],
    [
      'a missing setting',
      good.replace('dataDir: data\n', ''),
      'config_setting_invalid: dataDir: is missing',
    ],
    [
      'a port that is none',
      good.replace('port: 5300', 'port: 70000'),
      'config_setting_invalid: line 7: dns.listen.0.port: must be port, 0 to 65535',
    ],
    [
      'an address that is none',
      good.replace('address: 127.0.0.1', 'address: localhost'),
      'config_setting_invalid: line 7: dns.listen.0.address: must be IPv4 or IPv6 address',
    ],
    [
      'no threads for DNS',
      dnsWith('workers: 0'),
      'config_setting_invalid: line 9: dns.workers: must be number of threads, 1 to 64',
    ],
    [
      'a table of no size',
      dnsWith('answerTableMebibytes: 0.5'),
      'config_setting_invalid: line 9: dns.answerTableMebibytes: must be mebibytes, 1 to 16384',
    ],
    [
      'a ZSK that lives no day',
      dnsWith('keys: { zskLifetimeDays: 0 }'),
      'config_setting_invalid: line 9: dns.keys.zskLifetimeDays: must be days, 1 to 3650',
    ],
    [
      'a KSK that lives less than a week',
      dnsWith('keys: { kskLifetimeDays: 6 }'),
      'config_setting_invalid: line 9: dns.keys.kskLifetimeDays: must be days, 7 to 3650',
    ],
    [
      'a delay longer than a ZSK may live',
      dnsWith('keys: { propagationSeconds: 21601 }'),
      'config_setting_invalid: line 9: dns.keys.propagationSeconds: must be seconds, 1 to 21600',
    ],
    [
      'a TTL of the parent that is none',
      dnsWith('keys: { parentDsTtlSeconds: 1.5 }'),
      'config_setting_invalid: line 9: dns.keys.parentDsTtlSeconds: must be seconds, 1 to 604800',
    ],
    [
      'no servers of the parent',
      dnsWith('keys: { parentServers: [] }'),
      'config_setting_invalid: line 9: dns.keys.parentServers: must be 1 to 16 addresses and ports',
    ],
    [
      'an unknown setting of keys',
      dnsWith('keys: { zskLifetime: 90 }'),
      'config_setting_invalid: line 9: dns.keys.zskLifetime: is not a setting',
    ],
    [
      'a member name that is none',
      good.replace('member: alpha', 'member: Alpha'),
      "config_setting_invalid: line 2: member: must be this member's name in the charter",
    ],
    [
      'no charter',
      good.replace('[charter-1.note]', '[]'),
      'config_setting_invalid: line 4: charters: must be charter notes, version 1 first',
    ],
    [
      'a mesh address that is none',
      good.replace('/ip4/127.0.0.1/tcp/4001', '127.0.0.1:4001'),
      'config_setting_invalid: line 11: mesh.listen.0: must be multiaddr',
    ],
    [
      'a log level that is none',
      `${good}log: { level: loud }\n`,
      'config_setting_invalid: line 13: log.level: must be one of silent, error, warn, info, debug',
    ],
    [
      'a rate limit that is none',
      dnsWith('rateLimit: { responsesPerSecond: 100001 }'),
      'config_setting_invalid: line 9: dns.rateLimit.responsesPerSecond: must be answers a second to each network, 1 to 100000, or 0 for no limit',
    ],
    [
      'a rate limit without a rate',
      dnsWith('rateLimit: { slip: 2 }'),
      'config_setting_invalid: line 9: dns.rateLimit.responsesPerSecond: is missing',
    ],
    [
      'a slip that is none',
      dnsWith('rateLimit: { responsesPerSecond: 1, slip: 101 }'),
      'config_setting_invalid: line 9: dns.rateLimit.slip: must be one short answer for so many queries, 1 to 100, or 0 for none',
    ],
    [
      'an NSID that is too long',
      dnsWith(`nsid: ${'a'.repeat(65)}`),
      'config_setting_invalid: line 9: dns.nsid: must be 1 to 64 printable ASCII characters without spaces',
    ],
    [
      'a cookie secret in place of its file',
      dnsWith('cookies: { secret: 0123456789abcdef0123456789abcdef }'),
      'config_setting_invalid: line 9: dns.cookies.secrets: is missing (and 1 more: config check)',
    ],
    [
      'TLS without a key',
      dnsWith('tls: { listen: [{ address: 127.0.0.1, port: 853 }], certificate: dot.pem }'),
      'config_setting_invalid: line 9: dns.tls.privateKey: is missing',
    ],
    [
      'TLS that listens nowhere',
      dnsWith('tls: { listen: [], certificate: dot.pem, privateKey: dot.key }'),
      'config_setting_invalid: line 9: dns.tls.listen: must be 1 to 16 addresses and ports',
    ],
    ['a list where a map is due', '- a\n', 'config_setting_invalid: the file: must be object'],
  ])('with %s is refused, and the message names the place', (_, text, expected) => {
    expect(complaint(text)).toBe(expected);
  });

  it('is never quoted in the complaint', () => {
    const secret = 'hunter2';
    expect(complaint(good.replace('outbox: outbox.jsonl', `outbox: [${secret}]`))).not.toContain(
      secret,
    );
  });
});

describe('a configuration that was written by half', () => {
  const whole = dnsWith('cookies: { secrets: cookies.hex }', 'nsid: alpha-1');
  /** A cut that leaves a whole one all the same: behind its last setting. */
  const complete = whole.trimEnd().length;

  it('is refused with a code wherever it was cut', () => {
    for (let size = 0; size < complete; size += 1) {
      expect(complaint(whole.slice(0, size))).toMatch(/^config_(malformed|setting_invalid): /);
    }
    expect(complaint(whole.slice(0, complete))).toBe('no complaint');
  });

  it('is refused with a code wherever zeros begin, as after a power cut', () => {
    for (let size = 0; size < complete; size += 7) {
      const text = whole.slice(0, size) + '\0'.repeat(whole.length - size);
      expect(complaint(text)).toMatch(/^config_(malformed|setting_invalid): /);
    }
  });
});
