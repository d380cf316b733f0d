import { describe, expect, it } from 'vitest';
import { tlsProblems } from '../../src/tls/tls-settings.ts';

const files = { certificate: 'api.pem', privateKey: 'api.key' };
const acme = {
  directory: 'https://acme.test/dir',
  contact: 'tls@alpha.test',
  termsAccepted: true as const,
};

describe('the API', () => {
  it.each([
    ['has files', { api: files, dns: {} }],
    ['asks an authority', { api: { acme }, dns: { tls: {} } }],
    ['has files until the authority has answered', { api: { ...files, acme }, dns: {} }],
    ['has other files than DNS over TLS', { api: files, dns: { tls: files } }],
  ])('%s', (_what, config) => {
    expect(tlsProblems(config)).toEqual([]);
  });

  it.each([
    [{ api: {}, dns: {} }, 'api'],
    [{ api: { certificate: 'api.pem' }, dns: {} }, 'api.privateKey'],
    [{ api: { privateKey: 'api.key', acme }, dns: {} }, 'api.certificate'],
    [{ api: files, dns: { tls: { privateKey: 'dns.key' } } }, 'dns.tls.certificate'],
  ])('lacks something: %j', (config, setting) => {
    expect(tlsProblems(config)).toMatchObject([{ setting }]);
  });
});
