/**
 * Serves an app's files to the browser, with a policy under which only they run: no script of another
 * origin, none in the page, and no `eval`.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { PageFile } from '../../src/page-bundle.ts';

const policy = "default-src 'none'; script-src 'self'; connect-src 'self' https:";

export interface PageServer extends AsyncDisposable {
  /** `http://localhost:…`; the page that loads the first file of an app is `/<app>.html`. */
  readonly url: string;
  /** Files that were asked for, in their order. */
  readonly served: readonly PageFile[];
}

/**
 * Serves apps by their names, each of files the first of which is its script, and other texts by their
 * paths.
 */
export async function servePages(
  apps: Readonly<Record<string, readonly PageFile[]>>,
  texts: Readonly<Record<string, string>> = {},
): Promise<PageServer> {
  const served: PageFile[] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    const [, app = '', name = ''] = /^\/([a-z]+)(?:\.html|\/(.+))$/.exec(path) ?? [];
    const [first] = apps[app] ?? [];
    const file = apps[app]?.find((one) => one.name === name);
    const html = `<!doctype html><script type="module" src="/${app}/${first?.name}"></script>`;
    const text = texts[path] ?? (name === '' && first !== undefined ? html : undefined);
    if (file !== undefined) {
      served.push(file);
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(file.code);
    } else if (text !== undefined) {
      const headers = { 'content-type': 'text/html', 'content-security-policy': policy };
      response.writeHead(200, headers).end(text);
    } else {
      response.writeHead(404).end();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    served,
    url: `http://localhost:${port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
