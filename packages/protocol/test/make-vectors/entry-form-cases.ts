/** Vectors of entries whose map is not that of their kind. All are signed as they stand. */
import { drafts, encodedFields, recovery, signedEntry, signedFields } from './signed-entry.ts';
import { fixed32 } from './vector-case.ts';
import type { Fields, Signing } from './signed-entry.ts';
import type { VectorCase } from './vector-case.ts';

/** Returns the cases with code `entry_malformed`, and those of the size limit. */
export function entryFormCases(): VectorCase[] {
  return [
    ...missingFieldCases(),
    ...valueCases(),
    ...sizeCases(),
    ...kindCases(),
    ...termsCases(),
    ...lengthCases(),
  ];
}

const { register, rotate, release, request, veto, commit, update } = drafts;
const id = fixed32('another entry');

function missingFieldCases(): VectorCase[] {
  const names = Object.keys(register).map((name) =>
    malformed(`${name}_missing`, `every entry has ${name}`, without(register, name)),
  );
  const sigMissing = encodedFields(register);
  return [
    ...names,
    malformedBytes('sig_missing', 'every entry has sig', sigMissing),
    malformedBytes('not_a_map', 'an entry is a map', encodedFields([1, 2, 3])),
    malformed('field_unknown', 'a map has exactly the fields of its kind', {
      ...register,
      note: 'x',
    }),
  ];
}

function valueCases(): VectorCase[] {
  return [
    malformed('v_0', 'v is 1', { ...register, v: 0 }),
    malformed('v_2', 'v is 1', { ...register, v: 2 }),
    malformed('kind_unknown', 'there are seven kinds', { ...register, kind: 'transfer' }),
    malformed('kind_of_object_prototype', 'there are seven kinds', {
      ...register,
      kind: 'constructor',
    }),
    malformed('kind_in_capitals', 'kinds are lower case', { ...register, kind: 'Register' }),
    malformed('label_epoch_negative', 'labelEpoch counts from 0', { ...register, labelEpoch: -1 }),
    malformed('epoch_negative', 'epoch counts from 0', { ...commit, epoch: -1 }),
    malformed('seq_negative', 'seq counts from 0', { ...update, seq: -1 }),
    malformed('label_null', 'label is never null', { ...register, label: null }),
    malformed('label_text', 'label is a byte string', { ...register, label: 'x'.repeat(32) }),
    malformed('authority_null', 'authority is never null', { ...register, authority: null }),
    malformed('lock_null', 'lock is a boolean', { ...register, lock: null }),
    malformed('lock_0', 'lock is a boolean', { ...register, lock: 0 }),
    malformed('request_class_unknown', 'there are three classes', { ...request, class: 'court' }),
  ];
}

/** No entry of any kind comes near the limit, so what fills these up is an unknown field. */
function sizeCases(): VectorCase[] {
  return [1023, 1024, 1025].map((size) => {
    const empty = signedEntry({ ...register, pad: new Uint8Array(256) }).length - 256;
    const bytes = signedEntry({ ...register, pad: new Uint8Array(size - empty) });
    const expect = size > 1024 ? 'entry_too_large' : 'entry_malformed';
    const comment = 'an entry is at most 1024 bytes; here an unknown field fills it up';
    return invalid(`entry_of_${bytes.length}_bytes`, comment, { expect, bytes });
  });
}

function kindCases(): VectorCase[] {
  const payloadKinds = [drafts.register, drafts.rotate, drafts.commit];
  const follows = 'rotate, release and update name the entry they follow';
  const names = 'a request, veto or commit has no prev';
  return [
    ...payloadKinds.map((draft) =>
      malformed(`${draft.kind}_of_seq_1`, 'seq is 0 in kinds that set a payload', {
        ...draft,
        seq: 1,
      }),
    ),
    malformed('update_of_seq_0', 'seq is at least 1 in an update', { ...update, seq: 0 }),
    malformed('register_of_epoch_0_with_prev', 'nothing comes before it', {
      ...register,
      prev: id,
    }),
    malformed('register_of_epoch_1_without_prev', 'it names a release', { ...register, epoch: 1 }),
    ...[rotate, release, update].map((draft) =>
      malformed(`${draft.kind}_without_prev`, follows, { ...draft, prev: null }),
    ),
    ...[request, veto, commit].map((draft) =>
      malformed(`${draft.kind}_with_prev`, names, { ...draft, prev: id }),
    ),
    malformed('commit_of_epoch_0', 'a commit begins a later epoch', { ...commit, epoch: 0 }),
    ...fieldsOfKindCases(),
  ];
}

