/** How a query came, as far as its answer depends on it, and who is answered. */
import type { ClientAddress } from '../datagram/datagram-engine.ts';
import { parseIpAddress } from '../wire/ip-address.ts';

/** `tls` is DNS over TLS (RFC 7858). Over `udp` a client's address may be forged. */
export type Transport = 'udp' | 'tcp' | 'tls';

const noOctets = new Uint8Array(0);

/** Whoever answers nobody in particular: all such count as one client. */
export const unknownClient: ClientAddress = { octets: noOctets, port: 0 };

/** An address as Node's sockets name it; its octets are made when they are asked for. */
export class SocketClient implements ClientAddress {
  readonly port: number;
  private readonly address: string | undefined;
  private parsed: Uint8Array | undefined;

  constructor(address: string | undefined, port: number | undefined) {
    this.address = address;
    this.port = port ?? 0;
    this.parsed = undefined;
  }

  get octets(): Uint8Array {
    return (this.parsed ??= octetsOf(this.address ?? ''));
  }
}

function octetsOf(address: string): Uint8Array {
  // A scope (`%eth0`) follows a link-local address; the name of the interface is ours alone.
  const parsed = parseIpAddress(address.split('%', 1)[0]!);
  return parsed.verdict === 'accept' ? parsed.value : noOctets;
}
