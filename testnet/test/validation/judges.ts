/**
 * The validators that ours is compared with: unbound, asked through its socket, and BIND's delv, a
 * process for each question. Both get every answer from the corpus' resolver and begin at its root.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { socketTransport } from '@callbook/client/node';
import type { ValidationVerdict } from '@callbook/client';
import {
  encodeMessage,
  formatName,
  parseExtendedErrors,
  parseMessage,
  queryMessage,
  responseCodes,
} from '@callbook/dns/wire';
import { callTool, freePort, startDaemon } from '../../../packages/dns/test/peers/peer-tools.ts';
import type { AskedQuestion } from './faulty-resolver.ts';

export interface Judge extends AsyncDisposable {
  judge(question: AskedQuestion): Promise<ValidationVerdict>;
}

export interface JudgeOptions {
  readonly folder: string;
  /** Where the corpus' resolver listens. */
  readonly port: number;
  /** RDATA of the root's DS, in presentation form. */
  readonly anchor: string;
}

/** Starts unbound, which forwards to the corpus' resolver and validates. */
export async function startUnbound({ folder, port, anchor }: JudgeOptions): Promise<Judge> {
  const ownPort = await freePort();
  const configuration = join(folder, 'unbound.conf');
  const lines = [
    'server:',
    '  interface: 127.0.0.1',
    `  port: ${ownPort}`,
    '  num-threads: 1',
    '  username: ""',
    '  chroot: ""',
    `  directory: "${folder}"`,
    '  pidfile: ""',
    '  use-syslog: no',
    '  module-config: "validator iterator"',
    `  trust-anchor: ". DS ${anchor}"`,
    '  trust-anchor-signaling: no',
    '  root-key-sentinel: no',
    '  do-not-query-localhost: no',
    '  local-zone: "test." nodefault',
    '  qname-minimisation: no',
    // Each case is judged by its own answers, not by denials that were seen before.
    '  aggressive-nsec: no',
    '  ede: yes',
    // Names that were bogus are asked for again by other cases at once.
    '  val-bogus-ttl: 1',
    '  infra-cache-numhosts: 10',
    '  outgoing-range: 512',
    'remote-control:',
    '  control-enable: no',
    'forward-zone:',
    '  name: "."',
    `  forward-addr: 127.0.0.1@${port}`,
  ];
  await writeFile(configuration, `${lines.join('\n')}\n`);
  const daemon = await startDaemon('unbound', ['-d', '-c', configuration], {
    readyText: 'start of service',
  });
  const transport = socketTransport({ address: '127.0.0.1', port: ownPort });
  return {
    judge: async ({ name, type }) => {
      const edns = {
        udpPayloadBytes: 1232,
        version: 0,
        dnssecOk: true,
        compactOk: false,
        options: [],
      };
      const query = queryMessage({ name, type }, { recursionDesired: true, edns });
      const parsed = parseMessage(await transport.exchange(encodeMessage(query)));
      if (parsed.verdict !== 'accept') throw new Error(parsed.message);
      const { responseCode, authenticData } = parsed.value;
      if (responseCode === responseCodes.NOERROR || responseCode === responseCodes.NXDOMAIN)
        return authenticData ? 'secure' : 'insecure';
      const extended = parseExtendedErrors(parsed.value.edns?.options ?? []);
      return extended.some(({ infoCode }) => bogusInfoCodes.has(infoCode))
        ? 'bogus'
        : 'indeterminate';
    },
    [Symbol.asyncDispose]: async () => await daemon[Symbol.asyncDispose](),
  };
}

/** RFC 8914 §4.2 to §4.13 but for what is about reaching servers. */
const bogusInfoCodes: ReadonlySet<number> = new Set([1, 2, 5, 6, 7, 8, 9, 10, 11, 12]);

/** delv sometimes waits for itself over a broken answer; what it has not said by then it never says. */
const delvMsMax = 12_000;

/** Runs delv for each question. */
export async function openDelv({ folder, port, anchor }: JudgeOptions): Promise<Judge> {
  const anchorFile = join(folder, 'delv.anchors');
  const [tag, algorithm, digestType, digest] = anchor.split(' ');
  const line = `trust-anchors { . static-ds ${tag} ${algorithm} ${digestType} "${digest}"; };\n`;
  await writeFile(anchorFile, line);
  return {
    judge: async ({ name, type }) => {
      const where = ['@127.0.0.1', '-p', String(port), '-a', anchorFile, '+root=.'];
      const args = [...where, '-q', formatName(name), '-t', `TYPE${type}`];
      const { output } = await callTool('delv', args, { msMax: delvMsMax });
      return delvVerdict(output);
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

/** What delv prints; the worst of what it says of the parts of an answer. */
function delvVerdict(output: string): ValidationVerdict {
  if (/resolution failed: (?!ncache)/.test(output)) {
    return /resolution failed: (timed out|connection refused|network unreachable|operation canceled)/.test(
      output,
    )
      ? 'indeterminate'
      : 'bogus';
  }
  if (/unsigned answer|; answer not validated/.test(output)) return 'insecure';
  return output.includes('fully validated') ? 'secure' : 'indeterminate';
}
