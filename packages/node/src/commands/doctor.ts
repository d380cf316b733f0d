/** `callbook-node doctor`: one line for everything that a member needs around it. */
import { Command, InvalidArgumentError } from 'commander';
import type { Finding, Patient } from '../doctor/doctor.ts';
import { readInput } from './key-place.ts';
import type { Print } from './keys.ts';

interface DoctorCommandOptions {
  readonly config: string;
  readonly ca?: string;
  readonly resolver: readonly string[];
  readonly json?: boolean;
}

/** Returns the command; `print` is given lines with their ends. */
export function doctorCommand(print: Print): Command {
  return new Command('doctor')
    .description('look at ports, clock, DNS, certificates, disk, other members and gateways')
    .requiredOption('--config <file>', 'configuration (YAML)')
    .option('--ca <file>', 'certificate (PEM) of an authority to trust beside the usual ones')
    .option('--resolver <address...>', 'validating resolver, or a server of the parent zone', [])
    .option('--json', 'one JSON object')
    .action(async ({ config, ca, resolver, json }: DoctorCommandOptions) => {
      // Loaded here alone: other commands need none of it.
      const { examineMember } = await import('../doctor/doctor.ts');
      const authority = ca === undefined ? undefined : await readInput(ca);
      const resolvers = resolver.map(serverIn);
      const findings = await examineMember({ config, ca: authority, resolvers });
      const isHealthy = findings.every(({ state }) => state !== 'fail');
      if (!isHealthy) process.exitCode = 1;
      print(
        json === true
          ? `${JSON.stringify({ healthy: isHealthy, findings })}\n`
          : reportOf(findings),
      );
    });
}

/** `192.0.2.1`, `192.0.2.1:5353`, `2001:db8::1` or `[2001:db8::1]:5353`. */
function serverIn(text: string): Patient['resolvers'][number] {
  const [, bracketed, v4, port] = /^(?:\[([0-9A-Fa-f:.]+)\]|([\d.]+)):(\d{1,5})$/.exec(text) ?? [];
  const address = bracketed ?? v4 ?? text;
  if (!/^[0-9A-Fa-f:.]{2,45}$/.test(address)) {
    throw new InvalidArgumentError('--resolver: an IP address, with :<port> where it is not 53');
  }
  return { address, port: Number(port ?? 53) };
}

function reportOf(findings: readonly Finding[]): string {
  const lines = findings.flatMap(({ state, check, found, next }) => [
    `${state.padEnd(5)} ${check.padEnd(14)} ${found}`,
    ...(next === undefined || state === 'ok' ? [] : [`${' '.repeat(21)}Next: ${next}`]),
  ]);
  const count = (state: Finding['state']): number =>
    findings.filter((finding) => finding.state === state).length;
  const sum = `${count('ok')} ok, ${count('warn')} to look at, ${count('fail')} wrong`;
  return `${[...lines, sum].join('\n')}\n`;
}
