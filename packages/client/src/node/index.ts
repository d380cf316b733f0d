/**
 * What the client has for Node alone: sockets, keys in files and programs, and tokens in a file.
 * @module @callbook/client/node
 */

export { commandAgreement, commandSigner } from './command-signer.ts';
export type { SignerCommand } from './command-signer.ts';
export { fileSigner } from './file-signer.ts';
export { FileWallet } from './file-wallet.ts';
export { socketTransport } from './dns-sockets.ts';
export type { DnsServerAddress } from './dns-sockets.ts';
