/**
 * What an SDP offer or answer (RFC 8866) says of the protection of each media stream. No more of SDP
 * is read than that: which streams there are, by which transport, and which certificates they name.
 */
import { mediaStreamsMax, sdpCharactersMax } from '../limits.ts';

export interface MediaStream {
  /**
   * `plain`: anybody on the way can listen. `keyed-by-signalling`: encrypted with a key that every SIP
   * server on the way has seen (SDES, RFC 4568). `dtls`: encrypted with a key that the two ends agree
   * on, under certificates whose fingerprints the offer names (RFC 5763).
   */
  readonly protection: 'plain' | 'keyed-by-signalling' | 'dtls';
  readonly fingerprints: readonly Fingerprint[];
}

/** RFC 8122 §5, in lower case and without colons, so that two spellings are one. */
export interface Fingerprint {
  readonly hash: string;
  readonly digest: string;
}

/** Returns the streams that are not refused (port 0); undefined when it is no SDP, or too long. */
export function parseMediaStreams(sdp: string): MediaStream[] | undefined {
  if (sdp.length > sdpCharactersMax) return undefined;
  const lines = sdp.split(/\r\n|\n/);
  if (lines[0] !== 'v=0') return undefined;
  const [session = [], ...sections] = splitAtMedia(lines);
  if (sections.length > mediaStreamsMax) return undefined;
  const streams: MediaStream[] = [];
  for (const section of sections) {
    // RFC 8866 §5.14: m=<media> <port> ["/" <number of ports>] <proto> <fmt> …
    const parts = /^m=\S+ (\d{1,5})(?:\/\d+)? (\S+) \S/.exec(section[0] ?? '');
    if (parts === null) return undefined;
    if (Number(parts[1]) === 0 && !section.includes('a=bundle-only')) continue;
    // RFC 8122 §5: an attribute of the media level overrides those of the session.
    const own = fingerprintsIn(section);
    const fingerprints = own.length > 0 ? own : fingerprintsIn(session);
    streams.push(streamOf(parts[2] ?? '', fingerprints));
  }
  return streams;
}

function splitAtMedia(lines: readonly string[]): string[][] {
  const sections: string[][] = [[]];
  for (const line of lines) {
    if (line.startsWith('m=')) sections.push([]);
    sections.at(-1)?.push(line);
  }
  return sections;
}

/**
 * RTP without encryption is plain even where it offers keys (RFC 8643): the other end may ignore them.
 * DTLS and TLS without a fingerprint name no certificate, so that anybody in the middle will do.
 */
function streamOf(transport: string, fingerprints: readonly Fingerprint[]): MediaStream {
  const isSecure = /(?:^|\/)(?:DTLS|TLS)(?:\/|$)/.test(transport);
  if (isSecure && fingerprints.length > 0) return { protection: 'dtls', fingerprints };
  const hasKeys = isSecure || /^RTP\/SAVPF?$/.test(transport);
  return { protection: hasKeys ? 'keyed-by-signalling' : 'plain', fingerprints: [] };
}

function fingerprintsIn(section: readonly string[]): Fingerprint[] {
  return section.flatMap((line) => {
    const found = /^a=fingerprint:(\S+) ([0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2})*)\s*$/.exec(line);
    return found === null ? [] : [fingerprint(found[1] ?? '', found[2] ?? '')];
  });
}

/** Returns a fingerprint in its one spelling. */
export function fingerprint(hash: string, digest: string): Fingerprint {
  return { hash: hash.toLowerCase(), digest: digest.replaceAll(':', '').toLowerCase() };
}