function fieldsOfKindCases(): VectorCase[] {
  const both = 'request is in commit and veto only, and always';
  const classes = 'class is in request only, and always';
  const recoveries = 'recoverySig is in request only';
  const rotates = 'newSig is in rotate only, and always';
  return [
    malformed('commit_without_request', both, without(commit, 'request')),
    malformed('veto_without_request', both, without(veto, 'request')),
    malformed('register_with_request', both, { ...register, request: id }),
    malformed('request_with_request', both, { ...request, request: id }),
    malformed('request_without_class', classes, without(request, 'class')),
    malformed('commit_with_class', classes, { ...commit, class: 'email' }),
    malformedBytes(
      'request_of_class_recovery_without_recovery_sig',
      'class recovery needs recoverySig',
      encodedFields(without(signedFields({ ...request, class: 'recovery' }), 'recoverySig')),
    ),
    malformed('commit_with_recovery_sig', recoveries, commit, { recoverySigBy: recovery }),
    malformed('rotate_with_recovery_sig', recoveries, rotate, { recoverySigBy: recovery }),
    malformedBytes(
      'rotate_without_new_sig',
      rotates,
      encodedFields(without(signedFields(rotate), 'newSig')),
    ),
    malformed('update_with_new_sig', rotates, { ...update, newSig: new Uint8Array(64) }),
  ];
}

function termsCases(): VectorCase[] {
  const terms = { commitment: id, recovery: id, lock: true, email: id };
  return [release, request, veto].flatMap((draft) =>
    Object.entries(terms).map(([name, value]) =>
      malformed(`${draft.kind}_with_${name}`, 'a release, request or veto sets nothing', {
        ...draft,
        [name]: value,
      }),
    ),
  );
}

/** Below and above each fixed length; at it are all the valid cases. */
function lengthCases(): VectorCase[] {
  const of32 = (draft: Fields, name: string): VectorCase[] =>
    [31, 33].map((size) =>
      malformed(`${name}_of_${size}_bytes`, `${name} is 32 bytes`, {
        ...draft,
        [name]: new Uint8Array(size).fill(7),
      }),
    );
  const signatures: [string, Fields, number][] = [
    ['recoverySig', { ...request, class: 'recovery' }, 96],
    ['newSig', rotate, 64],
    ['sig', register, 64],
  ];
  return [
    ...['label', 'authority', 'commitment', 'recovery', 'email'].flatMap((name) =>
      of32(register, name),
    ),
    ...of32(update, 'prev'),
    ...of32(veto, 'request'),
    ...signatures.flatMap(([name, draft, size]) =>
      [size - 1, size + 1].map((wrong) =>
        malformed(`${name}_of_${wrong}_bytes`, `${name} is ${size} bytes`, {
          ...draft,
          [name]: new Uint8Array(wrong),
        }),
      ),
    ),
  ];
}

function malformed(
  name: string,
  comment: string,
  fields: Fields,
  signing: Signing = {},
): VectorCase {
  return malformedBytes(name, comment, signedEntry(fields, signing));
}

function malformedBytes(name: string, comment: string, bytes: Uint8Array): VectorCase {
  return invalid(name, comment, { expect: 'entry_malformed', bytes });
}

/** Returns a case of `vectors/entries/invalid`. */
export function invalid(
  name: string,
  comment: string,
  of: { expect: string; bytes: Uint8Array },
): VectorCase {
  const { expect, bytes } = of;
  return { topic: 'entries', name, comment, expect, values: { bytes: bytes.toHex() } };
}

function without(fields: Fields, name: string): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([field]) => field !== name));
}
