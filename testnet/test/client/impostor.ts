/**
 * An HTTP server in the place of a member: what it does not spoil it fetches from the real one. So a
 * member that lies, one that has stopped in time, and a network that wants people to log in first are
 * met over real sockets.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Passed {
  readonly status: number;
  readonly type: string;
  readonly body: Buffer;
}

/** Answers a request; `pass` fetches the real member's answer. */
export type Role = (
  path: string,
  pass: () => Promise<Passed>,
  response: ServerResponse,
) => Promise<Passed | undefined>;

export class Impostor implements AsyncDisposable {
  role: Role = async (_path, pass) => await pass();
  readonly #server: Server;
  readonly #real: string;

  private constructor(server: Server, real: string) {
    this.#server = server;
    this.#real = real;
  }

  /** Stands before the member whose API is at `real`. */
  static async before(real: string): Promise<Impostor> {
    const server = createServer();
    const impostor = new Impostor(server, real);
    server.on('request', (request, response) => {
      impostor.#answer(request, response).catch(() => response.destroy());
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return impostor;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = Buffer.concat(await request.toArray());
    const path = request.url ?? '/';
    const pass = async (): Promise<Passed> => {
      const type = request.headers['content-type'];
      const real = await fetch(this.#real + path, {
        method: request.method ?? 'GET',
        ...(type === undefined ? {} : { headers: { 'content-type': type }, body }),
      });
      return {
        status: real.status,
        type: real.headers.get('content-type') ?? 'text/plain',
        body: Buffer.from(await real.arrayBuffer()),
      };
    };
    const said = await this.role(path, pass, response);
    if (said === undefined) return;
    response.writeHead(said.status, { 'content-type': said.type }).end(said.body);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** Gives every request the page of a network that wants people to log in first. */
export const portal: Role = async () => ({
  status: 200,
  type: 'text/html',
  body: Buffer.from('<!doctype html><title>Free Wi-Fi</title><form>…</form>'),
});

/** Sends every request somewhere else, as such networks also do. */
export const redirect: Role = async (_path, _pass, response) => {
  response.writeHead(302, { location: 'http://127.0.0.1:9/login' }).end();
  return undefined;
};

/** Breaks off every answer in the middle. */
export const half: Role = async (_path, pass, response) => {
  const { status, type, body } = await pass();
  response.writeHead(status, { 'content-type': type, 'content-length': body.length });
  response.write(body.subarray(0, body.length >> 1), () => response.destroy());
  return undefined;
};

/** Cuts every answer short, and says that it is all there is; what it is padded with says nothing. */
export const short: Role = async (_path, pass) => {
  const { status, type, body } = await pass();
  const said = body.toString('latin1').trimEnd();
  return { status, type, body: body.subarray(0, said.length >> 1) };
};

/** Changes the JSON on some paths. */
export function spoiling(paths: RegExp, change: (json: never) => unknown): Role {
  return async (path, pass) => {
    const passed = await pass();
    if (!paths.test(path) || passed.status !== 200) return passed;
    const json = change(JSON.parse(passed.body.toString()) as never);
    return { ...passed, body: Buffer.from(JSON.stringify(json)) };
  };
}

/** Repeats what the member has answered before, as a mirror does that nobody brings news to. */
export function stale(): Role {
  const remembered = new Map<string, Passed>();
  return async (path, pass) => {
    const before = remembered.get(path);
    if (before !== undefined) return before;
    const passed = await pass();
    remembered.set(path, passed);
    return passed;
  };
}
