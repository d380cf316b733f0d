/** Requests and answers of the two steps of a challenge (docs/spec/challenges.md). */
import { Type } from 'typebox';
import { bytesOf, count, timeMs } from './bytes.ts';

const form = Type.Enum(['app', 'digits'], {
  description: 'app: 43 characters that a program reads; digits: eight digits that a person types',
});

export const challengeRequest = Type.Object(
  {
    identifier: Type.String({
      maxLength: 512,
      description: 'The identifier in canonical form',
      examples: ['tel:+4915123456789'],
    }),
    authority: bytesOf(32, 'Ed25519 public key that the entry will carry'),
    session: bytesOf(32, 'X25519 public key of this session'),
    form,
    appHash: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z0-9+/]{11}$',
        description: "Names the Android app that reads the SMS (SMS Retriever's hash string)",
        examples: ['FA+9qCX9VSu'],
      }),
    ),
  },
  { additionalProperties: false },
);

export const openedChallenge = Type.Object(
  {
    id: bytesOf(16, 'Names the challenge in the next steps'),
    expiresAtMs: timeMs('The answer must arrive before'),
    enc: bytesOf(32, 'HPKE encapsulated key'),
    channel: Type.Enum(['sms', 'email', 'sip']),
    form,
  },
  { additionalProperties: false, description: 'The code is on its way' },
);

export const challengePath = Type.Object({
  id: Type.String({ description: 'The id of the challenge' }),
});

export const challengeAnswer = Type.Object(
  { proof: bytesOf(32, 'HMAC-SHA256 of the secret under the key exported from the session') },
  { additionalProperties: false },
);

const claimable = Type.Object(
  {
    kind: Type.Enum(['register', 'request'], {
      description: 'register: the identifier is free; request: somebody holds it',
    }),
    epoch: count('The epoch that a register opens, or that a request would end'),
    prev: Type.Union([bytesOf(32, 'The release that ended the epoch before'), Type.Null()]),
  },
  { additionalProperties: false },
);

const committable = Type.Object(
  {
    kind: Type.Literal('commit', { description: 'A request of this authority key is pending' }),
    epoch: count('The epoch that the commit opens'),
    prev: Type.Null(),
    request: bytesOf(32, 'That request'),
    fromMs: timeMs('End of its hold, over or not'),
  },
  { additionalProperties: false },
);

export const passedChallenge = Type.Object(
  {
    labelEpoch: count('Epoch of the VRF key'),
    label: bytesOf(32, 'Label of the identifier'),
    vrfProof: bytesOf(80, 'Proof that the label is the identifier’s'),
    usableUntilMs: timeMs('The entry must arrive before'),
    next: Type.Union([claimable, committable], { description: 'What may be claimed' }),
  },
  { additionalProperties: false, description: 'Control is shown' },
);
