/** Requests and answers of look-ups. The three kinds of result have the same status, 200. */
import { lookupIdentifiersMax } from '@callbook/protocol';
import { Type } from 'typebox';
import { bytesOf, bytesUpTo, count, timeMs } from './bytes.ts';
import { pendingRequests } from './pending-schema.ts';

export const lookupRequest = Type.Object(
  {
    identifiers: Type.Array(Type.String(), {
      minItems: 1,
      maxItems: lookupIdentifiersMax,
      description: 'Identifiers in canonical form',
      examples: [['tel:+4915123456789']],
    }),
  },
  { additionalProperties: false },
);

const route = Type.Object(
  {
    service: Type.Enum(['sip', 'xmpp', 'email:mailto', 'acct', 'im', 'pres', 'web:https']),
    uri: Type.String(),
    preference: Type.Integer({ minimum: 0, maximum: 65535, description: 'Lower is tried first' }),
  },
  { additionalProperties: false },
);

const publishedKey = Type.Object(
  {
    use: Type.Enum(['identity', 'sip', 'box', 'openpgp']),
    algorithm: Type.Enum(['ed25519', 'p256', 'x25519', 'openpgp']),
    key: bytesUpTo(8192, 'Raw public key; p256 uncompressed; openpgp a certificate'),
  },
  { additionalProperties: false },
);

const published = Type.Object(
  {
    state: Type.Literal('published'),
    visibility: Type.Enum(['dns', 'api']),
    routes: Type.Array(route),
    keys: Type.Array(publishedKey),
    labelEpoch: count('Epoch of the VRF key'),
    label: bytesOf(32, 'Label of the identifier'),
    epoch: count('Which holder, from 0'),
    seq: count('0, or the sequence number of the update in force'),
    ownershipId: bytesOf(32, 'Entry that made the authority key the one in force'),
    entryId: bytesOf(32, 'Entry whose payload this is'),
    origin: Type.String({ description: 'Log with the earliest leaf of that entry' }),
    changedAtMs: timeMs('Time of that leaf'),
    dormant: Type.Boolean({
      description: 'True when the holder has not confirmed it for 400 days',
    }),
    pending: pendingRequests,
  },
  { additionalProperties: false },
);

export const lookupAnswer = Type.Object(
  {
    results: Type.Array(
      Type.Union([
        published,
        Type.Object({ state: Type.Literal('absent') }, { additionalProperties: false }),
        Type.Object({ state: Type.Literal('malformed') }, { additionalProperties: false }),
      ]),
      { description: 'One for each identifier, in the same order' },
    ),
  },
  { additionalProperties: false, description: 'What the directory says' },
);
