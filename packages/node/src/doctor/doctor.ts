/**
 * What `callbook-node doctor` looks at, each in bounded time and all at once: findings, one a line, that
 * say how a thing is and what to do about it. It changes nothing and needs no running member, though one
 * that runs can be looked at more closely. No check says what a secret is.
 */
import type { Charter, CharterMember } from '@callbook/protocol';
import { askMember } from '../admin/ask-member.ts';
import { charterIn } from '../commands/charter-notes.ts';
import { checkConfig } from '../configuration/check-config.ts';
import type { NodeConfig } from '../config.ts';
import { pickCryptography } from '../cryptography.ts';
import { errorCodes } from '../event-log.ts';
import { checkCertificates } from './certificate-check.ts';
import { checkClock } from './clock-check.ts';
import { checkDisk } from './disk-check.ts';
import { checkDns } from './dns-check.ts';
import { checkGateways } from './gateway-check.ts';
import { checkPeers } from './peer-check.ts';
import { checkPorts } from './port-check.ts';

export interface Finding {
  readonly check: CheckName;
  readonly state: 'ok' | 'warn' | 'fail';
  /** What was found; no secret and no address of a person. */
  readonly found: string;
  /** What to do; undefined where nothing has to be done. */
  readonly next?: string;
}

export interface Patient {
  readonly config: NodeConfig;
  /** In force or, where no member runs, the newest of the configuration; undefined where none is readable. */
  readonly charter: Charter | undefined;
  /** This member in it. */
  readonly self: CharterMember | undefined;
  /** Whether it runs on this machine, as far as this user can tell. */
  readonly isRunning: boolean;
  /** PEM of authorities to trust beside the system's. */
  readonly ca: string | undefined;
  /** Servers that know the DS at the parent; empty for the system's resolvers. */
  readonly resolvers: readonly { readonly address: string; readonly port: number }[];
}

type Look = (patient: Patient) => Promise<readonly Omit<Finding, 'check'>[]>;

const checks = {
  ports: checkPorts,
  clock: checkClock,
  dns: checkDns,
  certificate: checkCertificates,
  disk: checkDisk,
  members: checkPeers,
  gateways: checkGateways,
} satisfies Record<string, Look>;

type CheckName = 'configuration' | keyof typeof checks;

/** Of each check; what it asks of others is shorter. */
const checkMsMax = 15_000;

export interface DoctorOptions {
  readonly config: string;
  readonly ca: string | undefined;
  readonly resolvers: Patient['resolvers'];
}

/** Looks at everything. Code: `config_unreadable`. */
export async function examineMember(options: DoctorOptions): Promise<Finding[]> {
  const { config, faults, charter } = await checkConfig(options.config, process.env);
  const findings: Finding[] = faults.map(({ line, setting, problem, fix, code }) => ({
    check: 'configuration',
    state: 'fail',
    found: `${line === undefined ? '' : `line ${line}: `}${setting}: ${problem} (${code})`,
    next: fix,
  }));
  if (findings.length === 0) {
    findings.push({ check: 'configuration', state: 'ok', found: 'every setting is usable' });
  }
  if (config === undefined) return findings;
  const { ca, resolvers } = options;
  const running = await runningCharter(config);
  const known = running ?? charter;
  const self = known?.members.find(({ name }) => name === config.member);
  const patient = { config, charter: known, self, isRunning: running !== undefined, ca, resolvers };
  const looks = Object.entries(checks) as [keyof typeof checks, Look][];
  const found = await Promise.all(
    looks.map(async ([name, look]) => await bounded(name, look, patient)),
  );
  return [...findings, ...found.flat()];
}

async function runningCharter(config: NodeConfig): Promise<Charter | undefined> {
  try {
    const { notes, inForce } = await askMember(config, { ask: 'charters' });
    return charterIn(notes[inForce - 1]!, await pickCryptography()).charter;
  } catch {
    return undefined;
  }
}

async function bounded(check: CheckName, look: Look, patient: Patient): Promise<Finding[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Omit<Finding, 'check'>[]>((resolve) => {
    const found = `no result within ${checkMsMax / 1000} seconds`;
    const next =
      'run it again; if it stays so, something between here and there drops what is sent';
    timer = setTimeout(() => resolve([{ state: 'fail', found, next }]), checkMsMax);
  });
  try {
    const findings = await Promise.race([look(patient), late]);
    return findings.map((finding) => ({ check, ...finding }));
  } catch (error) {
    const found = `could not be looked at (${errorCodes(error).codes.join(', ')})`;
    return [{ check, state: 'fail', found, next: 'see docs/errors.md for the code' }];
  } finally {
    clearTimeout(timer);
  }
}
