/** The authoritative server: zones, their keys, answers and sockets. The codec is `./wire`. */

export { dnsErrorCodes } from './errors.ts';
export type { DnsErrorCode } from './errors.ts';
export { createDirectoryZone } from './zone/directory-zone.ts';
export type {
  ApiHost,
  BindingSource,
  DirectoryZoneLimits,
  DirectoryZoneOptions,
} from './zone/directory-zone.ts';
export { createStaticZone } from './zone/static-zone.ts';
export type { Delegation, StaticRecord, StaticZoneOptions } from './zone/static-zone.ts';
export type { Nameserver } from './zone/zone-settings.ts';
export type { Zone } from './zone/zone.ts';
export { generateZoneKeys, openZoneSigner } from './sign/zone-signer.ts';
export type { ZoneAlgorithm, ZoneKeys, ZoneSigner } from './sign/zone-signer.ts';
export { createZoneKeys, loadZoneKeys } from './sign/zone-keys.ts';
export { dsRecord, parseDsRecord, zoneDs } from './sign/delegation-signer.ts';
export { createResponder, nsidBytesMax } from './serve/responder.ts';
export type { Responder, ResponderOptions } from './serve/responder.ts';
export type { CookieOptions } from './serve/query-options.ts';
export type { Transport } from './serve/transport.ts';
export {
  createCookieSecrets,
  parseCookieSecrets,
  rollCookieSecrets,
} from './cookie/cookie-secrets.ts';
export type { CookieSecrets } from './cookie/cookie-secrets.ts';
export {
  createRateLimitMemory,
  responsesPerSecondMax,
  slipMax,
} from './rate-limit/rate-limit-memory.ts';
export type { RateLimitMemory, RateLimitSettings } from './rate-limit/rate-limit-memory.ts';
export { RateLimiter } from './rate-limit/rate-limiter.ts';
export type { RateVerdict } from './rate-limit/rate-limiter.ts';
export { startDnsServer } from './serve/dns-server.ts';
export type { DnsServer, DnsServerOptions, ListenAddress, Listener } from './serve/dns-server.ts';
export type { TlsCertificate } from './serve/tls-listener.ts';
export { chooseDatagramEngine } from './datagram/choose-engine.ts';
export type { EngineChoice } from './datagram/choose-engine.ts';
export { dgramEngine } from './datagram/dgram-engine.ts';
export { ffiEngine } from './datagram/ffi-engine.ts';
export type {
  ClientAddress,
  CreateWorkerResponder,
  DatagramCounts,
  DatagramEngine,
  DatagramEngineOptions,
  DatagramServer,
  WorkerCrash,
  WorkerResponder,
} from './datagram/datagram-engine.ts';
export { AnswerTable } from './datagram/answer-table.ts';
export type { AnswerFill } from './datagram/answer-table.ts';
export type { AnswerKey } from './datagram/answer-key.ts';
export { createAnswerTableMemory } from './datagram/answer-table-memory.ts';
export type { AnswerTableOptions } from './datagram/answer-table-memory.ts';
export { HotResponder } from './serve/hot-responder.ts';
export type { HotResponderOptions } from './serve/hot-responder.ts';
export { AnswerNotices } from './serve/answer-notices.ts';
