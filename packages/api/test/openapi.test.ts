import { Validator } from '@seriousme/openapi-schema-validator';
import { expect, it } from 'vitest';
import { documentedPath } from '../src/openapi.ts';
import { startMember } from './harness.ts';

interface Document {
  readonly [name: string]: unknown;
  readonly openapi: string;
  readonly paths: Record<string, Record<string, { operationId: string; summary: string }>>;
}

async function startDocumented(): Promise<{ document: Document; routes: readonly string[] }> {
  const member = await startMember();
  const { json } = await member.call('GET', '/v1/openapi.json');
  return { document: json as unknown as Document, routes: member.routes };
}

it('is a valid OpenAPI 3.1 document', async () => {
  const { document } = await startDocumented();
  expect(document.openapi).toBe('3.1.0');
  const { valid, errors } = await new Validator().validate(structuredClone(document));
  expect(errors).toBeUndefined();
  expect(valid).toBe(true);
});

it('documents every route and nothing else', async () => {
  const { document, routes } = await startDocumented();
  const documented = Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
  );
  const expected = routes.map((route) => documentedPath(route).replaceAll(/:(\w+)/g, '{$1}'));
  expect(documented.sort()).toEqual(expected.sort());
});

it('names each operation once', async () => {
  const { document } = await startDocumented();
  const names = Object.values(document.paths)
    .flatMap((operations) => Object.values(operations))
    .map(({ operationId }) => operationId);
  expect(new Set(names).size).toBe(names.length);
});
