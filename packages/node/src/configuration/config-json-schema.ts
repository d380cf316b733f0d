/**
 * The schema of the configuration as a JSON Schema, for editors: `node.schema.json` in this package is
 * its text, and a test compares both. Secrets need not stand in the file, so nothing requires them here.
 */
import type { TSchema } from 'typebox';
import { secretSettings } from './secret-sources.ts';

interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
  readonly required?: readonly string[];
}

/** Where the schema is published with the source; editors know it by the file as well. */
const schemaId = 'https://callbook.example/schemas/node.schema.json';

/** Returns the text of the JSON Schema, with its final newline. */
export function configJsonSchema(schema: TSchema): string {
  // Symbols and functions of the library are not part of JSON.
  const plain = JSON.parse(JSON.stringify(schema)) as SchemaNode;
  const whole = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: schemaId,
    title: 'Configuration of a Callbook member (node.yaml)',
    ...withoutRequiredSecrets(plain, ''),
  };
  return `${JSON.stringify(whole, null, 2)}\n`;
}

const secretPlaces: ReadonlySet<string> = new Set(secretSettings.map(({ place }) => place));

function withoutRequiredSecrets(node: SchemaNode, place: string): SchemaNode {
  const { properties, required } = node;
  if (properties === undefined) return node;
  const inside = (name: string): string => (place === '' ? name : `${place}.${name}`);
  const still = required?.filter((name) => !secretPlaces.has(inside(name)));
  return {
    ...node,
    ...(still !== undefined && { required: still }),
    properties: Object.fromEntries(
      Object.entries(properties).map(([name, inner]) => [
        name,
        withoutRequiredSecrets(inner, inside(name)),
      ]),
    ),
  };
}
