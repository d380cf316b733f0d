/** Settings of the shared database, a member's and a front end's. */
import { Type } from 'typebox';

/** Where the database is: what members and front ends have in common. */
export const sharedDatabaseProperties = {
  urlFile: Type.String({
    minLength: 1,
    maxLength: 4096,
    description: 'path of a file with a postgresql:// URL, that nobody else can read',
  }),
  table: Type.Optional(
    Type.String({
      pattern: '^[a-z_][a-z0-9_]{0,47}$',
      description: 'name of a table: lower-case letters, digits and _',
    }),
  ),
  answerMilliseconds: Type.Optional(
    Type.Integer({ minimum: 50, maximum: 60_000, description: 'milliseconds, 50 to 60000' }),
  ),
};

/** A database on PostgreSQL's protocol that front ends read what this member publishes from. */
export const SharedDatabaseSettings = Type.Object(
  {
    ...sharedDatabaseProperties,
    // Other processes of this member stand by, or this one does: who has the lease writes.
    standby: Type.Optional(Type.Boolean({ description: 'true or false' })),
  },
  { additionalProperties: false },
);
