/**
 * DNS messages as values (RFC 1035 §4, RFC 6891). RDATA is uncompressed octets whatever the type;
 * `parseRdata` reads it. The OPT pseudo-record is not among the records: it is `edns`, and its
 * extended RCODE bits are merged into `responseCode`.
 */
import type { DomainName } from './names.ts';

export interface MessageHeader {
  /** 0..65535. */
  readonly id: number;
  readonly isResponse: boolean;
  readonly opcode: number;
  readonly authoritative: boolean;
  readonly truncated: boolean;
  readonly recursionDesired: boolean;
  readonly recursionAvailable: boolean;
  readonly authenticData: boolean;
  readonly checkingDisabled: boolean;
  /** 0..15, or up to 4095 with EDNS. */
  readonly responseCode: number;
}

export interface Question {
  readonly name: DomainName;
  readonly type: number;
  readonly class: number;
}

export interface ResourceRecord {
  readonly owner: DomainName;
  readonly type: number;
  readonly class: number;
  readonly ttlSeconds: number;
  /** Uncompressed. */
  readonly rdata: Uint8Array;
}

export interface EdnsOption {
  readonly code: number;
  readonly octets: Uint8Array;
}

export interface Edns {
  /** Largest UDP payload that the sender takes. */
  readonly udpPayloadBytes: number;
  readonly version: number;
  /** DO (RFC 3225): send DNSSEC records. */
  readonly dnssecOk: boolean;
  /** CO (RFC 9824 §4): compact denial may come with NXDOMAIN. */
  readonly compactOk: boolean;
  readonly options: readonly EdnsOption[];
}

export interface Message extends MessageHeader {
  readonly questions: readonly Question[];
  readonly answers: readonly ResourceRecord[];
  readonly authorities: readonly ResourceRecord[];
  /** Without OPT. */
  readonly additionals: readonly ResourceRecord[];
  readonly edns: Edns | undefined;
}

/** What the length field of TCP can say; over UDP less fits. */
export const messageBytesMax = 65_535;
/** Octets of the header. */
export const headerBytes = 12;
/** Bits of the flags word. */
export const headerFlags = {
  isResponse: 0x8000,
  authoritative: 0x0400,
  truncated: 0x0200,
  recursionDesired: 0x0100,
  recursionAvailable: 0x0080,
  authenticData: 0x0020,
  checkingDisabled: 0x0010,
} as const;
/** Bits of the EDNS flags, the low half of the OPT record's TTL. */
export const ednsFlags = { dnssecOk: 0x8000, compactOk: 0x4000 } as const;
