/** Whether the other members are reached: their mesh, by which logs travel, and their API. */
import type { CharterMember } from '@callbook/protocol';
import { boundedGet, isDistrust } from '../commands/bounded-get.ts';
import { errorCodes } from '../event-log.ts';
import type { Finding, Patient } from './doctor.ts';
import { tcpProblem } from './tcp-probe.ts';

const askMsMax = 5000;

/** The members that this one talks to. */
export function otherMembers({ charter, config }: Patient): readonly CharterMember[] {
  const members = charter?.members ?? [];
  return members.filter(({ name, state }) => name !== config.member && state !== 'expelled');
}

/** One finding a member. */
export async function checkPeers(patient: Patient): Promise<Omit<Finding, 'check'>[]> {
  if (patient.charter === undefined) {
    const next = 'callbook-node charter fetch --config … --from https://<a member>';
    return [{ state: 'fail', found: 'there is no usable charter that names any', next }];
  }
  const others = otherMembers(patient);
  if (others.length === 0) {
    return [
      { state: 'warn', found: 'the charter has no other', next: 'nothing is agreed on alone' },
    ];
  }
  return await Promise.all(others.map(async (member) => await checkPeer(member, patient)));
}

async function checkPeer(
  { name, api, addresses: inCharter }: CharterMember,
  { config, ca }: Patient,
): Promise<Omit<Finding, 'check'>> {
  const own = config.mesh.peers?.find(({ member }) => member === name)?.addresses;
  const [mesh, answer] = await Promise.all([meshProblem(own ?? inCharter), apiProblem(api, ca)]);
  if (mesh === undefined && answer === undefined) {
    return { state: 'ok', found: `${name}: mesh and API answer` };
  }
  const problems = [
    ...(mesh === undefined ? [] : [`mesh ${mesh}`]),
    ...(answer === undefined ? [] : [`API ${answer.found}`]),
  ];
  return {
    // Logs still arrive by the others; without the mesh of any nothing is agreed on.
    state: mesh === undefined ? 'warn' : 'fail',
    found: `${name}: ${problems.join(', ')}`,
    next:
      answer?.isDistrusted === true
        ? 'tell its operator that the certificate or its chain is wrong, or name its authority with --ca'
        : 'see that this machine may connect there (firewall); else its operator knows more',
  };
}

async function meshProblem(addresses: readonly string[]): Promise<string | undefined> {
  const targets = addresses.flatMap((multiaddr) => {
    const [, host, port] = /^\/(?:ip[46]|dns[46])\/([^/]+)\/tcp\/(\d{1,5})/.exec(multiaddr) ?? [];
    return host === undefined ? [] : [{ host, port: Number(port) }];
  });
  if (targets.length === 0) return 'has no address';
  const problems = await Promise.all(
    targets.map(async ({ host, port }) => await tcpProblem(host, port)),
  );
  return problems.includes(undefined) ? undefined : `unreachable (${problems[0]})`;
}

interface ApiProblem {
  readonly found: string;
  readonly isDistrusted: boolean;
}

async function apiProblem(api: string, ca: string | undefined): Promise<ApiProblem | undefined> {
  try {
    const { status } = await boundedGet(`${api}/healthz`, { ca, msMax: askMsMax });
    return status === 200 ? undefined : { found: `answers ${status}`, isDistrusted: false };
  } catch (error) {
    const isDistrusted = isDistrust(error);
    const what = isDistrusted ? 'is not trusted' : 'unreachable';
    return { found: `${what} (${errorCodes(error).codes.join(', ')})`, isDistrusted };
  }
}
