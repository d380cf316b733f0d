/** Certificates that tests serve, made by openssl, and what a client is shown. */
import { execFileSync } from 'node:child_process';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connect } from 'node:tls';
import type { TLSSocket } from 'node:tls';
import { once } from 'node:events';
import { parsePair } from '../../src/tls/certificate-pair.ts';
import type { CertificatePair, CertificatePaths } from '../../src/tls/certificate-pair.ts';

let count = 0;

/** A self-signed pair of 90 days; of the key in a file, or of a new one. */
export function makePair(folder: string, host: string, keyFile?: string): CertificatePair {
  count += 1;
  const [key, certificate] = [join(folder, `made-${count}.key`), join(folder, `made-${count}.pem`)];
  const keyOptions =
    keyFile === undefined
      ? ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-keyout', key]
      : ['-key', keyFile];
  const subject = ['-subj', `/CN=${count}`, '-addext', `subjectAltName=DNS:${host}`];
  const args = ['req', '-x509', ...keyOptions, '-days', '90', '-out', certificate, ...subject];
  execFileSync('openssl', args, { stdio: 'ignore' });
  return parsePair({
    certificate: readFileSync(certificate, 'utf8'),
    privateKey: readFileSync(keyFile ?? key, 'utf8'),
  });
}

export function pathsAt(folder: string, name: string): CertificatePaths {
  return { certificate: join(folder, `${name}.pem`), privateKey: join(folder, `${name}.key`) };
}

/** Puts texts where certificates are configured, as tools do that renew them: moved over the old. */
export function put(paths: CertificatePaths, pair: Partial<CertificatePair>): void {
  for (const half of ['privateKey', 'certificate'] as const) {
    const text = pair[half];
    if (text === undefined) continue;
    writeFileSync(`${paths[half]}.new`, text, { mode: 0o600 });
    renameSync(`${paths[half]}.new`, paths[half]);
  }
}

/** A connection that has taken whatever certificate it was shown. */
export async function connected(port: number, alpn?: string): Promise<TLSSocket> {
  const socket = connect({
    port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    ...(alpn !== undefined && { ALPNProtocols: [alpn] }),
  });
  await once(socket, 'secureConnect');
  return socket;
}

/** PEM of the certificate that new connections are shown. */
export async function shownAt(port: number): Promise<string> {
  const socket = await connected(port);
  const shown = socket.getPeerX509Certificate()!.toString();
  socket.destroy();
  return shown;
}
