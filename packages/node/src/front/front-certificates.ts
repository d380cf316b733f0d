/** Certificates of a front end: from files, and taken over when the files change; TLSA is the member's affair. */
import type { Logger } from 'pino';
import type { ReloadedFiles } from '../reloaded-files.ts';
import type { CertificatePair } from '../tls/certificate-pair.ts';

/** Serves a pair by `serve` whenever its files have changed, until disposed of. */
export function followPair(
  files: ReloadedFiles<CertificatePair>,
  serve: (pair: CertificatePair) => void,
  log: Pick<Logger, 'info' | 'warn'>,
): Disposable {
  const take = (pair: CertificatePair): void => {
    serve(pair);
    log.info('certificate_replaced');
  };
  const onFailure = (error: unknown): void => log.warn({ err: error }, 'certificate_unusable');
  return files.follow(take, { onFailure });
}
