/** What a configuration has that the schema does not: each fault with what was expected and the fix. */
import { Settings } from 'typebox/system';
import type { TSchema } from 'typebox';
import type { Validator } from 'typebox/compile';
import type { ConfigDocument, ConfigFault } from './config-document.ts';

export interface SchemaFaultParts {
  readonly schema: TSchema;
  readonly compiled: Pick<Validator, 'Errors'>;
  readonly document: ConfigDocument;
}

type SchemaError = ReturnType<Validator['Errors']>[number];

interface SchemaNode {
  readonly description?: string;
  readonly type?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
}

const faultsMax = 64;

/** Returns every fault of a value that does not fit, in the order of the file. */
export function schemaFaults(value: unknown, parts: SchemaFaultParts): ConfigFault[] {
  const { schema, document } = parts;
  const faults = outermost(allErrors(value, parts.compiled)).flatMap((error) =>
    faultsOf(error, schema as SchemaNode, document),
  );
  return faults.sort((one, other) => (one.line ?? 0) - (other.line ?? 0));
}

/** The library stops at eight errors unless told, for the whole process: so it is told back. */
function allErrors(value: unknown, compiled: SchemaFaultParts['compiled']): SchemaError[] {
  const { maxErrors } = Settings.Get();
  Settings.Set({ maxErrors: faultsMax });
  try {
    return compiled.Errors(value);
  } finally {
    Settings.Set({ maxErrors });
  }
}

/** Of a choice that fits nowhere each branch complains too, and it once more itself: it is told once. */
function outermost(errors: readonly SchemaError[]): SchemaError[] {
  const choices = new Set(
    errors.flatMap(({ keyword, instancePath }) => (keyword === 'anyOf' ? [instancePath] : [])),
  );
  const isInside = (path: string): boolean =>
    [...choices].some((choice) => path.startsWith(`${choice}/`));
  const told = new Set<string>();
  return errors.filter(({ keyword, instancePath }) => {
    if (keyword === 'additionalProperties' || isInside(instancePath)) return false;
    if (choices.has(instancePath) && keyword !== 'anyOf') return false;
    const once = `${instancePath} ${keyword === 'required' ? keyword : ''}`;
    return !told.has(once) && told.add(once);
  });
}

function faultsOf(error: SchemaError, schema: SchemaNode, document: ConfigDocument): ConfigFault[] {
  const names = error.instancePath.split('/').slice(1);
  const setting = names.length === 0 ? 'the file' : names.join('.');
  if (error.keyword === 'required') {
    const { requiredProperties } = error.params as { requiredProperties: readonly string[] };
    return requiredProperties.map((missing) => missingFault([...names, missing], schema, document));
  }
  if (error.keyword === 'boolean') return [unknownFault(names, schema, document)];
  const description = nodeAt(schema, names)?.description;
  if (description !== undefined) {
    return [
      document.fault(setting, { problem: `must be ${description}`, fix: `write ${description}` }),
    ];
  }
  const isEmpty = names.length === 0;
  const fix = isEmpty ? 'callbook-node init writes a whole file' : 'correct it, or take it out';
  return [document.fault(setting, { problem: error.message, fix })];
}

function missingFault(
  names: readonly string[],
  schema: SchemaNode,
  document: ConfigDocument,
): ConfigFault {
  const around = names.slice(0, -1).join('.');
  const node = nodeAt(schema, names);
  const meaning = node?.description === undefined ? '' : ` (${node.description})`;
  const place = around === '' ? 'at the outermost level' : `in ${around}`;
  const written = node?.type === 'object' ? 'its settings below it' : 'its value';
  const fix = `add "${names.at(-1)}:"${meaning} ${place}, with ${written}`;
  return document.fault(names.join('.'), { problem: 'is missing', fix });
}

function unknownFault(
  names: readonly string[],
  schema: SchemaNode,
  document: ConfigDocument,
): ConfigFault {
  const known = Object.keys(nodeAt(schema, names.slice(0, -1))?.properties ?? {});
  const name = names.at(-1)!;
  const near = known
    .map((other) => ({ other, steps: editSteps(name, other) }))
    .filter(({ other, steps }) => steps <= Math.max(2, other.length / 3))
    .sort((one, two) => one.steps - two.steps)[0]?.other;
  const fix = near === undefined ? `take it out; there is: ${known.join(', ')}` : `write ${near}`;
  return document.fault(names.join('.'), { problem: 'is not a setting', fix });
}

/** The part of the schema for the setting at a place. */
function nodeAt(schema: SchemaNode, names: readonly string[]): SchemaNode | undefined {
  let node: SchemaNode | undefined = schema;
  for (const name of names) node = node?.properties?.[name] ?? node?.items;
  return node;
}

/** Letters to put in, take out or change until one name is the other. */
function editSteps(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, place) => place);
  for (let i = 1; i <= Math.min(from.length, 64); i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const changed = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(changed, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row.at(-1)!;
}
