import { expect, it } from 'vitest';
import { generateKamailioConfig } from '../../src/kamailio/kamailio-config.ts';
import type { KamailioParts } from '../../src/kamailio/kamailio-config.ts';

const parts: KamailioParts = {
  provider: 'sip.a.example',
  bridge: { address: '127.0.0.1', port: 8060 },
  digestSecret: 'S'.repeat(44),
  signs: true,
  settingsFolder: '/etc/callbook-sip',
  folder: '/etc/kamailio',
  kamailio: {
    certificate: 'tls.pem',
    privateKey: 'tls.key',
    listen: { tls: { address: '192.0.2.7', port: 5061 } },
  },
};

it('fills every place, and asks no browser for a certificate', async () => {
  const { kamailio, tls } = await generateKamailioConfig(parts);
  expect(`${kamailio}${tls}`).not.toMatch(/@[A-Z][A-Z_]*@/);
  expect(kamailio).toContain('#!define IDENTITY_REQUIRED');
  expect(tls).toContain('certificate = /etc/callbook-sip/tls.pem');
  expect(tls).not.toContain('verify_client = off');
  const wss = { address: '192.0.2.7', port: 8443 };
  const listen = { ...parts.kamailio.listen, wss };
  const webOrigin = 'https://phone.a.example';
  const settings = { ...parts.kamailio, listen, webOrigin, identity: 'checked' } as const;
  const forBrowsers = await generateKamailioConfig({ ...parts, kamailio: settings });
  expect(forBrowsers.kamailio).not.toContain('IDENTITY_REQUIRED\n#!define');
  expect(forBrowsers.tls).toContain('[server:192.0.2.7:8443]');
  expect(forBrowsers.tls).toContain('verify_client = off');
});

it.each<[string, Partial<KamailioParts>]>([
  ['a provider', { provider: 'a"; exit; #' }],
  ['a provider with a variable', { provider: '$ru' }],
  ['a secret', { digestSecret: `${'S'.repeat(40)}")\nexec("` }],
  ['a short secret', { digestSecret: 'S'.repeat(31) }],
  ['a folder', { folder: '/etc/"x' }],
  ['a certificate', { kamailio: { ...parts.kamailio, certificate: 'a\nb' } }],
])('refuses %s that would leave its string', async (_, changes) => {
  await expect(generateKamailioConfig({ ...parts, ...changes })).rejects.toMatchObject({
    code: 'config_setting_invalid',
  });
});
