/** Requests and answers about entries and receipts. */
import {
  entryBytesMax,
  leafBytesMax,
  logOriginCharactersMax,
  membersMax,
  payloadBytesMax,
  proofHashesMax,
  receiptCheckpointCharactersMax,
} from '@callbook/protocol';
import { Type } from 'typebox';
import { bytesOf, bytesUpTo, count, timeMs } from './bytes.ts';
import { pendingRequests } from './pending-schema.ts';

const origin = Type.String({
  minLength: 1,
  maxLength: logOriginCharactersMax,
  description: 'Origin of a log',
});

const receipt = Type.Object(
  {
    origin,
    index: count('Place of the leaf in that log, from 0'),
    leaf: bytesUpTo(leafBytesMax, 'The leaf'),
    checkpoint: Type.String({
      minLength: 1,
      maxLength: receiptCheckpointCharactersMax,
      description: 'Signed checkpoint of that log',
    }),
    proof: Type.Array(bytesOf(32, 'Hash'), {
      maxItems: proofHashesMax,
      description: 'Inclusion proof of the leaf in the checkpoint',
    }),
  },
  { additionalProperties: false },
);

const receipts = Type.Array(receipt, { maxItems: membersMax });

const entryStateName = Type.Enum(['complete', 'incomplete'], {
  description: 'complete: enough members have logged it within their 10 minutes',
});

const entryTime = Type.Union([timeMs('Time of an ownership entry'), Type.Null()], {
  description: 'null for an update, and while the entry is incomplete',
});

export const entrySubmission = Type.Object(
  {
    entry: bytesUpTo(entryBytesMax, 'The signed entry'),
    payload: Type.Optional(bytesUpTo(payloadBytesMax, 'What its commitment commits to')),
    opening: Type.Optional(bytesOf(32, 'Opening of the commitment')),
    challenge: Type.Optional(
      Type.String({ maxLength: 64, description: 'Id of the passed challenge that it uses' }),
    ),
    emailChallenge: Type.Optional(
      Type.String({
        maxLength: 64,
        description:
          'Id of the passed challenge of the e-mail address: for a request of class email',
      }),
    ),
    receipts: Type.Optional(receipts),
  },
  { additionalProperties: false },
);

export const submittedEntry = Type.Object(
  {
    entryId: bytesOf(32, 'SHA-256 of the entry'),
    state: entryStateName,
    quorum: Type.Integer({ minimum: 1, description: 'Members that must log it' }),
    receipts,
    timeMs: entryTime,
  },
  { additionalProperties: false, description: 'This member has logged the entry' },
);

export const entryPath = Type.Object({
  id: Type.String({ description: 'SHA-256 of the entry in lower-case hexadecimal' }),
});

export const entryState = Type.Object(
  {
    entryId: bytesOf(32, 'SHA-256 of the entry'),
    state: entryStateName,
    inForce: Type.Boolean({ description: 'True while it decides what the binding says' }),
    timeMs: entryTime,
    erasedAtMs: Type.Union([timeMs('When payload and opening were erased here'), Type.Null()], {
      description: 'null for what is no release, and until its pause is over and all is erased',
    }),
    epoch: Type.Union([count('Which holder the binding has now, from 0'), Type.Null()], {
      description: 'null where nobody holds it',
    }),
    pending: pendingRequests,
    leaves: Type.Array(
      Type.Object(
        {
          origin,
          index: count('Place of the leaf in that log, from 0'),
          at: timeMs('Time of the leaf'),
          role: Type.Enum(['received', 'challenged', 'witnessed']),
        },
        { additionalProperties: false },
      ),
      { description: 'Leaves of the entry that this member has seen' },
    ),
  },
  { additionalProperties: false, description: 'State of the entry as this member sees it' },
);
