import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { verdictCodes } from '@callbook/protocol';
import { describe, expect, it } from 'vitest';
import { apiErrorCodes } from '../src/index.ts';
import { base64url } from './claimant.ts';
import { startMember } from './harness.ts';

const root = join(import.meta.dirname, '../../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

interface Document {
  readonly paths: Record<
    string,
    Record<string, { responses: Record<string, { description: string }> }>
  >;
}

const everywhere = ['request_malformed', 'internal_error'];
const withBody = ['json_malformed', 'body_too_large', 'media_type_unsupported'];

function codesIn(text: string): string[] {
  return [...text.matchAll(/`([a-z_]+)`/g)]
    .map(([, code]) => code!)
    .filter((code) => code in apiErrorCodes || code in verdictCodes)
    .filter((code) => !everywhere.includes(code) && !withBody.includes(code));
}

/** `GET /v1/charter` → the codes that the page lists for it. */
function codesOfPage(page: string): Record<string, string[]> {
  const sections = page.split(/^## /m).filter((section) => /^`(GET|POST) /.test(section));
  return Object.fromEntries(
    sections.map((section) => {
      const listed = /^Codes: ([\s\S]*?)\n(\n|$)/m.exec(`${section}\n`)?.[1] ?? '';
      return [section.split('`')[1]!, codesIn(listed).sort()];
    }),
  );
}

function codesOfDocument({ paths }: Document): Record<string, string[]> {
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { responses }]) => {
      const text = Object.values(responses)
        .map(({ description }) => description)
        .join('\n');
      const codes = new Set(codesIn(text).filter((code) => code in apiErrorCodes));
      return [`${method.toUpperCase()} ${path}`, [...codes].sort()] as const;
    }),
  );
  return Object.fromEntries(operations);
}

describe('docs/spec/api.md', () => {
  it('lists the routes, and the codes of each, that the OpenAPI document has', async () => {
    const member = await startMember();
    const { json } = await member.call('GET', '/v1/openapi.json');
    const documented = codesOfDocument(json as unknown as Document);
    // Verdict codes stand there in words; one of them is a code of the API as well.
    documented['POST /v1/entries'] = documented['POST /v1/entries']!.filter(
      (code) => !(code in verdictCodes),
    );
    expect(codesOfPage(read('docs/spec/api.md'))).toEqual(documented);
  });

  it('gives each code with its status', () => {
    const given = [...read('docs/spec/api.md').matchAll(/`([a-z_]+)` ([45]\d\d)\b/g)];
    expect(given.length).toBeGreaterThan(20);
    for (const [, code, status] of given) {
      expect([code, apiErrorCodes[code as keyof typeof apiErrorCodes].status]).toEqual([
        code,
        Number(status),
      ]);
    }
  });
});

it('prints the example of the sealed code as the vector has it', () => {
  const vector = JSON.parse(read('vectors/challenges/valid/app.json')) as Record<string, string>;
  const page = read('docs/spec/challenges.md');
  for (const name of ['authority', 'sessionPublicKey', 'enc', 'proof']) {
    expect(page).toContain(`"${base64url(Uint8Array.fromHex(vector[name]!))}"`);
  }
  expect(page).toContain(`@alpha.test #${vector['code']}`);
});
