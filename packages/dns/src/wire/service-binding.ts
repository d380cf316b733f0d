/**
 * The RDATA of SVCB and HTTPS records (RFC 9460 §2.2): priority, target and parameters. Only the
 * parameters that a member publishes for its API are written; the codec reads these types as opaque
 * octets.
 */
import { joinOctets, uint16Octets } from './octets.ts';
import type { DomainName } from './names.ts';

export interface ServiceBinding {
  /** 1 to 65535; 0 would make it an alias. */
  readonly priority: number;
  /** The root stands for the owner itself. */
  readonly target: DomainName;
  /** Protocol ids such as `h2`, each 1 to 255 octets. */
  readonly alpn: readonly string[];
  /** Where it is not 443. */
  readonly port?: number;
  /** True for a host that is an Oblivious HTTP gateway (RFC 9540 §3). */
  readonly ohttp: boolean;
}

/** RFC 9460 §14.3.2; RFC 9540 §7.1 for `ohttp`. */
const parameterKeys = { alpn: 1, port: 3, ohttp: 8 } as const;

/** Encodes the RDATA; throws RangeError for a protocol id that does not fit. */
export function encodeServiceBinding(binding: ServiceBinding): Uint8Array {
  const { priority, target, alpn, port, ohttp } = binding;
  // RFC 9460 §2.2: parameters appear "in increasing numeric order" of their keys.
  const parameters = [
    parameter(parameterKeys.alpn, joinOctets(...alpn.map(protocolId))),
    ...(port === undefined ? [] : [parameter(parameterKeys.port, uint16Octets(port))]),
    ...(ohttp ? [parameter(parameterKeys.ohttp, new Uint8Array(0))] : []),
  ];
  return joinOctets(uint16Octets(priority), target.wire, ...parameters);
}

function parameter(key: number, value: Uint8Array): Uint8Array {
  return joinOctets(uint16Octets(key), uint16Octets(value.length), value);
}

/** RFC 9460 §7.1.1: "each value is prefixed by a single-octet length". */
function protocolId(text: string): Uint8Array {
  const octets = new TextEncoder().encode(text);
  if (octets.length === 0 || octets.length > 255)
    throw new RangeError(`protocol id is ${octets.length} octets, 1 to 255`);
  return joinOctets(Uint8Array.of(octets.length), octets);
}
