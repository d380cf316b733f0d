/** Until when the certificates of a member are good. */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { NodeConfig } from '../config.ts';
import type { CertificateStatus } from './member-status.ts';

/** Reads the configured files; one that cannot be read has ended. */
export async function readCertificates({ api, dns }: NodeConfig): Promise<CertificateStatus[]> {
  const paths = [
    { use: 'api', path: api.certificate } as const,
    ...(dns.tls === undefined ? [] : [{ use: 'dns', path: dns.tls.certificate } as const]),
  ];
  return await Promise.all(
    paths.map(async ({ use, path }) => ({ use, endsAtMs: await endOf(path) })),
  );
}

async function endOf(path: string): Promise<number> {
  try {
    return new X509Certificate(await readFile(path)).validToDate.getTime();
  } catch {
    return 0;
  }
}
