/** Request and answer of a commitment to an e-mail address (docs/spec/challenges.md). */
import { Type } from 'typebox';
import { bytesOf, count } from './bytes.ts';

const challengeIdCharactersMax = 64;

export const emailCommitmentRequest = Type.Object(
  {
    emailChallenge: Type.String({
      maxLength: challengeIdCharactersMax,
      description: 'Id of the passed challenge of the e-mail address',
    }),
    challenge: Type.Optional(
      Type.String({
        maxLength: challengeIdCharactersMax,
        description: 'Id of the passed challenge of the identifier, with the same authority key',
      }),
    ),
    ownership: Type.Optional(
      Type.Object(
        {
          entryId: bytesOf(32, 'Ownership entry of the authority key of the challenge'),
          signature: bytesOf(64, 'Of that key, over the order'),
        },
        { additionalProperties: false, description: 'Instead of a challenge of the identifier' },
      ),
    ),
  },
  { additionalProperties: false },
);

export const emailCommitment = Type.Object(
  {
    labelEpoch: count('Epoch of the VRF key'),
    email: bytesOf(32, 'The commitment: the field email of entries'),
    vrfProof: bytesOf(80, 'That it is; RFC 9381'),
  },
  { additionalProperties: false, description: 'The commitment to the address' },
);
