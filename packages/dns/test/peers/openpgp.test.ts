/**
 * gpg, unmodified, finds the certificate of a number: it asks dirmngr, which asks the resolver of
 * /etc/resolv.conf for OPENPGPKEY at the hash of `+4915123456789`.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { callTool, findTool } from './peer-tools.ts';
import type { ToolEnd } from './peer-tools.ts';
import { startPrivateInternet, startUnbound } from './private-internet.ts';
import type { PrivateInternet } from './private-internet.ts';

const number = '+4915123456789';
const mailbox = `${number}@e164.alpha.test`;

type Gpg = (...args: string[]) => Promise<ToolEnd>;

/** Returns a gpg with a directory of its own; its agent and dirmngr end with the namespace. */
async function createGpg(internet: PrivateInternet, name: string): Promise<Gpg> {
  for (const helper of ['gpg-agent', 'dirmngr'] as const) findTool(helper);
  const home = join(internet.directory, name);
  await mkdir(home, { mode: 0o700 });
  // dirmngr's own resolver knows no type that it does not ask for itself, and Tor.
  await writeFile(join(home, 'dirmngr.conf'), 'standard-resolver\nno-use-tor\n');
  const fixed = ['--homedir', home, '--batch', '--no-auto-check-trustdb'];
  return async (...args) =>
    await callTool('gpg', [...fixed, ...args], { inside: internet.namespace });
}

async function makeCertificate(gpg: Gpg): Promise<{ fingerprint: string; octets: Uint8Array }> {
  const identity = ['--passphrase', '', '--quick-generate-key', `<${mailbox}>`];
  const made = await gpg(...identity, 'future-default', 'default', 'never');
  expect(made).toMatchObject({ exitCode: 0 });
  const { output } = await gpg('--with-colons', '--list-keys');
  const fingerprint = /^fpr:+([\dA-F]{40}):/m.exec(output)![1]!;
  const exported = await gpg(
    '--armor',
    '--export-options',
    'export-minimal',
    '--export',
    fingerprint,
  );
  return { fingerprint, octets: dearmor(exported.output) };
}

/** RFC 4880 §6.2: headers, an empty line, base64, and a checksum of its own line. */
function dearmor(armored: string): Uint8Array {
  const body = /\n\n([\w+/=\n]+?)\n=[\w+/]{4}\n/.exec(armored)![1]!;
  return Uint8Array.fromBase64(body);
}

it('gpg finds the certificate that a number published, and no other', async () => {
  await using stack = new AsyncDisposableStack();
  const internet = stack.use(await startPrivateInternet());
  stack.use(await startUnbound(internet));
  const holder = await createGpg(internet, 'holder');
  const { fingerprint, octets } = await makeCertificate(holder);
  await internet.publish({
    identifier: `tel:${number}`,
    keys: [{ use: 'openpgp', algorithm: 'openpgp', key: octets }],
  });

  const caller = await createGpg(internet, 'caller');
  const locate = ['--auto-key-locate', 'clear,dane', '--with-colons', '--locate-keys'];
  const found = await caller(...locate, mailbox);
  expect(found).toMatchObject({ exitCode: 0 });
  expect(found.output).toContain(`:${fingerprint}:`);
  expect(found.output).toMatch(/imported: 1\n/);

  const unpublished = await caller(...locate, '+4915123456780@e164.alpha.test');
  expect(unpublished.exitCode).toBe(2);
  expect(internet.failures).toEqual([]);
}, 90_000);
