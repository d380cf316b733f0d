/**
 * Asks for the DS that the parent of a zone has now: each server named, by UDP, one question. What
 * they say decides when an old KSK goes, so a DS counts only when every one of them has it, and only
 * an answer that a server gives with authority, or a resolver says it has validated. Between here and
 * the server the network is trusted: name a resolver on this host, or servers of the parent behind
 * a path that nobody else can write to.
 */
import { randomInt } from 'node:crypto';
import { dnsError } from '../errors.ts';
import type { ListenAddress } from '../serve/dns-server.ts';
import { askDns } from './ask-dns.ts';
import { queryMessage } from '../wire/query.ts';
import type { Message } from '../wire/message.ts';
import { sameName } from '../wire/names.ts';
import type { DomainName } from '../wire/names.ts';
import { parseRdata } from '../wire/rdata.ts';
import type { DsRdata } from '../wire/rdata.ts';
import { recordTypes, responseCodes } from '../wire/record-types.ts';
import { formatDs } from '../sign/delegation-signer.ts';
import { apexNameOf } from './signing-request.ts';

const attemptsMax = 3;
const answerBytesMax = 1232;

/** Returns the DS that all servers have; none when there are none. Code: `dns_parent_unreachable`. */
export async function askParentDs(
  apex: string,
  servers: readonly ListenAddress[],
): Promise<readonly DsRdata[]> {
  const name = apexNameOf(apex);
  const [first, ...others] = await Promise.all(
    servers.map(async (server) => await askServer(name, server)),
  );
  const texts = others.map((found) => new Set(found.map(formatDs)));
  return (first ?? []).filter((ds) => texts.every((text) => text.has(formatDs(ds))));
}

async function askServer(name: DomainName, server: ListenAddress): Promise<DsRdata[]> {
  let cause: unknown;
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    try {
      return dsOfAnswer(name, await askDns(dsQuery(name), server));
    } catch (error) {
      cause = error;
    }
  }
  throw dnsError('dns_parent_unreachable', `no usable answer in ${attemptsMax} attempts`, {
    cause,
    details: { port: server.port },
  });
}

function dsQuery(name: DomainName): Message {
  return queryMessage(
    { name, type: recordTypes.DS },
    {
      id: randomInt(65_536),
      recursionDesired: true,
      // RFC 6840 §5.7: AD in a query asks a resolver to say whether it has validated.
      authenticData: true,
      edns: {
        udpPayloadBytes: answerBytesMax,
        version: 0,
        dnssecOk: false,
        compactOk: false,
        options: [],
      },
    },
  );
}

function dsOfAnswer(name: DomainName, message: Message): DsRdata[] {
  const { responseCode, truncated, authoritative, authenticData } = message;
  if (responseCode !== responseCodes.NOERROR || truncated || !(authoritative || authenticData))
    throw dnsError('dns_parent_unreachable', `answer is refused, cut or unproven: ${responseCode}`);
  return message.answers
    .filter(({ owner, type }) => type === recordTypes.DS && sameName(owner, name))
    .flatMap(({ rdata }) => {
      const parsed = parseRdata(recordTypes.DS, rdata);
      return parsed.verdict === 'accept' && parsed.value.type === 'DS' ? [parsed.value] : [];
    });
}
