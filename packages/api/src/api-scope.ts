/** What every route is given: the typed fastify scope it registers in, and the ports. */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { Clock, Cryptography } from '@callbook/protocol';
import type {
  FastifyBaseLogger,
  FastifyInstance,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from 'fastify';
import type { ChallengeDesk } from './challenges/challenge-desk.ts';
import type { DirectoryPort, DnsPort } from './ports.ts';
import type { LookupAccess } from './lookups/lookup-access.ts';
import type { ProofBudget } from './proofs/proof-budget.ts';

/** A fastify scope that types requests and answers by their schemas. */
export type ApiScope = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

export interface ApiContext {
  readonly directory: DirectoryPort;
  readonly desk: ChallengeDesk;
  readonly crypto: Cryptography;
  readonly clock: Clock;
  readonly proofs: ProofBudget;
  readonly access: LookupAccess;
  readonly dns: DnsPort | undefined;
}
