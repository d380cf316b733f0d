/**
 * Configuration for resolvers that nobody here wrote: unbound, and the trust anchors of BIND's
 * tools. unbound reaches servers on ports other than 53 only through a stub zone for each zone; a
 * stub for the root alone gets no answer.
 */
import { loopback } from './layout.ts';
import type { TestnetLayout } from './layout.ts';

/** Returns unbound.conf: a validating resolver for this testnet alone. */
export function unboundConfig(layout: TestnetLayout): string {
  const stubs = [
    { zone: '.', port: layout.rootPort },
    { zone: 'test.', port: layout.rootPort },
    ...[...layout.members, ...layout.prospects].map(({ zone, dnsPort }) => ({
      zone: `${zone}.`,
      port: dnsPort,
    })),
  ];
  return `# A validating resolver for this testnet: unbound -d -c <this file>
server:
  interface: ${loopback}
  port: ${layout.resolverPort}
  do-daemonize: no
  use-syslog: no
  logfile: ""
  username: ""
  chroot: ""
  directory: "${layout.folder}"
  pidfile: ""
  num-threads: 1
  module-config: "validator iterator"
  trust-anchor-file: "${layout.trustAnchorFile}"
  do-not-query-localhost: no
  local-zone: "test." nodefault
  do-ip6: no
  qname-minimisation: yes
  # Short, so that a tour sees changes at once.
  cache-max-ttl: 2
  cache-max-negative-ttl: 2
remote-control:
  control-enable: no
${stubs.map(stubZone).join('')}`;
}

function stubZone({ zone, port }: { zone: string; port: number }): string {
  return `stub-zone:
  name: "${zone}"
  stub-addr: ${loopback}@${port}
  stub-no-cache: no
`;
}

/** Returns a `trust-anchors` statement for delv, from a DS in presentation form. */
export function bindTrustAnchors(rootDs: string): string {
  const [keyTag, algorithm, digestType, ...digest] = rootDs
    .split(/\s+DS\s+/)[1]!
    .trim()
    .split(/\s+/);
  return `trust-anchors {
  "." static-ds ${keyTag} ${algorithm} ${digestType} "${digest.join('')}";
};
`;
}
