/** The JSON Schema that editors are given is the daemon's own. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Compile } from 'typebox/compile';
import { parse } from 'yaml';
import { configJsonSchema } from '../../src/configuration/config-json-schema.ts';
import { ConfigSchema } from '../../src/config.ts';

const root = join(import.meta.dirname, '../../../..');
const committed: unknown = JSON.parse(
  readFileSync(join(root, 'packages/node/node.schema.json'), 'utf8'),
);
const page = readFileSync(join(root, 'docs/operators/configuration.md'), 'utf8');
const example = parse(/```yaml\n([\s\S]*?)```/.exec(page)![1]!) as { keys: { log?: string } };

describe('node.schema.json', () => {
  it('is what `callbook-node config schema > packages/node/node.schema.json` writes', () => {
    expect(committed).toEqual(JSON.parse(configJsonSchema(ConfigSchema)));
  });

  it('takes the example of the page, also without a secret that comes from elsewhere', () => {
    const schema = Compile(committed as object);
    expect(schema.Errors(example)).toEqual([]);
    const { log: _, ...keys } = example.keys;
    expect(schema.Check({ ...example, keys })).toBe(true);
    expect(schema.Check({ ...example, member: undefined })).toBe(false);
    expect(schema.Check({ ...example, colour: 'blue' })).toBe(false);
  });
});
