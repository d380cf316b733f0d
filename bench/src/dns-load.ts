/** Load by dnsperf, with DO set as resolvers do: rates, and latencies at a given rate. */
import { spawnSync } from 'node:child_process';
import { percentile } from './measurement.ts';

/** Enough that SO_REUSEPORT gives every worker of a server its share. */
const clientSockets = 60;
const queriesOnTheirWay = 500;
/** Of dnsperf's sockets; with its default the answers to the first burst do not fit. */
const clientBufferKilobytes = 4096;
const outputBytesMax = 2 ** 30;

export interface Load {
  readonly answers: number;
  readonly answersPerSecond: number;
  /** Of one, on average. */
  readonly answerBytes: number;
}

/** Asks each question of a file once. */
export function askOnce(port: number, queryFile: string): Load {
  return loadIn(dnsperf(port, queryFile, ['-n', '1', ...full]));
}

/** Asks the questions of a file again and again. */
export function askFor(port: number, queryFile: string, seconds: number): Load {
  return loadIn(dnsperf(port, queryFile, ['-l', `${seconds}`, ...full]));
}

interface Rate {
  readonly queriesPerSecond: number;
  /** Without it each question is asked once. */
  readonly seconds?: number;
}

/** Asks at a rate; returns the latency in µs below which 99 % of the answers came. */
export function latencyUsP99(port: number, queryFile: string, at: Rate): number {
  return percentile(latenciesUs(port, queryFile, at), 0.99);
}

/** Asks at a rate; returns the latency of each answer in µs. */
export function latenciesUs(
  port: number,
  queryFile: string,
  { queriesPerSecond, seconds }: Rate,
): number[] {
  const length = seconds === undefined ? ['-n', '1'] : ['-l', `${seconds}`];
  const rate = `${Math.round(queriesPerSecond)}`;
  const output = dnsperf(port, queryFile, [...length, '-Q', rate, '-v']);
  const latencies = output.matchAll(/^> \S+ \S+ \S+ ([\d.]+)$/gm);
  return Array.from(latencies, ([, answerSeconds]) => Number(answerSeconds) * 1e6);
}

const full = ['-q', `${queriesOnTheirWay}`];

function dnsperf(port: number, queryFile: string, args: readonly string[]): string {
  const options = {
    s: '127.0.0.1',
    p: port,
    d: queryFile,
    c: clientSockets,
    b: clientBufferKilobytes,
  };
  const fixed = Object.entries(options).flatMap(([name, value]) => [`-${name}`, `${value}`]);
  const { stdout } = spawnSync('dnsperf', ['-D', ...fixed, ...args], {
    encoding: 'utf8',
    maxBuffer: outputBytesMax,
  });
  // A number that nobody has is NXDOMAIN to other servers, and to ours one name like any.
  const codes = /Response codes:\s+(.*)/.exec(stdout)?.[1] ?? 'no response';
  if (!/^(NOERROR|NXDOMAIN) \d+ \(100\.00%\)$/.test(codes.trim()))
    throw new Error(`not every query was answered alike: ${codes}`);
  return stdout;
}

function loadIn(output: string): Load {
  const figure = (label: string): number =>
    Number(new RegExp(`${label}\\s+([\\d.]+)`).exec(output)?.[1]);
  return {
    answers: figure('Queries completed:'),
    answersPerSecond: figure('Queries per second:'),
    answerBytes: figure('request \\d+, response'),
  };
}
