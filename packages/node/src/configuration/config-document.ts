/**
 * The text of a configuration, which knows in which line each setting stands. Values are never
 * repeated in what is said about it, since a secret may have been written where its file is due.
 */
import { isMap, isPair, isScalar, LineCounter, parseDocument } from 'yaml';
import type { Document } from 'yaml';
import type { NodeErrorCode } from '../errors.ts';

/** One thing that is wrong, where, and what to do about it. */
export interface ConfigFault {
  readonly code: NodeErrorCode;
  /** Place in the file, `dns.listen.0.port`, or `the file`. */
  readonly setting: string;
  /** 1-based; undefined for what stands in no line. */
  readonly line: number | undefined;
  readonly problem: string;
  readonly fix: string;
}

export interface ConfigDocument {
  readonly value: unknown;
  /** What makes it no YAML. */
  readonly faults: readonly ConfigFault[];
  /** Line of a setting or, where it is missing, of the innermost group around it. */
  lineOf(setting: string): number | undefined;
  /** Makes a fault of a setting; `config_setting_invalid` unless another code is given. */
  fault(
    setting: string,
    what: { readonly problem: string; readonly fix: string; readonly code?: NodeErrorCode },
  ): ConfigFault;
}

/** A file that is no configuration at all has a fault in every line. */
const faultsMax = 64;

/** Parses YAML text; faults are in the result. */
export function parseConfigDocument(text: string): ConfigDocument {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const faults = document.errors.slice(0, faultsMax).map(({ code, pos }) => ({
    code: 'config_malformed' as const,
    setting: 'the file',
    line: lines.linePos(pos[0]).line,
    problem: `is no YAML: ${code}`,
    fix: fixOf(code),
  }));
  const lineOf = (setting: string): number | undefined => {
    const offset = offsetOf(document, setting === 'the file' ? [] : setting.split('.'));
    return offset === undefined ? undefined : lines.linePos(offset).line;
  };
  return {
    value: faults.length === 0 ? document.toJS() : undefined,
    faults,
    lineOf,
    fault: (setting, { problem, fix, code = 'config_setting_invalid' }) => {
      return { code, setting, line: lineOf(setting), problem, fix };
    },
  };
}

/** Where the name of the setting stands, or an item of a list; else the same of what is around it. */
function offsetOf(document: Document, names: readonly string[]): number | undefined {
  if (names.length === 0) return undefined;
  const around = document.getIn(names.slice(0, -1), true);
  const name = names.at(-1)!;
  if (isMap(around)) {
    const pair = around.items.find((item) => isScalar(item.key) && String(item.key.value) === name);
    if (isPair(pair) && isScalar(pair.key)) return pair.key.range?.[0];
  }
  const node = document.getIn(names, true) as { readonly range?: readonly number[] } | undefined;
  return node?.range?.[0] ?? offsetOf(document, names.slice(0, -1));
}

function fixOf(code: string): string {
  switch (code) {
    case 'DUPLICATE_KEY':
      return 'a setting stands once in its group: take one of both away';
    case 'TAB_AS_INDENT':
      return 'indent with spaces';
    case 'BAD_INDENT':
    case 'MISSING_CHAR':
    case 'UNEXPECTED_TOKEN':
      return 'look for a bracket, a quote or a line end that is missing here or above; a file written by half ends so';
    default:
      return 'compare the line with the example in docs/operators/configuration.md';
  }
}
