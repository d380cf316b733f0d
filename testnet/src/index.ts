/** The testnet for tests and benches; `main.ts` is what `npm start` runs. */

export { foundTestnet } from './founding.ts';
export { freePortBase, startOnFreePorts } from './free-ports.ts';
export { layOut } from './layout.ts';
export type { MemberLayout, TestnetLayout } from './layout.ts';
export { bundlePage } from './page-bundle.ts';
export type { PageFile } from './page-bundle.ts';
export { measurePageStart } from './page-start.ts';
export type { PageStart } from './page-start.ts';
export { RoundTrips } from './round-trips.ts';
export { startTestnet } from './testnet.ts';
export type { StartOptions, Testnet } from './testnet.ts';
export { describeTestnet } from './description.ts';
export { freePort, startPeer } from './peer-process.ts';
export { Postgres } from './postgres.ts';
