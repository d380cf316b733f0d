/**
 * `callbook cert`: a client certificate for telephones, by the `sip` key of the seed. A provider looks at the key and not at the
 * certificate, so that a new one needs no change in the directory.
 */
import { holdingPayload } from '@callbook/client';
import { bytesEqual, deriveKeys } from '@callbook/protocol';
import { cliError } from '../errors.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { selectHeld } from '../journal.ts';
import { seedOf } from '../key-file.ts';
import { writeIdentifier } from '../number.ts';
import { derivedSecret } from '../secret-key.ts';
import { selfSignedCertificate } from '../self-signed-certificate.ts';
import { writeNewFile } from '../new-file.ts';
import type { Session } from '../session.ts';

export interface CertOptions {
  readonly number?: string;
  readonly days: string;
}

const daysMax = 3650;

/** Writes secret key and certificate to one new file, readable by its owner alone. */
export async function writeCertificate(
  session: Session,
  path: string,
  options: CertOptions,
): Promise<ExitCode> {
  const days = Number(options.days);
  if (!Number.isInteger(days) || days < 1 || days > daysMax) {
    throw cliError('usage', `--days is a number of days, 1 to ${daysMax}`);
  }
  const record = await selectHeld(session, options.number);
  const { identifier, holding } = record;
  const derived = deriveKeys(seedOf(record), holding).sip;
  const isPublished = holdingPayload(holding).keys.some(
    ({ use, key }) => use === 'sip' && bytesEqual(key, derived.publicKey),
  );
  // A telephone with a key that nobody finds would be refused everywhere.
  if (!isPublished) {
    throw cliError('secret_elsewhere', 'the published sip key does not derive from the seed');
  }
  const secret = derivedSecret(derived, 'sip');
  const certificate = selfSignedCertificate(secret, { nowMs: Date.now(), days });
  const key = secret.export({ type: 'pkcs8', format: 'pem' });
  await writeNewFile(path, `${key}${certificate}`);
  session.report.result({ identifier, file: path, days }, [
    `Secret key and certificate of ${writeIdentifier(identifier)}: ${path}`,
    'A telephone that has this file is yours: keep it to yourself.',
  ]);
  return exitCodes.ok;
}
