/** Requests and answers of proofs. What is null says that the directory has nothing there. */
import {
  entryBytesMax,
  indexProofBytesMax,
  payloadBytesMax,
  proofHashesMax,
  receiptCheckpointCharactersMax,
} from '@callbook/protocol';
import { Type } from 'typebox';
import { proofIdentifiersMax } from '../limits.ts';
import { bytesOf, bytesUpTo, count, timeMs } from './bytes.ts';

export const proofRequest = Type.Object(
  {
    identifier: Type.String({
      maxLength: 512,
      description: 'Identifier in canonical form',
      examples: ['tel:+4915123456789'],
    }),
  },
  { additionalProperties: false },
);

const agreedLog = Type.Object(
  {
    checkpoint: Type.String({
      maxLength: receiptCheckpointCharactersMax,
      description: 'An agreed checkpoint of at least the size that the root names, a signed note',
    }),
    consistency: Type.Array(bytesOf(32, 'Hash'), {
      maxItems: proofHashesMax,
      description: 'That it extends the tree that the root names; RFC 9162, section 2.1.4',
    }),
  },
  { additionalProperties: false },
);

const state = Type.Object(
  {
    epoch: count('Which holder, from 0'),
    status: Type.Enum(['held', 'released']),
    ownershipId: bytesOf(32, 'Ownership entry in force'),
    ownershipAtMs: timeMs('Its time'),
    endsAtMs: Type.Union([timeMs('End of the pause after a release'), Type.Null()]),
    authority: bytesOf(32, 'Authority key in force'),
    recovery: Type.Union([bytesOf(32, 'SHA-256 of the recovery key'), Type.Null()]),
    lock: Type.Boolean(),
    email: Type.Union([bytesOf(32, 'Commitment to an e-mail address'), Type.Null()]),
    seq: count('0, or the sequence number of the update in force'),
    entryId: bytesOf(32, 'Entry that says what is published'),
    commitment: Type.Union([bytesOf(32, 'Its commitment to the payload'), Type.Null()]),
  },
  { additionalProperties: false },
);

export const proofsRequest = Type.Object(
  {
    identifiers: Type.Array(Type.String({ maxLength: 512 }), {
      minItems: 1,
      maxItems: proofIdentifiersMax,
      description: 'Identifiers in canonical form',
      examples: [['tel:+4915123456789', 'tel:+34912345678']],
    }),
  },
  { additionalProperties: false },
);

const shared = {
  root: Type.String({ description: "The index's root, signed by this member" }),
  logs: Type.Array(agreedLog, { description: 'One for each log of the root that has leaves' }),
};

const ofIdentifier = {
  labelEpoch: count('Epoch of the VRF key'),
  label: bytesOf(32, 'Label of the identifier'),
  vrfProof: bytesOf(80, 'That it is; RFC 9381'),
  indexProof: bytesUpTo(indexProofBytesMax, 'From the label to the root'),
  state: Type.Union([state, Type.Null()]),
  ownership: Type.Union([bytesUpTo(entryBytesMax, 'Entry `ownershipId`'), Type.Null()]),
  published: Type.Union([
    bytesUpTo(entryBytesMax, 'Entry `entryId`, where it is another'),
    Type.Null(),
  ]),
  payload: Type.Union([bytesUpTo(payloadBytesMax, 'What it commits to'), Type.Null()]),
  opening: Type.Union([bytesOf(32, 'Opening of the commitment'), Type.Null()]),
};

export const proofAnswer = Type.Object(
  { ...shared, ...ofIdentifier },
  { additionalProperties: false, description: 'What the directory says, with its proof' },
);

export const proofsAnswer = Type.Object(
  {
    ...shared,
    results: Type.Array(
      Type.Union([Type.Object(ofIdentifier, { additionalProperties: false }), Type.Null()]),
      {
        description:
          'One for each identifier, in the same order; null where it is not shown without a token',
      },
    ),
  },
  { additionalProperties: false, description: 'What the directory says, with its proofs' },
);
