/** Whether what carries codes to people is reached. Nothing is sent, and nobody logs in. */
import { lookup } from 'node:dns/promises';
import { channelsFor, schemes } from '../challenge-settings.ts';
import type { ChannelName, ChallengeConfig } from '../challenge-settings.ts';
import { readInput } from '../commands/key-place.ts';
import { errorCodes } from '../event-log.ts';
import type { Finding, Patient } from './doctor.ts';
import { probeTls, tcpProblem } from './tcp-probe.ts';

type Found = Omit<Finding, 'check'>;

/** One finding a channel that some scheme is sent by, and one for each scheme without. */
export async function checkGateways({ config }: Patient): Promise<Found[]> {
  const { challenges } = config;
  const used = new Set(schemes.flatMap((scheme) => channelsFor(challenges, scheme)));
  const unsent = schemes.filter((scheme) => channelsFor(challenges, scheme).length === 0);
  const found = [...used].map(async (name) => await checkChannel(name, challenges));
  return [
    ...(await Promise.all(found)),
    ...unsent.map((scheme): Found => {
      const next = `members send codes for one another's holders: set challenges.by.${scheme} when you can`;
      return { state: 'warn', found: `${scheme}: no channel, so no codes go there`, next };
    }),
  ];
}

interface Gateway {
  readonly host: string;
  readonly port: number;
  readonly ca?: string;
  readonly isTls: boolean;
  readonly isUdp?: boolean;
}

function gatewayOf(
  name: Exclude<ChannelName, 'outbox'>,
  channels: ChallengeConfig['channels'],
): Gateway {
  const { smpp, webhook, smtp, sip } = channels ?? {};
  switch (name) {
    case 'smpp':
      return { ...smpp!, isTls: smpp!.tls ?? false };
    case 'smtp':
      return { ...smtp!, isTls: smtp!.implicitTls ?? false };
    case 'sip':
      return { ...sip!, isTls: sip!.transport === 'tls', isUdp: sip!.transport === 'udp' };
    case 'webhook': {
      const { hostname, port } = new URL(webhook!.url);
      return { ...webhook!, host: hostname, port: port === '' ? 443 : Number(port), isTls: true };
    }
  }
}

async function checkChannel(name: ChannelName, challenges: ChallengeConfig): Promise<Found> {
  if (name === 'outbox') {
    const next = 'set challenges.by and challenges.channels before people use this member';
    return { state: 'warn', found: 'outbox: codes are written to a file, nobody gets them', next };
  }
  const gateway = gatewayOf(name, challenges.channels);
  const { host, port } = gateway;
  const problem = await problemOf(gateway);
  if (problem === undefined) return { state: 'ok', found: `${name}: ${host} port ${port} answers` };
  const next =
    'check host and port, this machine\'s firewall, and "ca" where the authority is not public';
  return { state: 'fail', found: `${name}: ${host} port ${port}: ${problem}`, next };
}

async function problemOf({ host, port, ca, isTls, isUdp }: Gateway): Promise<string | undefined> {
  try {
    // A datagram to nobody gets no answer: the name is all that can be looked at.
    if (isUdp === true) return (await lookup(host)) && undefined;
    if (!isTls) return await tcpProblem(host, port);
    const authority = ca === undefined ? undefined : await readInput(ca);
    return (await probeTls({ host, port, name: host }, authority)).problem;
  } catch (error) {
    return errorCodes(error).codes.join(', ');
  }
}
