/**
 * What a member wrote, as strace saw it: the octets of each call that hands some to the kernel, and what
 * stood behind the descriptor. Answers on the member's own listening ports are for whoever asked.
 */
import { readFileSync } from 'node:fs';
import type { WatchedMember } from './watched-member.ts';

export interface Written {
  /** A path, `pipe:[…]` or a socket's addresses. */
  readonly where: string;
  readonly octets: Buffer;
}

/** Returns everything that was written to anybody but clients on their own connections. */
export function writtenBy({ layout, tlsPort, traceFile }: WatchedMember): readonly Written[] {
  const ports = [layout.dnsPort, layout.apiPort, layout.webPort, tlsPort];
  const own = ports.map((port) => new RegExp(`^(?:TCP|UDP):\\[[^\\]]*?:${port}(?:->|\\])`));
  return [...callsIn(readFileSync(traceFile, 'latin1'))].flatMap((call) => {
    const where = unescaped(/^\w+\(\w+<(.*?)>(?:, |\))/.exec(call)?.[1] ?? '').toString('latin1');
    if (own.some((pattern) => pattern.test(where))) return [];
    const octets = Array.from(call.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g), ([, text]) =>
      unescaped(text!),
    );
    return octets.length === 0 ? [] : [{ where, octets: Buffer.concat(octets) }];
  });
}

/** Calls as one line each: strace writes one that another thread has interrupted in two. */
function* callsIn(trace: string): Generator<string> {
  const unfinished = new Map<string, string>();
  for (const line of trace.split('\n')) {
    const [, thread, text] = /^(\d+) +(.*)$/.exec(line) ?? [];
    if (thread === undefined || text === undefined) continue;
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(text)?.[1];
    const whole = resumed === undefined ? text : (unfinished.get(thread) ?? '') + resumed;
    if (whole.endsWith(' <unfinished ...>')) unfinished.set(thread, whole.slice(0, -17));
    else yield whole;
  }
}

function unescaped(text: string): Buffer {
  const isHexadecimal = /^(?:\\x[0-9a-f]{2})+$/.test(text);
  return isHexadecimal
    ? Buffer.from(text.replaceAll('\\x', ''), 'hex')
    : Buffer.from(text, 'latin1');
}
