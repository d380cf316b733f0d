/** The address of a resolver as people write it. */
import { isIP } from 'node:net';
import type { DnsServerAddress } from '@callbook/client/node';
import { cliError } from './errors.ts';

/** Reads `addr`, `addr:port` or `[addr]:port`. Throws `usage`. */
export function readResolverAddress(text: string): DnsServerAddress {
  if (isIP(text) !== 0) return { address: text, port: 53 };
  const [, bracketed, plain, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  const address = bracketed ?? plain;
  if (address !== undefined && isIP(address) !== 0 && Number(port) > 0 && Number(port) < 65_536) {
    return { address, port: Number(port) };
  }
  throw cliError('usage', 'a resolver is an IP address, with :port when that is not 53');
}
