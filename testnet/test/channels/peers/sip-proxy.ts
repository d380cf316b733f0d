/**
 * Kamailio in front of sipp: takes MESSAGE for sip.example over TCP, UDP and, with a certificate, TLS;
 * with an account it asks for a digest first, as a proxy (407) or as a server (401).
 */
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { appendArrived } from './arrived.ts';
import { freePort, startPeer } from '../../../src/peer-process.ts';
import type { Peer, PeerCertificate } from '../../../src/peer-process.ts';

const scripts = join(import.meta.dirname, '../../../interop/gateways');

export interface SipProxy extends Peer {
  /** Where it listens by TLS. */
  readonly tlsPort: number;
  collect(): Promise<void>;
  /** The user agent behind the proxy stops reading, and goes on. */
  freezeAgent(): void;
  thawAgent(): void;
}

export interface SipProxyParts {
  readonly inbox: string;
  readonly certificate?: PeerCertificate;
  /** Asks user `callbook` for the password `secret`. */
  readonly digest?: { readonly by: 'proxy' | 'server'; readonly algorithm: 'MD5' | 'SHA-256' };
}

export async function startSipProxy(folder: string, parts: SipProxyParts): Promise<SipProxy> {
  const { inbox, certificate, digest } = parts;
  const [port, tlsPort, agentPort] = [await freePort(), await freePort(), await freePort()];
  const template = await readFile(join(scripts, 'kamailio.cfg'), 'utf8');
  const config = template
    .replaceAll('LISTEN_TLS', `127.0.0.1:${tlsPort}`)
    .replaceAll('LISTEN', `127.0.0.1:${port}`)
    .replaceAll('AGENT', `127.0.0.1:${agentPort}`)
    .replaceAll('FOLDER', folder)
    .replaceAll('ALGORITHM', digest?.algorithm ?? '');
  await writeFile(join(folder, 'kamailio.cfg'), config);
  if (certificate !== undefined) {
    await copyFile(certificate.certificate, join(folder, 'tls.pem'));
    await copyFile(certificate.privateKey, join(folder, 'tls.key'));
  }
  const defined = [
    ...(certificate === undefined ? [] : ['-A', 'WITH_TLS']),
    ...(digest === undefined ? [] : ['-A', `WITH_${digest.by.toUpperCase()}_DIGEST`]),
  ];
  const messages = join(folder, 'messages.log');
  await using starting = new AsyncDisposableStack();
  const sipp = ['sipp', '-sf', join(scripts, 'agent.xml'), '-i', '127.0.0.1', '-p', `${agentPort}`];
  const agent = [...sipp, '-nostdin', '-trace_msg', '-message_file', messages];
  const behind = starting.use(await startPeer(agent, { cwd: folder }));
  const kamailio = ['kamailio', '-DD', '-E', '-f', join(folder, 'kamailio.cfg'), '-Y', folder];
  const sized = [...kamailio, '-m', '32', '-M', '8', ...defined];
  starting.use(await startPeer(sized, { cwd: folder, port }));
  // What is repeated because the agent was slow is one transaction: the same octets (RFC 3261 §17.1.2).
  const taken = new Set<string>();
  const collect = async (): Promise<void> => {
    const log = await readFile(messages, 'utf8').catch(() => '');
    const pattern = /^MESSAGE (sip:\S+) SIP\/2\.0[\s\S]*?\r?\n\r?\n([\s\S]*?#\S+)/gm;
    for (const [request, to, text] of log.matchAll(pattern)) {
      if (taken.has(request)) continue;
      taken.add(request);
      // RFC 3261 §19.1.6: a number as a user of the gateway.
      const number = /^sip:(\+\d+)@.*;user=phone$/.exec(to!)?.[1];
      const by = number === undefined ? {} : { by: to! };
      await appendArrived(inbox, number === undefined ? to! : `tel:${number}`, text!, by);
    }
  };
  const running = starting.move();
  return {
    port,
    tlsPort,
    collect,
    freezeAgent: () => behind.freeze(),
    thawAgent: () => behind.thaw(),
    [Symbol.asyncDispose]: async () => await running.disposeAsync(),
  };
}
