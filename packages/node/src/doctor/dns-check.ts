/**
 * Whether the zone is found: the member answers for it, the parent delegates to it, and the DS there is
 * that of its key. Without a server named, the system's resolvers are asked, as a client would.
 */
import { randomInt } from 'node:crypto';
import { getServers } from 'node:dns';
import {
  askDns,
  askParentDs,
  delegatedKeys,
  dnskeyOfEntry,
  dsOf,
  formatDs,
  openKeyFolder,
  readKeyState,
} from '@callbook/dns';
import { formatName, parseName, parseRdata, queryMessage, recordTypes } from '@callbook/dns/wire';
import type { Message } from '@callbook/dns/wire';
import type { NodeConfig } from '../config.ts';
import { errorCodes } from '../event-log.ts';
import { nameOfZone } from '../member-keys.ts';
import { systemClock } from '../system-ports.ts';
import type { Finding, Patient } from './doctor.ts';
import { reachable } from './tcp-probe.ts';

type Found = Omit<Finding, 'check'>;
type Server = Patient['resolvers'][number];

/** Findings for the own server, the delegation and the DS. */
export async function checkDns(patient: Patient): Promise<Found[]> {
  const { self } = patient;
  if (self === undefined) {
    const next = 'the zone is known when the charter names this member';
    return [{ state: 'warn', found: 'the charter names no zone for this member', next }];
  }
  const servers = resolversOf(patient);
  const [own, delegation, ds] = await Promise.all([
    checkOwn(patient, self.zone),
    checkDelegation(patient, self.zone, servers),
    checkDs(self.zone, patient.config, servers),
  ]);
  return [own, delegation, ds];
}

function resolversOf({ resolvers, config }: Patient): readonly Server[] {
  if (resolvers.length > 0) return resolvers;
  const configured = config.dns.keys?.parentServers;
  if (configured !== undefined) return configured;
  return getServers().map((server) => {
    const [, inBrackets, port] = /^\[(.+)\]:(\d+)$/.exec(server) ?? [];
    if (inBrackets !== undefined) return { address: inBrackets, port: Number(port) };
    return { address: server, port: 53 };
  });
}

/** What the running member answers to a question about its own zone; undefined when it does not. */
export async function askOwnZone(
  { config }: Patient,
  name: string,
  type: number,
): Promise<Message | undefined> {
  const [at] = config.dns.listen;
  return await ask({ address: reachable(at!.address), port: at!.port }, name, type).catch(
    () => undefined,
  );
}

async function ask(server: Server, name: string, type: number): Promise<Message> {
  const parsed = parseName(name);
  if (parsed.verdict !== 'accept') throw new Error('not a domain name');
  const edns = {
    udpPayloadBytes: 1232,
    version: 0,
    dnssecOk: false,
    compactOk: false,
    options: [],
  };
  const query = queryMessage(
    { name: parsed.value, type },
    { id: randomInt(65_536), recursionDesired: true, edns },
  );
  return await askDns(query, server);
}

async function checkOwn(patient: Patient, zone: string): Promise<Found> {
  if (!patient.isRunning) {
    const next = 'start it: systemctl start callbook-node, or callbook-node serve --config …';
    return { state: 'warn', found: 'the member does not run here, or not as this user', next };
  }
  const answer = await askOwnZone(patient, zone, recordTypes.SOA);
  if (answer?.authoritative === true && answer.answers.length > 0) {
    return { state: 'ok', found: `the member answers for ${zone}` };
  }
  return {
    state: 'fail',
    found: `the member does not answer for ${zone}`,
    next: 'look at the log of the member',
  };
}

async function checkDelegation(
  { config, isRunning }: Patient,
  zone: string,
  servers: readonly Server[],
): Promise<Found> {
  const { nameservers } = config.dns;
  const wanted = nameservers.map(({ name }) => name.toLowerCase().replace(/\.$/, '')).sort();
  const next = `have the parent delegate ${zone} by NS to ${wanted.join(', ')}, with their addresses as glue`;
  let named: string[];
  try {
    const answer = await firstAnswer(servers, zone, recordTypes.NS);
    named = nameServersIn(answer);
  } catch (error) {
    if (isRunning) {
      const unknown = unasked('the delegation', error);
      const remembers =
        'look again in some minutes, as a resolver remembers that nobody answered; or';
      return { ...unknown, next: `${remembers} ${unknown.next}` };
    }
    // A resolver asks the member itself, once the parent has said where it is.
    const found = 'the delegation is not known, since nobody answers for the zone yet';
    return { state: 'warn', found, next: 'look again when the member runs' };
  }
  if (named.length === 0) {
    return { state: 'fail', found: `the parent does not delegate ${zone}`, next };
  }
  const differs = named.join() !== wanted.join();
  if (!differs)
    return { state: 'ok', found: `the parent delegates ${zone} to ${named.join(', ')}` };
  const found = `the parent delegates to ${named.join(', ')}, the zone has ${wanted.join(', ')}`;
  return { state: named.some((name) => wanted.includes(name)) ? 'warn' : 'fail', found, next };
}

/** A resolver answers with them, a server of the parent refers to them. */
function nameServersIn({ answers, authorities }: Message): string[] {
  const records = [...answers, ...authorities].filter(({ type }) => type === recordTypes.NS);
  const names = records.flatMap(({ rdata }) => {
    const parsed = parseRdata(recordTypes.NS, rdata);
    return parsed.verdict === 'accept' && parsed.value.type === 'NS'
      ? [formatName(parsed.value.nameserver).toLowerCase().replace(/\.$/, '')]
      : [];
  });
  return [...new Set(names)].sort();
}

async function firstAnswer(
  servers: readonly Server[],
  zone: string,
  type: number,
): Promise<Message> {
  let cause: unknown = new Error('there is no resolver');
  for (const server of servers.slice(0, 3)) {
    try {
      return await ask(server, zone, type);
    } catch (error) {
      cause = error;
    }
  }
  throw cause;
}

async function checkDs(
  zone: string,
  { keys }: NodeConfig,
  servers: readonly Server[],
): Promise<Found> {
  const { state } = await readKeyState(openKeyFolder(keys.zone), systemClock.nowMs());
  const apex = nameOfZone(zone);
  const wanted = delegatedKeys(state).map((entry) => formatDs(dsOf(apex, dnskeyOfEntry(entry))));
  const next = `give the parent this DS: ${wanted.join(' and ')}`;
  let found: string[];
  try {
    // A resolver that does not validate proves nothing: then it is not known, not wrong.
    found = (await askParentDs(zone, servers.slice(0, 3))).map(formatDs);
  } catch (error) {
    return unasked('the DS at the parent', error);
  }
  if (found.length === 0) {
    return { state: 'fail', found: 'the parent has no DS, so nothing of the zone is proven', next };
  }
  if (wanted.some((ds) => found.includes(ds))) {
    return { state: 'ok', found: 'the DS at the parent is of a key of this zone' };
  }
  return {
    state: 'fail',
    found: 'no DS at the parent is of a key of this zone: it is bogus',
    next,
  };
}

function unasked(what: string, error: unknown): Found {
  return {
    state: 'warn',
    found: `${what} could not be asked for (${errorCodes(error).codes.join(', ')})`,
    next: 'name a validating resolver or a server of the parent: --resolver 192.0.2.1',
  };
}
