/**
 * A private internet in a network namespace: root, `test.` and directory zone on port 53 of three
 * addresses, delegated as in the real one, so that resolvers run with root hints and a trust anchor
 * and nothing else that is unusual; and the resolvers. Addresses are those of RFC 5737.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ZoneAlgorithm } from '@callbook/dns';
import type { BindingDraft, TestPlaces } from '../test-zones.ts';
import { createNetworkNamespace } from './network-namespace.ts';
import type { NetworkNamespace } from './network-namespace.ts';
import { startDaemon } from './peer-tools.ts';
import type { Order, Report } from './private-internet-zones.ts';

/** All on the loopback interface of the namespace. */
export const addresses = {
  root: '192.0.2.1',
  test: '192.0.2.2',
  directory: '192.0.2.3',
  unbound: '192.0.2.53',
  bind: '192.0.2.54',
  sipProxy: '192.0.2.60',
  sipCaller: '192.0.2.61',
  /** What `www.deep.test.` has. */
  host: '192.0.2.80',
} as const;

const rootServer = 'ns.root-servers.test.';

export interface InternetOptions {
  /** 13 unless told. */
  readonly algorithm?: ZoneAlgorithm;
  /** TLSA records of the directory's API. */
  readonly apiKeyHashes?: readonly Uint8Array[];
}

export interface PrivateInternet extends AsyncDisposable {
  readonly namespace: NetworkNamespace;
  /** Scratch directory; has `root.hints`, `root.ds` and `anchors.conf`, BIND's form of it. */
  readonly directory: string;
  /** What zones threw. */
  readonly failures: readonly string[];
  /** Returns when the directory serves the binding. */
  publish(draft: BindingDraft): Promise<void>;
}

/** Starts the zones; resolvers are started by those who need them. */
export async function startPrivateInternet(
  options: InternetOptions = {},
): Promise<PrivateInternet> {
  const places: TestPlaces = {
    root: [addresses.root],
    test: [addresses.test],
    directory: [addresses.directory],
    api: { addresses: [addresses.host] },
    hosts: { apiKeyHashes: options.apiKeyHashes ?? [], challenges: [] },
  };
  const namespace = await createNetworkNamespace({
    module: new URL('./private-internet-zones.ts', import.meta.url),
    addresses: Object.values(addresses),
    resolverAddress: addresses.unbound,
  });
  const { directory } = namespace;
  const failures: string[] = [];
  const ask = createAsk(namespace, failures);
  try {
    const serving = await ask(
      { kind: 'serve', algorithm: options.algorithm ?? 13, places },
      'serving',
    );
    await writeAnchors(directory, serving.trustAnchor);
  } catch (error) {
    await namespace[Symbol.asyncDispose]();
    throw error;
  }
  return {
    namespace,
    directory,
    failures,
    publish: async (draft) => void (await ask({ kind: 'publish', draft }, 'published')),
    [Symbol.asyncDispose]: async () => await namespace[Symbol.asyncDispose](),
  };
}

type Ask = <Kind extends Report['kind']>(
  order: Order,
  kind: Kind,
) => Promise<Report & { kind: Kind }>;

/** Orders are given one after the other: the next report of the wanted kind is the answer. */
function createAsk(namespace: NetworkNamespace, failures: string[]): Ask {
  const { first } = namespace;
  first.on('message', (said) => {
    const report = said as Report;
    if (report.kind === 'failed') failures.push(report.text);
  });
  return async (order, kind) =>
    await new Promise((resolve, reject) => {
      const listen = (said: unknown): void => {
        const report = said as Report;
        if (report.kind === 'failed') reject(new Error(report.text));
        if (report.kind !== kind) return;
        first.off('message', listen);
        resolve(report as Report & { kind: typeof kind });
      };
      first.on('message', listen);
      first.once('exit', () => reject(new Error(`namespace ended: ${namespace.complaints()}`)));
      first.send(order);
    });
}

async function writeAnchors(directory: string, trustAnchor: string): Promise<void> {
  const [, , , , keyTag, algorithm, digestType, digest] = trustAnchor.split(' ');
  const anchor = `. static-ds ${keyTag} ${algorithm} ${digestType} "${digest}";`;
  const hints = `. 3600 IN NS ${rootServer}\n${rootServer} 3600 IN A ${addresses.root}\n`;
  await writeFile(join(directory, 'root.ds'), `${trustAnchor}\n`);
  await writeFile(join(directory, 'anchors.conf'), `trust-anchors { ${anchor} };\n`);
  await writeFile(join(directory, 'root.hints'), hints);
}

/** Starts unbound, strict in all that touches denials and names, at `addresses.unbound`. */
export async function startUnbound(internet: PrivateInternet): Promise<AsyncDisposable> {
  const { directory, namespace } = internet;
  const path = join(directory, 'unbound.conf');
  await writeFile(
    path,
    `server:
  interface: ${addresses.unbound}
  access-control: 192.0.2.0/24 allow
  directory: "${directory}"
  chroot: ""
  username: ""
  pidfile: ""
  do-daemonize: no
  use-syslog: no
  verbosity: 1
  num-threads: 1
  do-ip6: no
  local-zone: "test." nodefault
  root-hints: "${directory}/root.hints"
  trust-anchor-file: "${directory}/root.ds"
  aggressive-nsec: yes
  qname-minimisation: yes
  qname-minimisation-strict: yes
  use-caps-for-id: yes
  harden-below-nxdomain: yes
  harden-dnssec-stripped: yes
  harden-algo-downgrade: yes
  harden-referral-path: yes
  val-log-level: 2
remote-control:
  control-enable: no
`,
  );
  const options = { inside: namespace, readyText: 'start of service' };
  return await startDaemon('unbound', ['-d', '-c', path], options);
}

/** Starts BIND's named as a validating resolver at `addresses.bind`. */
export async function startBind(internet: PrivateInternet): Promise<AsyncDisposable> {
  const { directory, namespace } = internet;
  const path = join(directory, 'named.conf');
  await writeFile(
    path,
    `options {
  directory "${directory}";
  pid-file none;
  session-keyfile none;
  listen-on port 53 { ${addresses.bind}; };
  listen-on-v6 { none; };
  recursion yes;
  allow-query { any; };
  allow-recursion { any; };
  dnssec-validation yes;
  synth-from-dnssec yes;
  qname-minimization strict;
};
controls { };
include "${directory}/anchors.conf";
zone "." { type hint; file "${directory}/root.hints"; };
`,
  );
  const options = { inside: namespace, readyText: 'running' };
  return await startDaemon('named', ['-g', '-4', '-n', '1', '-c', path], options);
}
