/** `testnet.json`: where everything of a running testnet is, for scripts, tests and people. */
import { readFile } from 'node:fs/promises';
import { parseCharter, parseVerifierKey } from '@callbook/protocol';
import { loopback } from './layout.ts';
import type { TestnetLayout } from './layout.ts';

export interface TestnetDescription {
  readonly members: readonly MemberDescription[];
  /** The private root; `trustAnchor` is a file with its DS. */
  readonly root: { readonly address: string; readonly port: number; readonly trustAnchor: string };
  /** For `unbound -d -c <config>`; nothing listens there until somebody starts it. */
  readonly resolver: {
    readonly address: string;
    readonly port: number;
    readonly config: string;
    readonly bindTrustAnchors: string;
  };
  /** JSON lines of what was sent: `to`, `text`, `code`. */
  readonly outbox: string;
  /** A page that shows what is in the outbox, where the members serve web pages. */
  readonly handset?: string;
  /** A configuration for `callbook` (`CALLBOOK_CONFIG`). */
  readonly clientConfig: string;
}

interface MemberDescription {
  readonly name: string;
  readonly zone: string;
  readonly dns: { readonly address: string; readonly port: number };
  readonly api: string;
  readonly web: string;
  /** PEM file of the authority behind the API's certificate. */
  readonly ca: string;
  readonly peerId: string;
  readonly origin: string;
}

/** Describes a founded testnet. */
export async function describeTestnet(layout: TestnetLayout): Promise<TestnetDescription> {
  const charter = parseCharter(await readFile(layout.charterFile, 'utf8'));
  if (charter.verdict !== 'accept') throw new Error(`${layout.charterFile}: ${charter.message}`);
  const members = charter.value.members.map((member, position) => {
    const { dnsPort, webPort } = layout.members[position]!;
    const logKey = parseVerifierKey(member.logKey);
    return {
      name: member.name,
      zone: member.zone,
      dns: { address: loopback, port: dnsPort },
      api: member.api,
      web: `http://localhost:${webPort}`,
      ca: layout.caFile,
      peerId: member.peerId,
      origin: logKey.verdict === 'accept' ? logKey.value.name : '',
    };
  });
  return {
    members,
    root: { address: loopback, port: layout.rootPort, trustAnchor: layout.trustAnchorFile },
    resolver: {
      address: loopback,
      port: layout.resolverPort,
      config: layout.unboundConfigFile,
      bindTrustAnchors: layout.bindAnchorsFile,
    },
    outbox: layout.outboxFile,
    ...(layout.pageLink !== undefined && { handset: `http://localhost:${layout.handsetPort}` }),
    clientConfig: layout.clientConfigFile,
  };
}
