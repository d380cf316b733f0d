/**
 * Serves an app's files to the browser, with a policy under which only they run: no script of another
 * origin, none in the page, and no `eval`.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { PageFile } from '../../src/page-bundle.ts';

const policy = "default-src 'none'; script-src 'self'; connect-src https:";

export interface PageServer extends AsyncDisposable {
  /** Of the page that loads the first file of an app; `http://localhost:…/<app>.html`. */
  urlOf(app: string): string;
  /** Files that were asked for, in their order. */
  readonly served: readonly PageFile[];
}

/** Serves apps by their names, each of files the first of which is its script. */
export async function servePages(
  apps: Readonly<Record<string, readonly PageFile[]>>,
): Promise<PageServer> {
  const served: PageFile[] = [];
  const server = createServer((request, response) => {
    const [, app = '', name = ''] = /^\/([a-z]+)(?:\.html|\/(.+))$/.exec(request.url ?? '') ?? [];
    const files = apps[app] ?? [];
    const file = files.find((one) => one.name === name);
    if (file !== undefined) {
      served.push(file);
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(file.code);
    } else if (name === '' && files.length > 0) {
      const html = `<!doctype html><script type="module" src="/${app}/${files[0]!.name}"></script>`;
      response
        .writeHead(200, { 'content-type': 'text/html', 'content-security-policy': policy })
        .end(html);
    } else {
      response.writeHead(404).end();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    served,
    urlOf: (app) => `http://localhost:${port}/${app}.html`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
