/**
 * The HTTP interface as a page and as the document itself: what a running member serves at
 * `/v1/openapi.json`. The API is put together over ports that nobody calls, since only its routes are asked.
 */
import { createApi } from '@callbook/api';
import type { ApiOptions } from '@callbook/api';
import { escaped } from './layout.ts';
import type { PageContent } from './layout.ts';

interface Operation {
  readonly operationId?: string;
  readonly summary?: string;
  readonly description?: string;
  readonly tags?: readonly string[];
  readonly parameters?: readonly {
    name: string;
    in: string;
    description?: string;
    schema: unknown;
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { schema?: unknown }>> };
  readonly responses: Readonly<
    Record<
      string,
      { description: string; content?: Readonly<Record<string, { schema?: unknown }>> }
    >
  >;
}

export interface OpenapiDocument {
  readonly info: { readonly title: string; readonly version: string };
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
}

/** Ports that nobody calls: whatever is read of one is a function that does nothing. */
const unasked = new Proxy(
  {},
  { get: () => (): undefined => undefined },
) as unknown as ApiOptions['directory'] &
  ApiOptions['codeSender'] &
  NonNullable<ApiOptions['dns'] & ApiOptions['oblivious'] & ApiOptions['tokens']> &
  ApiOptions['crypto'];

export async function openapiDocument(): Promise<OpenapiDocument> {
  const api = createApi({
    directory: unasked,
    codeSender: unasked,
    dns: unasked,
    oblivious: unasked,
    tokens: unasked,
    clock: { nowMs: () => 0 },
    random: { bytes: (size) => new Uint8Array(size) },
    crypto: unasked,
    host: 'member.example',
  });
  try {
    const { body } = await api.inject({ url: '/v1/openapi.json' });
    return JSON.parse(body) as OpenapiDocument;
  } finally {
    await api.close();
  }
}

/** A page that lists all routes, and one for each group of them. */
export function openapiPages({ info, tags, paths }: OpenapiDocument): PageContent[] {
  const all = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const groups = tags.map(({ name, description }) => ({
    name,
    description,
    routes: all.filter(({ operation }) => operation.tags?.includes(name)),
  }));
  const lists = groups.map(({ name, description, routes }) => {
    const items = routes.map(
      (route) => `<li><a href="${name}.html#${anchorOf(route)}">${nameOf(route)}</a></li>`,
    );
    return `<h2>${escaped(description)}</h2>\n<ul>${items.join('\n')}</ul>`;
  });
  const html = `<h1>HTTP interface of a member</h1>
<p>${escaped(info.title)} ${escaped(info.version)}: every route, from <a href="../openapi.json">the OpenAPI 3.1 document</a> that a member
serves at <code>/v1/openapi.json</code>. What it cannot say is <a href="../spec/api.html">in the specification</a>.</p>
${lists.join('\n')}`;
  return [
    { place: 'http/index.html', title: 'HTTP interface', html },
    ...groups.map(({ name, description, routes }) => ({
      place: `http/${name}.html`,
      title: description,
      html: `<h1>${escaped(description)}</h1>\n${routes.map(routeHtml).join('\n')}`,
    })),
  ];
}

interface Route {
  readonly path: string;
  readonly method: string;
  readonly operation: Operation;
}

function nameOf({ method, path }: Route): string {
  return `<code>${method.toUpperCase()} ${escaped(path)}</code>`;
}

function anchorOf({ method, path }: Route): string {
  return `${method}-${path}`.replaceAll(/[^\w-]+/g, '-');
}

function routeHtml(route: Route): string {
  const { operation } = route;
  const { summary = '', description, parameters = [], requestBody, responses } = operation;
  const rows = Object.entries(responses).map(
    ([status, { description: what, content = {} }]) =>
      `<tr><td>${escaped(status)}</td><td>${escaped(what)}</td><td>${escaped(Object.keys(content).join(', '))}</td></tr>`,
  );
  const named = parameters.map(
    (parameter) =>
      `<li><code>${escaped(parameter.name)}</code> (${escaped(parameter.in)})${parameter.description === undefined ? '' : `: ${escaped(parameter.description)}`}</li>`,
  );
  const schemas = [
    ...schemaHtml('Request', requestBody?.content ?? {}),
    ...Object.entries(responses)
      .filter(([status]) => status.startsWith('2'))
      .flatMap(([status, { content = {} }]) => schemaHtml(`Answer ${status}`, content)),
  ];
  return `<h2 id="${anchorOf(route)}">${nameOf(route)}</h2>
<p>${escaped(summary)}</p>${description === undefined ? '' : `<p>${escaped(description)}</p>`}
${named.length === 0 ? '' : `<ul>${named.join('')}</ul>`}
${schemas.join('\n')}
<div class="wide" tabindex="0"><table><thead><tr><th>Status</th><th>When</th><th>Type</th></tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

function schemaHtml(
  what: string,
  content: Readonly<Record<string, { schema?: unknown }>>,
): string[] {
  return Object.entries(content).map(
    ([type, { schema }]) =>
      `<details><summary>${escaped(what)}: ${escaped(type)}</summary><pre tabindex="0"><code>${escaped(JSON.stringify(schema ?? {}, null, 2))}</code></pre></details>`,
  );
}
