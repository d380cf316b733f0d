/**
 * The text of a new member's configuration: what must be there, with a comment above each group, and
 * what may be there, commented out. docs/operators/configuration.md has everything.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const letsEncryptDirectory = 'https://acme-v02.api.letsencrypt.org/directory';

export interface InitFile {
  readonly name: string;
  readonly dataDir: string;
  /** Addresses that the sockets are bound to. */
  readonly listen: readonly string[];
  readonly nameserver: { readonly name: string; readonly addresses: readonly string[] };
  readonly contact: string;
  readonly dnsPort: number;
  readonly apiPort: number;
  readonly meshPort: number;
  /** Files of the certificate, or the directory of an ACME authority. */
  readonly tls:
    { readonly certificate: string; readonly privateKey: string } | { readonly acme: string };
  readonly metricsPort: number;
}

/** Returns the YAML text. */
export function initFileText(file: InitFile): string {
  const { nameserver, listen, metricsPort } = file;
  const listens = listen.map(
    (address) => `    - { address: ${quoted(address)}, port: ${file.dnsPort} }`,
  );
  const meshes = listen.map(
    (address) =>
      `    - ${address.includes(':') ? '/ip6/' : '/ip4/'}${address}/tcp/${file.meshPort}`,
  );
  return `# yaml-language-server: $schema=${schemaPath()}
# A member of a Callbook federation. Paths are relative to this file. Every setting:
# docs/operators/configuration.md (Debian: below /usr/share/doc/callbook-node). After a change: callbook-node config check --config <this file>

# The name of this member in the charter.
member: ${file.name}

# The store, the admin socket, and what the member writes; for its user alone.
dataDir: ${quoted(file.dataDir)}

# Folder with charter-1.note and all that follow: callbook-node charter fetch fills it.
charters: [charters]

# Private keys, mode 0600. Any of them may come from the environment or systemd instead (Secrets).
keys:
  log: log.key
  peer: peer.key
  # The member's user writes these two, so they stand where it may.
  vrf: ${quoted(`${file.dataDir}/vrf.key`)}
  zone: ${quoted(`${file.dataDir}/zone-keys`)}

dns:
  listen:
${listens.join('\n')}
  # NS of the zone. The parent zone delegates to these names, with these addresses as glue.
  nameservers:
    - { name: ${nameserver.name}, addresses: [${nameserver.addresses.map(quoted).join(', ')}] }
  contact: ${quoted(file.contact)}
  # DNS over TLS, with the certificate of the API:
  # tls:
  #   listen: [{ address: ${quoted(listen[0]!)}, port: 853 }]

# HTTPS, at the URL that the charter names. Its DNS name has this address.
api:
  listen: { address: ${quoted(listen[0]!)}, port: ${file.apiPort} }
${certificateLines(file).join('\n')}

# Where the other members connect.
mesh:
  listen:
${meshes.join('\n')}

# Metrics for Prometheus, on this machine only.
metrics:
  listen: { address: 127.0.0.1, port: ${metricsPort} }

# How codes reach people. With the outbox alone they are written to a file, for trying things out.
challenges:
  outbox: ${quoted(`${file.dataDir}/outbox.jsonl`)}
  # by: { tel: smpp, mailto: smtp }
  # channels:
  #   smpp: { host: smsc.example.net, port: 3550, tls: true, systemId: callbook, passwordFile: smpp.password, sender: Callbook }
  #   smtp: { host: mail.example.net, port: 587, from: ${quoted(file.contact)}, login: { user: codes, passwordFile: smtp.password } }

log:
  level: info
`;
}

function certificateLines({ tls, contact }: InitFile): string[] {
  if ('acme' in tls) {
    return [
      '  # Ordered and renewed by the member itself (docs/operators/tls.md). Read the terms of the authority.',
      `  acme: { directory: ${quoted(tls.acme)}, contact: ${quoted(contact)}, termsAccepted: true }`,
    ];
  }
  return [`  certificate: ${quoted(tls.certificate)}`, `  privateKey: ${quoted(tls.privateKey)}`];
}

/** Strings of JSON are strings of YAML. */
function quoted(text: string): string {
  return JSON.stringify(text);
}

/** The schema as it is installed, from the source and from the build alike. */
function schemaPath(): string {
  const places = ['../../node.schema.json', '../node.schema.json'].map((path) =>
    fileURLToPath(new URL(path, import.meta.url)),
  );
  return places.find((path) => existsSync(path)) ?? places[0]!;
}
