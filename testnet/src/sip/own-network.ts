/**
 * A network of this process's own: telephones insist on an interface that is not loopback, and SIP servers
 * on /etc/resolv.conf. So the program runs again in namespaces for network, mounts and processes, where a
 * pair of interfaces is the only wire and the resolver is on port 53 of loopback. All of it, and every
 * process in it, is gone with the program. Root is not needed where users may make namespaces.
 */
import { spawnSync } from 'node:child_process';

/** Set in the environment of who runs inside. */
const inOwnNetwork = 'CALLBOOK_OWN_NETWORK';

/**
 * Addresses of the interfaces, each a network of its own: else an answer would come from the first one.
 */
export const networkAddresses = {
  servers: ['10.86.0.1', '10.86.0.2', '10.86.0.3'],
  phones: Array.from({ length: 8 }, (_, place) => `10.86.0.${100 + place}`),
  resolver: '127.0.0.1',
} as const;

const addressesText = (addresses: readonly string[], device: string): string =>
  addresses.map((address) => `ip address add ${address}/32 dev ${device}`).join('\n');

const entrance = `set -e
PATH="$PATH:/usr/sbin:/sbin"
ip link set lo up
ip link add servers type veth peer name phones
${addressesText(networkAddresses.servers, 'servers')}
${addressesText(networkAddresses.phones, 'phones')}
ip link set servers up
ip link set phones up
resolv=$(mktemp)
echo "nameserver ${networkAddresses.resolver}" > "$resolv"
mount --bind "$resolv" /etc/resolv.conf
rm "$resolv"
exec "$@"`;

/** The command, and its environment, that runs `command` in a network of its own. */
export function inOwnNetworkCommand(command: readonly string[]): {
  readonly program: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
} {
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user'];
  const namespaces = ['--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc'];
  return {
    program: 'unshare',
    args: [...user, ...namespaces, 'sh', '-c', entrance, 'sh', ...command],
    env: { ...process.env, [inOwnNetwork]: '1' },
  };
}

/** Runs this program again inside; its exit status, or undefined when this is the run inside. */
export function enterOwnNetwork(): number | undefined {
  if (process.env[inOwnNetwork] !== undefined) return undefined;
  const { program, args, env } = inOwnNetworkCommand([
    process.execPath,
    ...process.execArgv,
    ...process.argv.slice(1),
  ]);
  const { status, error } = spawnSync(program, args, { stdio: 'inherit', env });
  if (error !== undefined) throw new Error(`unshare cannot be run: ${error.message}`);
  return status ?? 1;
}

/** For whoever would else disturb the machine's network. */
export function assertOwnNetwork(): void {
  if (process.env[inOwnNetwork] === undefined) {
    throw new Error('this needs a network of its own: npm test -- testnet/test/sip');
  }
}
