/** The daemon as a library, for the testnet and tests; `main.ts` is the command. */

export { parseConfig, readConfig } from './config.ts';
export type { NodeConfig } from './config.ts';
export { nodeErrorCodes } from './errors.ts';
export type { NodeErrorCode } from './errors.ts';
export { createEventLog } from './event-log.ts';
export { writeSecretFile } from './key-file.ts';
export { startMember } from './member.ts';
export type { RunningMember } from './member.ts';
export { startZoneServer } from './zone-server.ts';
export type { ZoneServer, ZoneServerOptions } from './zone-server.ts';
export { startFront } from './front/front.ts';
export type { RunningFront } from './front/front.ts';
export type { FrontConfig } from './front/front-config.ts';
