/** Certificates of a front end: from files, and taken over when the files change; TLSA is the member's affair. */
import type { Logger } from 'pino';
import { startReloading } from '../reloaded-files.ts';
import { readPair } from '../tls/certificate-pair.ts';
import type { CertificatePair, CertificatePaths } from '../tls/certificate-pair.ts';

/** Serves a pair by `serve` whenever its files have changed, until disposed of. */
export function followPair(
  paths: CertificatePaths,
  serve: (pair: CertificatePair) => void,
  log: Pick<Logger, 'info' | 'warn'>,
): Disposable {
  const reload = async (): Promise<void> => {
    serve(await readPair(paths));
    log.info('certificate_replaced');
  };
  const onFailure = (error: unknown): void => log.warn({ err: error }, 'certificate_unusable');
  return startReloading([paths.certificate, paths.privateKey], reload, { onFailure });
}
