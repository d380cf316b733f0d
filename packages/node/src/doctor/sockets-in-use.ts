/**
 * Whether anybody listens at an address, from the kernel's tables (proc_net(5)): a user who may not listen on
 * a port below 1024 cannot find out by trying.
 */
import { readFile } from 'node:fs/promises';
import { BlockList, isIPv6 } from 'node:net';

/** `TCP_LISTEN` of the kernel; a UDP socket that is bound and not connected has `TCP_CLOSE`. */
const listeningStates = { tcp: '0A', udp: '07' };

export interface SocketAddress {
  readonly address: string;
  readonly port: number;
}

/** Whether a socket of this kind has the address, or all addresses; false where the tables are not shown. */
export async function isInUse(
  protocol: keyof typeof listeningStates,
  { address, port }: SocketAddress,
): Promise<boolean> {
  const texts = await Promise.all(
    [protocol, `${protocol}6`].map(
      async (name) => await readFile(`/proc/net/${name}`, 'latin1').catch(() => ''),
    ),
  );
  return texts
    .flatMap((text) => text.split('\n'))
    .some((line) => {
      const [, local, , state] = line.trim().split(/\s+/);
      const [host, hexPort] = local?.split(':') ?? [];
      if (state !== listeningStates[protocol] || hexPort === undefined) return false;
      return Number.parseInt(hexPort, 16) === port && overlap(host!, address);
    });
}

/** Whether both can not be listened on: they are the same, or one of them is every address. */
function overlap(host: string, address: string): boolean {
  if (/^0+$/.test(host) || /^[0.:]+$/.test(address)) return true;
  const taken = new BlockList();
  const family = host.length === 8 ? 'ipv4' : 'ipv6';
  taken.addAddress(family === 'ipv4' ? octets(host).join('.') : groups(host), family);
  return taken.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
}

/** Each word of 32 bits is written as a number of this machine, which has the lowest octet first. */
function octets(hex: string): number[] {
  return [...Buffer.from(hex, 'hex')].reverse();
}

function groups(hex: string): string {
  const words = hex.match(/.{8}/g)!.map((word) => Buffer.from(octets(word)).toString('hex'));
  return words.join('').match(/.{4}/g)!.join(':');
}
