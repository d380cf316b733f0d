/**
 * The fields of a charter, each with its type and bounds: docs/spec/charter.md as a table. Nothing
 * here compares one field with another.
 */
import { parseBase64, parseBase64Url } from '../base64.ts';
import {
  charterAddressesMax,
  charterAddressCharactersMax,
  charterApiCharactersMax,
  charterFaultsMax,
  charterWordsBytesMax,
  charterZoneCharactersMax,
  governanceKeysMax,
  holdMsMax,
  logOriginCharactersMax,
  membersMax,
  timeMsMax,
  zoneDsMax,
} from '../limits.ts';
import { treeHashBytes } from '../merkle/tree-hash.ts';
import { parseVerifierKey } from '../notes/verifier-key.ts';
import { accept, reject } from '../verdict.ts';
import type { Verdict } from '../verdict.ts';
import type { Charter } from './charter.ts';
import { fields, integer, listOf, nullOr, oneOf, textThat, words } from './field-checks.ts';

const sizeField = integer(0, Number.MAX_SAFE_INTEGER);
const timeField = integer(0, timeMsMax);
const holdField = integer(0, holdMsMax);
const countField = integer(1, Number.MAX_SAFE_INTEGER);
const rootField = textThat(
  '32 bytes of base64',
  (text) => parseBase64(text)?.length === treeHashBytes,
);

const logState = { size: sizeField, root: rootField };

const memberShape = fields(
  {
    name: textThat('1 to 63 letters, digits and hyphens in lower case', isDomainLabel),
    organisation: words(charterWordsBytesMax),
    legalForm: words(charterWordsBytesMax),
    auditor: words(charterWordsBytesMax),
    lastAudit: textThat('a date', isDate),
    governanceKeys: listOf(textThat('an Ed25519 verifier key', isNoteKey), {
      countMin: 1,
      countMax: governanceKeysMax,
    }),
    logKey: textThat('an Ed25519 verifier key named <host>/<path>', isLogKey),
    peerId: textThat('a peer id', (text) => /^[1-9A-HJ-NP-Za-km-z]{1,128}$/.test(text)),
    addresses: listOf(textThat('a multiaddr', isMultiaddr), {
      countMin: 0,
      countMax: charterAddressesMax,
    }),
    api: textThat('https://host[:port]', isHttpsOrigin),
    zone: textThat('a zone name in lower case without its final dot', isZoneName),
    zoneDs: listOf(textThat('the RDATA of a DS record', isDelegationSigner), {
      countMin: 0,
      countMax: zoneDsMax,
    }),
    state: oneOf('active', 'readonly', 'expelled'),
  },
  { cutoff: fields(logState) },
);

const charterShape = fields({
  version: countField,
  previous: nullOr(textThat('64 hexadecimal digits', (text) => /^[0-9a-f]{64}$/.test(text))),
  effectiveAtMs: timeField,
  expiresAtMs: timeField,
  labelEpoch: sizeField,
  vrfPublicKey: textThat('32 bytes of base64url', (text) => parseBase64Url(text)?.length === 32),
  faults: integer(0, charterFaultsMax),
  holds: fields({
    recoveryMs: holdField,
    emailMs: holdField,
    possessionMs: holdField,
    lockedMs: holdField,
    releaseMs: holdField,
    unlockMs: holdField,
    emailChangeMs: holdField,
    theftMs: holdField,
    noticeMs: holdField,
  }),
  ruleset: fields({ number: countField, activatesAtMs: timeField }),
  members: listOf(memberShape, { countMin: 1, countMax: membersMax }),
  logs: listOf(fields({ origin: textThat('an origin', isOrigin), ...logState }), {
    countMin: 0,
    countMax: membersMax,
  }),
});

/** Takes a JSON value for a charter, or says which field is wrong. */
export function shapedCharter(value: unknown): Verdict<Charter> {
  if (isCharter(value)) return accept(value);
  const wrong = charterShape(value) ?? '';
  return reject('charter_malformed', `charter${wrong.startsWith('.') ? '' : ' '}${wrong}`);
}

function isCharter(value: unknown): value is Charter {
  return charterShape(value) === undefined;
}

/**
 * An origin goes into URLs (`/log/<origin>/checkpoint`): host, optional port, then path segments
 * that begin with a letter or digit, so that none can be `.`, `..` or empty.
 */
function isOrigin(text: string): boolean {
  if (text.length > logOriginCharactersMax) return false;
  return /^[a-z0-9][a-z0-9.-]*(?::[0-9]{1,5})?(?:\/[a-z0-9][a-z0-9._-]*)+$/.test(text);
}

function isNoteKey(text: string): boolean {
  const key = parseVerifierKey(text);
  return key.verdict === 'accept' && key.value.algorithm === 0x01;
}

function isLogKey(text: string): boolean {
  return isNoteKey(text) && isOrigin(text.slice(0, text.indexOf('+')));
}

function isDate(text: string): boolean {
  if (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text)) return false;
  const date = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}

function isMultiaddr(text: string): boolean {
  return text.length <= charterAddressCharactersMax && /^(?:\/[!-.0-~]+)+$/.test(text);
}

function isHttpsOrigin(text: string): boolean {
  if (text.length > charterApiCharactersMax || !text.startsWith('https://')) return false;
  return URL.canParse(text) && new URL(text).origin === text;
}

function isZoneName(text: string): boolean {
  return text.length <= charterZoneCharactersMax && text.split('.').every(isDomainLabel);
}

function isDomainLabel(text: string): boolean {
  return /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/.test(text);
}

/** RFC 4034 §5.3; digest types SHA-256 (2) and SHA-384 (4). */
function isDelegationSigner(text: string): boolean {
  return /^[0-9]{1,5} [0-9]{1,3} (?:2 [0-9A-Fa-f]{64}|4 [0-9A-Fa-f]{96})$/.test(text);
}
