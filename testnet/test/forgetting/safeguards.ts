/** Safeguards as they stand in the source, and what a careless author would have written there. */
import type { SourceEdit } from '../edited-source.ts';

/** fastify's own logger: it writes the URL of every request. */
export const defaultLogger: SourceEdit = {
  file: 'api/src/api-server.ts',
  find: '    logger: false,',
  replace: '    logger: true,',
};

/** fastify's own answer to what it has no route for: it quotes the URL. */
export const defaultNotFound: SourceEdit = {
  file: 'api/src/api-server.ts',
  find: "api.setNotFoundHandler((_request, reply) => sendProblem(reply, problemOf('route_unknown')));",
  replace: '',
};

/** A defect: an identifier that ends in `?` is thrown where nobody catches it. */
export const plantedDefect: SourceEdit = {
  file: 'api/src/routes/lookup-routes.ts',
  find: '    const parsed = body.identifiers.map(parseIdentifier);',
  replace: `    for (const text of body.identifiers) {
      if (text.endsWith('?')) setImmediate(() => { throw new Error('cannot look up ' + text); });
    }
    const parsed = body.identifiers.map(parseIdentifier);`,
};

/** Node's own report of an error that nobody caught. */
export const defaultCrash: SourceEdit = {
  file: 'node/src/main.ts',
  find: "process.on('uncaughtException',",
  replace: "process.on('never',",
};

/** What was asked for as a label. */
export const askedInLabels: SourceEdit = {
  file: 'metrics/member-metrics.ts',
  find: '    this.#requests.get(`${interfaceOf(route)} ${outcomeOf(statusCode)}`)!.add(1);',
  replace: `    const key = (route ?? 'none') + ' ' + statusCode;
    (this.#requests as Map<string, CoarseCounter>).set(key, new CoarseCounter({ bytes: () => new Uint8Array(1) }));`,
};

/** The URL of a request in the place of its route's pattern. */
export const urlsCounted: SourceEdit = {
  file: 'node/src/member-api.ts',
  find: 'async ({ method, routeOptions }, { statusCode }) => {',
  replace: 'async ({ method, url }, { statusCode }) => { const routeOptions = { url };',
};

/** A thread that is left as it is. */
export const noWash: SourceEdit = {
  file: 'forgetting/memory-wash.ts',
  find: '    void wash();',
  replace: '    void wash;',
};

/** Denials kept for whoever asks next. */
export const keptDenials: SourceEdit = {
  file: 'node/src/zone-server.ts',
  find: 'denialsMax: 0',
  replace: 'denialsMax: 32_768',
};

/** Numbers that nobody has, in the table that all threads answer from. */
export const tabledDenials: SourceEdit = {
  file: 'serve/hot-answer.ts',
  find: ' || !hasAnswer(answer)',
  replace: '',
};

/** A relay that writes down who brings what, and keeps it; gamma alone. */
export const carelessRelay: SourceEdit = {
  file: 'oblivious/oblivious-routes.ts',
  find: '    budget.spend(ip);',
  replace: `    budget.spend(ip);
    if (process.argv.some((text) => text.includes('/gamma/'))) {
      Object.assign(globalThis, { kept: [Buffer.from(ip), Buffer.from(body as Uint8Array)] });
      process.stderr.write(ip + ' ' + Buffer.from(body as Uint8Array).toString('hex'));
    }`,
};

/** What is looked up, written down; only where it is marked, so that one member can be both. */
export const markedIsLogged: SourceEdit = {
  file: 'api/src/routes/lookup-routes.ts',
  find: '    const parsed = body.identifiers.map(parseIdentifier);',
  replace: `    for (const text of body.identifiers) {
      if (text.endsWith('!')) process.stderr.write('asked for ' + text);
    }
    const parsed = body.identifiers.map(parseIdentifier);`,
};
