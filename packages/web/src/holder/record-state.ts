/**
 * What each member says of a number that this browser holds, by its interface and by its DNS zone, against
 * what the browser knows: so that a member that lags, lies or cannot be asked is named for what it is.
 */
import {
  holdingPayload,
  type Holding,
  type MemberEntryState,
  type MemberLookup,
  type ZoneAnswer,
} from '@callbook/client';
import { bytesEqual, type Visibility } from '@callbook/protocol';

/** What a member says over its interface, against what is known. */
export type ApiSaying = 'absent' | 'behind' | 'failed' | 'other' | 'same';

/** What its zone says; `clock` where signatures do not fit the time of this device. */
export type DnsSaying =
  'absent' | 'asking' | 'bogus' | 'clock' | 'failed' | 'hidden' | 'other' | 'same';

/** The last entry of a holding. */
type Known = Pick<Holding, 'entryId' | 'epoch' | 'ownershipId' | 'seq'>;

/**
 * What a member says of a holding. A number for the API alone is found with a token: a look-up without one
 * says "nothing", so that what the member says of the newest entry, whose id the holder knows, counts.
 */
export function apiSayingOf(
  holding: Holding,
  answer: MemberLookup,
  entries: readonly MemberEntryState[] | undefined,
): ApiSaying {
  const saying = apiSaying(answer, holding);
  if (saying !== 'absent' || holdingPayload(holding).visibility !== 'api') return saying;
  const entry = entries?.find(({ member }) => member === answer.member);
  return entry !== undefined && 'inForce' in entry && entry.inForce ? 'same' : saying;
}

/** What a member says over its interface, as a look-up shows it. */
export function apiSaying(answer: MemberLookup, known: Known): ApiSaying {
  if (answer.state !== 'published') return answer.state;
  const { binding } = answer;
  if (bytesEqual(binding.entryId, known.entryId)) return 'same';
  if (binding.epoch !== known.epoch) return binding.epoch < known.epoch ? 'behind' : 'other';
  const isSameOwnership = bytesEqual(binding.ownershipId, known.ownershipId);
  return isSameOwnership && binding.seq < known.seq ? 'behind' : 'other';
}

export function dnsSaying(
  answer: ZoneAnswer | undefined,
  known: Known,
  visibility: Visibility,
): DnsSaying {
  if (answer === undefined) return 'asking';
  const { verdict, code, state, binding } = answer;
  const isTime = code === 'signature_expired' || code === 'signature_not_yet_valid';
  if (verdict === 'bogus') return isTime ? 'clock' : 'bogus';
  if (verdict === 'indeterminate') return 'failed';
  if (verdict !== 'secure') return 'bogus';
  if (state === 'absent') return visibility === 'api' ? 'hidden' : 'absent';
  const { logged } = binding;
  return logged !== null && bytesEqual(logged.entryId, known.entryId) ? 'same' : 'other';
}

/** One word for all of it. */
export type RecordState = 'changed' | 'good' | 'partly' | 'unknown';

/** What the members' sayings come to: a quorum of them is what others believe. */
export function recordStateOf(sayings: readonly ApiSaying[], quorum: number): RecordState {
  const count = (wanted: ApiSaying): number => sayings.filter((one) => one === wanted).length;
  if (count('same') === sayings.length) return 'good';
  if (count('other') >= quorum) return 'changed';
  return count('same') > 0 || count('behind') > 0 ? 'partly' : 'unknown';
}
