/**
 * What each member says of a number that this browser holds, by its interface and by its DNS zone, against
 * what the browser knows: so that a member that lags, lies or cannot be asked is named for what it is.
 */
import type { Holding, MemberEntryState, MemberLookup, ZoneAnswer } from '@callbook/client';
import { bytesEqual, type Visibility } from '@callbook/protocol';

/** What a member says over its interface. */
export type ApiSaying = 'absent' | 'behind' | 'failed' | 'other' | 'same';

/** What its zone says; `clock` where signatures do not fit the time of this device. */
export type DnsSaying =
  'absent' | 'asking' | 'bogus' | 'clock' | 'failed' | 'hidden' | 'other' | 'same';

/** The last entry of a holding. */
type Known = Pick<Holding, 'entryId' | 'epoch' | 'ownershipId' | 'seq'>;

/**
 * `entry` is what the member says of the newest entry by its id: where a number is to be found with a token
 * alone, a look-up without one says "nothing", and only whoever knows the entry can ask for it.
 */
export function apiSaying(answer: MemberLookup, known: Known, entry?: MemberEntryState): ApiSaying {
  if (answer.state === 'absent' && entry !== undefined && 'inForce' in entry && entry.inForce) {
    return 'same';
  }
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
