/**
 * The bridge between a SIP server and the directory.
 * @module @callbook/sip
 */

export { parseConfig, readConfig } from './config.ts';
export type { BridgeConfig } from './config.ts';
export { startBridge } from './serve.ts';
export type { RunningBridge } from './serve.ts';
export { createEventLog } from './event-log.ts';
export { sipErrorCodes } from './errors.ts';
export type { SipErrorCode } from './errors.ts';
