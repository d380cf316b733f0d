/** Safeguards as they stand in the source, and what a careless author would have written there. */
import type { SourceEdit } from './edited-source.ts';

/** fastify's own logger: it writes the URL of every request. */
export const defaultLogger: SourceEdit = {
  file: 'api/src/create-api.ts',
  find: '    logger: false,',
  replace: '    logger: true,',
};

/** Errors as they are: parsers quote what they could not read. */
export const quotingErrors: SourceEdit = {
  file: 'api/src/problem.ts',
  find: 'detail: message, extensions, retryAfterSeconds };',
  replace:
    'detail: `${message} ${String((globalThis as any).lastAsked)}`, extensions, retryAfterSeconds };',
};

/** A defect: an identifier that ends in `?` is thrown where nobody catches it. */
export const plantedDefect: SourceEdit = {
  file: 'api/src/routes/lookup-routes.ts',
  find: 'function lookUp(text: string,',
  replace: `function lookUp(text: string, options: LookupContext) {
  if (text.endsWith('?')) setImmediate(() => { throw new Error('cannot look up ' + text); });
  return lookUpOne(text, options);
}
function lookUpOne(text: string,`,
};

/** Node's own report of an error that nobody caught. */
export const defaultCrash: SourceEdit = {
  file: 'node/src/main.ts',
  find: "process.on('uncaughtException',",
  replace: "process.on('never',",
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
