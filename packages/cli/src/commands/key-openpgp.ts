/**
 * `callbook key openpgp`: publishes an OpenPGP certificate made from the seed, and hands its secret key to
 * other software. What makes it is loaded here alone: it is larger than all the rest of the command.
 */
import { holdingPayload } from '@callbook/client';
import type { OpenPgpUserId } from '@callbook/client/openpgp';
import { bytesEqual, type PublishedKey } from '@callbook/protocol';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { journal, selectHeld } from '../journal.ts';
import { seedOf } from '../key-file.ts';
import { writeIdentifier } from '../number.ts';
import { writeNewFile } from '../new-file.ts';
import type { Session } from '../session.ts';

export interface OpenPgpOptions {
  readonly number?: string;
  /** `Name <user@domain>`, or one of the two. */
  readonly userId?: string;
  /** New file for the secret key. */
  readonly secret?: string;
}

/** Publishes the certificate in place of any other; the same again changes nothing. */
export async function publishOpenPgp(session: Session, options: OpenPgpOptions): Promise<ExitCode> {
  const record = await selectHeld(session, options.number);
  const { holding } = record;
  const { identifier, labelEpoch } = holding;
  const { openPgpKey } = await import('@callbook/client/openpgp');
  const userId = options.userId === undefined ? {} : { userId: readUserId(options.userId) };
  const made = await openPgpKey({ seed: seedOf(record), identifier, labelEpoch, ...userId });
  if (options.secret !== undefined) await writeNewFile(options.secret, made.armoredSecretKey);
  const own: PublishedKey = { use: 'openpgp', algorithm: 'openpgp', key: made.certificate };
  const { keys } = holdingPayload(holding);
  if (!keys.some(({ use, key }) => use === 'openpgp' && bytesEqual(key, own.key))) {
    const others = keys.filter(({ use }) => use !== 'openpgp');
    const { onProgress } = session;
    await journal(session, record, (savePending) =>
      session.directory.publish(holding, { keys: [...others, own] }, { onProgress, savePending }),
    );
  }
  const fingerprint = made.fingerprint.toHex().toUpperCase();
  session.report.result({ identifier, fingerprint, certificate: made.certificate }, [
    `${writeIdentifier(identifier)} publishes an OpenPGP certificate.`,
    `  fingerprint  ${fingerprint}`,
    ...(options.secret === undefined
      ? []
      : [`Secret key: ${options.secret}. Import it with "gpg --import", then remove the file.`]),
  ]);
  return exitCodes.ok;
}

function readUserId(text: string): OpenPgpUserId {
  const [, name, email] = /^\s*([^<>]*?)\s*<([^<>]+)>\s*$/.exec(text) ?? [];
  if (email !== undefined) return name === '' ? { email } : { name: name ?? '', email };
  return text.includes('@') ? { email: text.trim() } : { name: text.trim() };
}
