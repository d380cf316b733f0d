/**
 * `callbook-sip doctor`: what an operator looks at before the first phone registers. Each finding is a line with what to do; it
 * changes nothing, and asks the directory for nothing but the zones themselves.
 */
import { access, constants, mkdir } from 'node:fs/promises';
import { DirectoryError } from '@callbook/protocol';
import { parseName, recordTypes } from '@callbook/dns/wire';
import { neededOf, type BridgeConfig } from './config.ts';
import { readDigestSecret, readPassportSigner } from './secret-files.ts';
import { openValidator } from './serve.ts';

/** One thing that was looked at. */
export interface Finding {
  readonly isGood: boolean;
  /** A sentence, with what to do where it is not good. */
  readonly text: string;
}

/** Looks at everything that a configuration names. */
export async function examine(config: BridgeConfig): Promise<Finding[]> {
  return [
    ...(await examineDirectory(config)),
    await examineFolder(config),
    ...(await examineSecrets(config)),
  ];
}

async function examineDirectory(config: BridgeConfig): Promise<Finding[]> {
  const { suffixes, providers = [] } = config.directory;
  const validator = await openValidator(config).catch((error: unknown) => error);
  if (!isValidator(validator)) return [failure(validator, 'name DS records of the root')];
  const zones = await Promise.all(
    [...suffixes, ...providers].map(async (suffix): Promise<Finding & { suffix: string }> => {
      const name = parseName(suffix);
      if (name.verdict !== 'accept') return { suffix, isGood: false, text: `${suffix}: no name` };
      const { verdict, code, state } = await validator.validate(name.value, recordTypes.SOA);
      const isGood = verdict === 'secure' && state === 'records';
      const advice =
        'see that the resolver answers, gives DNSSEC records, and that the clock is right';
      const text = isGood
        ? `${suffix} is signed, and validated from the root`
        : `${suffix} cannot be used: ${verdict}, ${code}; ${advice}`;
      return { suffix, isGood, text };
    }),
  );
  const goodCount = zones.filter(
    ({ suffix, isGood }) => isGood && suffixes.includes(suffix),
  ).length;
  const needed = neededOf(config.directory);
  const isEnough = goodCount >= needed;
  const spare = goodCount - needed;
  const text = isEnough
    ? `${goodCount} zones of members answer, ${needed} have to agree: ${spare} may fail`
    : `${goodCount} zones of members answer, and ${needed} have to agree: every check is 503`;
  return [
    ...zones.map(({ isGood, text: said }) => ({ isGood, text: said })),
    { isGood: isEnough, text },
  ];
}

function isValidator(value: unknown): value is Awaited<ReturnType<typeof openValidator>> {
  return typeof value === 'object' && value !== null && 'validate' in value;
}

async function examineFolder({ dataDir }: BridgeConfig): Promise<Finding> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    await access(dataDir, constants.W_OK | constants.R_OK);
    return { isGood: true, text: `accounts are kept in ${dataDir}` };
  } catch {
    return {
      isGood: false,
      text: `${dataDir} cannot be written: make it, and give it to the user of the bridge`,
    };
  }
}

async function examineSecrets({ credentials, signing }: BridgeConfig): Promise<Finding[]> {
  const findings: Finding[] = [];
  if (credentials !== undefined) {
    findings.push(
      await tried(
        async () => await readDigestSecret(credentials.secret),
        'the secret of the digest credentials can be used',
      ),
    );
  }
  if (signing !== undefined) {
    findings.push(
      await tried(
        async () => await readPassportSigner(signing.privateKey, signing.url),
        'calls out are signed; holders have to publish this key beside their own: callbook key import --use sip --beside',
      ),
    );
  }
  return findings;
}

async function tried(attempt: () => Promise<unknown>, text: string): Promise<Finding> {
  try {
    await attempt();
    return { isGood: true, text };
  } catch (error) {
    return failure(error, 'docs/errors.md says what to do');
  }
}

function failure(error: unknown, advice: string): Finding {
  const text =
    error instanceof DirectoryError ? `${error.message} (${error.code}); ${advice}` : advice;
  return { isGood: false, text };
}
