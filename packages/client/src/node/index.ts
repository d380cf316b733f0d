/** What the client has for Node alone: sockets. */

export { socketTransport } from './dns-sockets.ts';
export type { DnsServerAddress } from './dns-sockets.ts';
