/** The DNS codec: pure and browser-safe, the one codec of the server and of validators. */

export {
  compareNames,
  DomainName,
  formatName,
  isAtOrBelow,
  joinLabels,
  labelBytesMax,
  lowerCasedName,
  nameBytesMax,
  parentName,
  parseName,
  rootName,
  sameName,
} from './names.ts';
export {
  dsDigestSha256,
  ednsOptionCodes,
  extendedErrorCodes,
  internetClass,
  opcodes,
  recordTypes,
  responseCodes,
  zoneAlgorithms,
} from './record-types.ts';
export type {
  Edns,
  EdnsOption,
  Message,
  MessageHeader,
  Question,
  ResourceRecord,
} from './message.ts';
export { parseHeader, parseMessage } from './message-parse.ts';
export { encodeMessage } from './message-encode.ts';
export { queryMessage } from './query.ts';
export { encodeQuery } from './query-encode.ts';
export { encodeExtendedError, parseExtendedErrors } from './extended-error.ts';
export type { ExtendedError } from './extended-error.ts';
export { encodeRdata, parseRdata } from './rdata.ts';
export type {
  AddressRdata,
  DnskeyRdata,
  DsRdata,
  NaptrRdata,
  NsecRdata,
  NsRdata,
  OpaqueRdata,
  OpenpgpkeyRdata,
  Rdata,
  RrsigRdata,
  SoaRdata,
  TlsaRdata,
  TxtRdata,
} from './rdata.ts';
export { canonicalRdata } from './rdata-layout.ts';
export { canonicalOrder, dsDigestInput, keyTagOf, signatureInput } from './canonical.ts';
export type { RrsetContent } from './canonical.ts';
export { parseNsec3 } from './nsec3.ts';
export type { Nsec3Rdata } from './nsec3.ts';
export { encodeTypeBitmap, parseTypeBitmap } from './type-bitmap.ts';
export { formatIpAddress, parseIpAddress } from './ip-address.ts';
export { ownerHash, ownerNames } from './owner-names.ts';
export type { OwnerNames } from './owner-names.ts';
