/** Whether the process lives, and whether it may be sent requests. */
import { Type } from 'typebox';
import type { ApiContext, ApiScope } from '../api-scope.ts';
import { ApiError } from '../errors.ts';
import { problems } from '../schemas/problem-schema.ts';

const healthy = Type.Object(
  { status: Type.Literal('ok') },
  { additionalProperties: false, description: 'The process answers' },
);

const ready = Type.Object(
  { ready: Type.Literal(true) },
  { additionalProperties: false, description: 'Requests may be sent' },
);

/** Registers both probes. */
export function addHealthRoutes(
  scope: ApiScope,
  { directory }: { readonly directory: Pick<ApiContext['directory'], 'readiness'> },
): void {
  const healthSchema = {
    operationId: 'health',
    summary: 'Answers while the process lives',
    tags: ['health'],
    response: { 200: healthy, ...problems() },
  };
  scope.get('/healthz', { schema: healthSchema }, async (_request, reply) => {
    reply.header('cache-control', 'no-store');
    return { status: 'ok' as const };
  });
  const readySchema = {
    operationId: 'readiness',
    summary: 'Answers 200 while requests may be sent',
    tags: ['health'],
    response: { 200: ready, ...problems('not_ready') },
  };
  scope.get('/readyz', { schema: readySchema }, async (_request, reply) => {
    const { ready: isReady, reasons } = directory.readiness();
    if (!isReady) throw new ApiError('not_ready', { extensions: { reasons } });
    reply.header('cache-control', 'no-store');
    return { ready: true as const };
  });
}
