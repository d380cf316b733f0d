/** Where everything of a testnet is: names, ports and paths, all derived from three options. */
import { join } from 'node:path';

export interface TestnetOptions {
  /** Folder of the testnet's files, made when missing. */
  readonly folder: string;
  /** 1 to 16. */
  readonly memberCount: number;
  /** First of the ports used: root and handset take three, each member six of its own ten. */
  readonly portBase: number;
  /** Folders laid out for members that may join later; none where not given. */
  readonly roomFor?: number;
  /** Whether the members serve the web page, which is built for that; none unless so. */
  readonly withPage?: boolean;
}

export interface MemberLayout {
  readonly name: string;
  /** Domain name of the zone, without the final dot. */
  readonly zone: string;
  readonly origin: string;
  readonly folder: string;
  readonly configFile: string;
  readonly dnsPort: number;
  readonly apiPort: number;
  readonly webPort: number;
  readonly meshPort: number;
  readonly metricsPort: number;
  readonly operatorPort: number;
}

export interface TestnetLayout {
  readonly folder: string;
  readonly rootPort: number;
  readonly resolverPort: number;
  readonly handsetPort: number;
  readonly members: readonly MemberLayout[];
  /** Who may join: each has a folder with a configuration and a certificate, and nothing else. */
  readonly prospects: readonly MemberLayout[];
  readonly descriptionFile: string;
  readonly charterFile: string;
  readonly caFile: string;
  readonly outboxFile: string;
  readonly clientConfigFile: string;
  readonly rootKeysFolder: string;
  readonly tldKeysFolder: string;
  readonly trustAnchorFile: string;
  readonly bindAnchorsFile: string;
  readonly unboundConfigFile: string;
  /** Link to the built web page, where the members serve it. */
  readonly pageLink: string | undefined;
}

/** The address of every socket of a testnet. */
export const loopback = '127.0.0.1';

export const memberNames = [
  'alpha',
  'beta',
  'gamma',
  'delta',
  'epsilon',
  'zeta',
  'eta',
  'theta',
  'iota',
  'kappa',
  'lambda',
  'mu',
  'nu',
  'xi',
  'omicron',
  'pi',
] as const;

/** Lays out a testnet; pure. */
export function layOut(options: TestnetOptions): TestnetLayout {
  const { folder, memberCount, portBase, roomFor = 0, withPage = false } = options;
  const all = memberNames.map((name, position) =>
    layOutMember(name, folder, portBase + 10 * (position + 1)),
  );
  return {
    folder,
    rootPort: portBase,
    resolverPort: portBase + 1,
    handsetPort: portBase + 2,
    members: all.slice(0, memberCount),
    prospects: all.slice(memberCount, memberCount + roomFor),
    descriptionFile: join(folder, 'testnet.json'),
    charterFile: join(folder, 'charter-1.note'),
    caFile: join(folder, 'ca.pem'),
    outboxFile: join(folder, 'outbox.jsonl'),
    clientConfigFile: join(folder, 'client.json'),
    rootKeysFolder: join(folder, 'root-keys'),
    tldKeysFolder: join(folder, 'test-keys'),
    trustAnchorFile: join(folder, 'root.ds'),
    bindAnchorsFile: join(folder, 'bind.keys'),
    unboundConfigFile: join(folder, 'unbound.conf'),
    pageLink: withPage ? join(folder, 'page') : undefined,
  };
}

function layOutMember(name: string, folder: string, firstPort: number): MemberLayout {
  const zone = `e164.${name}.test`;
  return {
    name,
    zone,
    origin: `api.${zone}/log`,
    folder: join(folder, name),
    configFile: join(folder, name, 'node.yaml'),
    dnsPort: firstPort,
    apiPort: firstPort + 1,
    webPort: firstPort + 2,
    meshPort: firstPort + 3,
    metricsPort: firstPort + 7,
    operatorPort: firstPort + 8,
  };
}

/** Every port that a testnet listens on, resolver excepted. */
export function portsOf(layout: TestnetLayout): number[] {
  return [
    layout.rootPort,
    layout.handsetPort,
    ...[...layout.members, ...layout.prospects].flatMap((m) => [
      m.dnsPort,
      m.apiPort,
      m.webPort,
      m.meshPort,
      m.metricsPort,
      m.operatorPort,
    ]),
  ];
}
