/**
 * A telephone on Debian's linphonec, which reads commands line by line. It is here to register: without a
 * sound card it offers nothing to talk with. Odd: it shows no Ed25519 certificate and does not say so.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { startPeer } from '../peer-process.ts';
import { writePhoneCertificate } from './phone-key.ts';
import type { PrivateKeyPem } from './phone-key.ts';

export interface LinphoneOptions {
  readonly folder: string;
  readonly number: string;
  readonly domain: string;
  readonly address: string;
  readonly authorityFile: string;
  readonly key: PrivateKeyPem;
}

const waitMsMax = 25_000;
const pollMs = 50;

/** Starts the phone and returns what becomes of its registration. */
export async function registerLinphone(
  options: LinphoneOptions,
): Promise<'refused' | 'registered'> {
  const { folder, key } = options;
  // Its database has no folder of its own making.
  await mkdir(join(folder, '.local/share/linphone'), { recursive: true });
  const files = await writePhoneCertificate(folder, key);
  await writeFile(join(folder, 'linphonerc'), settings(options, files));
  // Its commands say less than its log.
  await using phone = await startPeer(['linphonec', '-d', '6', '-c', join(folder, 'linphonerc')], {
    cwd: folder,
    input: true,
    env: { HOME: folder },
    ready: 'linphonec>',
  });
  const deadlineMs = Date.now() + waitMsMax;
  while (Date.now() < deadlineMs) {
    if (/to \[?LinphoneRegistrationOk/.test(phone.said())) return 'registered';
    if (/to \[?LinphoneRegistrationFailed/.test(phone.said())) return 'refused';
    await sleep(pollMs);
  }
  throw new Error(`linphonec says nothing of its registration: ${phone.said()}`);
}

function settings(
  { number, domain, address, authorityFile }: LinphoneOptions,
  files: { readonly certificate: string; readonly privateKey: string },
): string {
  return `[sip]
sip_port=0
sip_tcp_port=0
sip_tls_port=5077
media_encryption=dtls
root_ca=${authorityFile}
verify_server_certs=1
client_cert_chain=${files.certificate}
client_cert_key=${files.privateKey}
bind_address=${address}
default_proxy=0
[net]
bind_address=${address}
[proxy_0]
reg_proxy=<sip:${domain};transport=tls>
reg_identity=<sip:${number}@${domain}>
reg_expires=60
reg_sendregister=1
publish=0
`;
}
