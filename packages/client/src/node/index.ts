/**
 * What the client has for Node alone: sockets, and keys in files and programs.
 * @module @callbook/client/node
 */

export { commandAgreement, commandSigner } from './command-signer.ts';
export type { SignerCommand } from './command-signer.ts';
export { fileSigner } from './file-signer.ts';
export { socketTransport } from './dns-sockets.ts';
export type { DnsServerAddress } from './dns-sockets.ts';
