/** The authoritative server: zones, their keys, answers and sockets. The codec is `./wire`. */

export { dnsErrorCodes } from './errors.ts';
export type { DnsErrorCode } from './errors.ts';
export { createDirectoryZone } from './zone/directory-zone.ts';
export type {
  ApiHost,
  BindingsZone,
  BindingSource,
  DirectoryZoneLimits,
  DirectoryZoneOptions,
} from './zone/directory-zone.ts';
export { tlsaTtlSeconds } from './zone/host-records.ts';
export type { AcmeChallenge, HostRecords } from './zone/host-records.ts';
export { createStaticZone } from './zone/static-zone.ts';
export type { Delegation, StaticRecord, StaticZoneOptions } from './zone/static-zone.ts';
export type { Nameserver } from './zone/zone-settings.ts';
export type { Zone } from './zone/zone.ts';
export { generateZoneKeys, openZoneSigner } from './sign/zone-signer.ts';
export type { OpenSigner, ZoneAlgorithm, ZoneKeys, ZoneSigner } from './sign/zone-signer.ts';
export { openKeptKeySigner } from './sign/kept-key-signer.ts';
export { createZoneKeys, loadZoneKeys } from './sign/zone-keys.ts';
export {
  dsOf,
  dsRecord,
  formatDs,
  isDsOf,
  parseDsRecord,
  zoneDs,
} from './sign/delegation-signer.ts';
export { fixedKeyring } from './sign/zone-keyring.ts';
export type { PresignedSignatures, ZoneKeyring, ZoneKeySet } from './sign/zone-keyring.ts';
export { openKeyFolder } from './keys/key-folder.ts';
export type { KeyStore, StoredKeyState } from './keys/key-store.ts';
export { openKeyKeeper } from './keys/key-keeper.ts';
export type { KeyEvent, KeyKeeper, KeyKeeperOptions } from './keys/key-keeper.ts';
export { FollowedKeyring } from './keys/key-set.ts';
export type { KeyringSnapshot } from './keys/key-set.ts';
export { askDns } from './keys/ask-dns.ts';
export { askParentDs } from './keys/parent-ds.ts';
export { keyTimingsDefault } from './keys/key-timings.ts';
export type { KeyTimings } from './keys/key-timings.ts';
export { scheduleKeys } from './keys/key-schedule.ts';
export type { KeyAction, KeyEvidence, KeyMoment, KeyPlan, KeyStep } from './keys/key-schedule.ts';
export {
  delegatedKeys,
  dnskeyOfEntry,
  keyPhases,
  keysIn,
  keyTagOfEntry,
  servedPhases,
} from './keys/key-state.ts';
export type { KeyEntry, KeyPhase, KeyRole, KeyState } from './keys/key-state.ts';
export { confirmDs, requestRoll } from './keys/key-changes.ts';
export {
  addKsk,
  changeKeyState,
  createFirstKeys,
  exportSigningRequest,
  importPresignedKeys,
  readKeyState,
  signRequestWith,
} from './keys/key-orders.ts';
export type { RequestOptions } from './keys/key-orders.ts';
export { encodePresignedKeys, parsePresignedKeys } from './keys/presigned-keys.ts';
export type { PresignedKeys, PresignedPeriod } from './keys/presigned-keys.ts';
export { encodeSigningRequest, parseSigningRequest } from './keys/signing-request.ts';
export type { SigningRequest } from './keys/signing-request.ts';
export { createResponder, nsidBytesMax } from './serve/responder.ts';
export type { LateResponder, Responder, ResponderOptions } from './serve/responder.ts';
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
export { datagramAnswerBytesMax } from './datagram/datagram-engine.ts';
export type {
  ClientAddress,
  CreateWorkerResponder,
  DatagramCounts,
  DatagramEngine,
  DatagramEngineOptions,
  DatagramServer,
  WorkerCrash,
  WorkerPlace,
  WorkerResponder,
} from './datagram/datagram-engine.ts';
export { DatagramSender } from './datagram/datagram-sender.ts';
export { AnswerTable } from './datagram/answer-table.ts';
export type { AnswerFill } from './datagram/answer-table.ts';
export type { AnswerKey } from './datagram/answer-key.ts';
export { createAnswerTableMemory } from './datagram/answer-table-memory.ts';
export type { AnswerTableOptions } from './datagram/answer-table-memory.ts';
export { HotResponder } from './serve/hot-responder.ts';
export type { HotResponderOptions } from './serve/hot-responder.ts';
export { AnswerNotices } from './serve/answer-notices.ts';
