/** The certificates of the API and of DNS over TLS: dates, name, key, what is shown, and the TLSA record. */
import { existsSync } from 'node:fs';
import { recordTypes } from '@callbook/dns/wire';
import { DirectoryError } from '@callbook/protocol';
import { readInput } from '../commands/key-place.ts';
import { nextStepFor } from '../next-steps.ts';
import { systemClock } from '../system-ports.ts';
import { readPair } from '../tls/certificate-pair.ts';
import type { CertificatePair } from '../tls/certificate-pair.ts';
import { readApiCertificate } from '../tls/member-certificates.ts';
import { pathsIn } from '../tls/tls-settings.ts';
import { askOwnZone } from './dns-check.ts';
import type { Finding, Patient } from './doctor.ts';
import { probeTls, reachable } from './tcp-probe.ts';

type Found = Omit<Finding, 'check'>;

const dayMs = 86_400_000;
/** Those that live for 90 days are renewed 30 days before their end. */
const remainingDaysOk = 14;

/** Findings for what is in the files, and for what is shown where the member runs. */
export async function checkCertificates(patient: Patient): Promise<Found[]> {
  const { config, self } = patient;
  const apiName = self === undefined ? undefined : new URL(self.api).hostname;
  // Where there is no data folder yet, nothing has been ordered, and none is made.
  const isOrdered = config.api.acme !== undefined && !existsSync(config.dataDir);
  const api = await checkPair('API', apiName, async () =>
    isOrdered ? undefined : await readApiCertificate(config),
  );
  const dot = pathsIn(config.dns.tls ?? {});
  return [
    ...api.findings,
    ...(dot === undefined
      ? []
      : (await checkPair('DNS over TLS', undefined, async () => await readPair(dot))).findings),
    ...(api.pair === undefined ? [] : await checkShown(api.pair, patient)),
  ];
}

interface CheckedPair {
  readonly findings: readonly Found[];
  readonly pair: CertificatePair | undefined;
}

async function checkPair(
  of: string,
  name: string | undefined,
  read: () => Promise<CertificatePair | undefined>,
): Promise<CheckedPair> {
  let pair: CertificatePair | undefined;
  try {
    pair = await read();
  } catch (error) {
    if (!(error instanceof DirectoryError)) throw error;
    const next = nextStepFor(error.code) ?? 'see docs/errors.md';
    const found = `${of}: ${error.message} (${error.code})`;
    return { findings: [{ state: 'fail', found, next }], pair: undefined };
  }
  if (pair === undefined) {
    const next =
      'the running member orders it when DNS answers; acme_order_failed in its log says why not';
    const found = `${of}: there is no certificate from the authority yet`;
    return { findings: [{ state: 'warn', found, next }], pair };
  }
  const findings = [dateFinding(of, pair)];
  if (name !== undefined && !pair.coversHost(name)) {
    const next = `have it made for ${name}, which the charter names`;
    findings.push({ state: 'fail', found: `${of}: the certificate is not for ${name}`, next });
  }
  return { findings, pair };
}

function dateFinding(of: string, { notBeforeMs, notAfterMs }: CertificatePair): Found {
  const nowMs = systemClock.nowMs();
  const days = Math.floor((notAfterMs - nowMs) / dayMs);
  const next = 'renew it, or see why that fails: docs/operators/tls.md';
  if (notBeforeMs > nowMs) {
    const early = 'wait, or look at the clock of this machine';
    return { state: 'fail', found: `${of}: the certificate is not valid yet`, next: early };
  }
  if (days < 0) return { state: 'fail', found: `${of}: the certificate has ended`, next };
  const found = `${of}: the certificate and its key belong together, ${days} days are left`;
  return days < remainingDaysOk ? { state: 'warn', found, next } : { state: 'ok', found };
}

/** What a client of the running member meets. */
async function checkShown(pair: CertificatePair, patient: Patient): Promise<Found[]> {
  const { config, self, isRunning } = patient;
  if (!isRunning || self === undefined) return [];
  const authorities = config.oblivious?.authorities;
  const ca = patient.ca ?? (authorities === undefined ? undefined : await readInput(authorities));
  const { address, port } = config.api.listen;
  const { hostname } = new URL(self.api);
  const shown = await probeTls({ host: reachable(address), port, name: hostname }, ca);
  const findings: Found[] = [];
  if (shown.keyHash === undefined) {
    const next = 'look at the log of the member';
    findings.push({ state: 'fail', found: `API: no TLS (${shown.problem})`, next });
  } else if (shown.keyHash !== pair.keyHash.toHex()) {
    const next =
      'wait ten minutes, in which the new key is announced; if it stays so, look at the log';
    findings.push({
      state: 'warn',
      found: 'API: a certificate of another key is shown than the file has',
      next,
    });
  } else if (shown.problem !== undefined) {
    const next =
      'clients will refuse it: put the whole chain into the file, or name your authority with --ca';
    findings.push({
      state: 'fail',
      found: `API: the certificate is not trusted (${shown.problem})`,
      next,
    });
  } else findings.push({ state: 'ok', found: 'API: the certificate is shown and trusted' });
  findings.push(await checkTlsa(pair, patient));
  return findings;
}

async function checkTlsa({ keyHash }: CertificatePair, patient: Patient): Promise<Found> {
  const name = `_443._tcp.api.${patient.self!.zone}`;
  const answer = await askOwnZone(patient, name, recordTypes.TLSA);
  // DANE-EE(3), SPKI(1), SHA-256(1) before the hash.
  const wanted = `030101${keyHash.toHex()}`;
  const records = answer?.answers.filter(({ type }) => type === recordTypes.TLSA) ?? [];
  if (records.some(({ rdata }) => Buffer.from(rdata).toString('hex') === wanted)) {
    return { state: 'ok', found: 'API: the TLSA record is of the key of this certificate' };
  }
  const found = records.length === 0 ? 'no TLSA record' : 'the TLSA record is of another key';
  const next =
    'wait until the member has taken the certificate up; if it stays so, look at its log';
  return { state: 'fail', found: `API: ${found}`, next };
}
