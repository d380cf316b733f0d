/** docs/operators/configuration.md names every setting that there is, as it is, and no other. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { describe, expect, it } from 'vitest';
import { ConfigSchema, parseConfig } from '../src/config.ts';

const page = readFileSync(
  join(import.meta.dirname, '../../../docs/operators/configuration.md'),
  'utf8',
);
const example = /```yaml\n([\s\S]*?)```/.exec(page)![1]!;

interface Schema {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
}

interface Setting {
  readonly place: string;
  readonly isNeeded: boolean;
  /** Bounds of a number, or of the length of a list. */
  readonly bounds: string | undefined;
}

function settingsIn(schema: Schema, place: string): Setting[] {
  const { properties = {}, required = [] } = schema;
  return Object.entries(properties).flatMap(([name, inner]) => {
    const here = place === '' ? name : `${place}.${name}`;
    const isNeeded = required.includes(name);
    const items = inner.items === undefined ? [] : settingsIn(inner.items, `${here}[]`);
    return [
      { place: here, isNeeded, bounds: boundsOf(inner) },
      ...settingsIn(inner, here),
      ...items,
    ];
  });
}

function boundsOf({ type, minimum, maximum, minItems = 0, maxItems }: Schema): string | undefined {
  if (type === 'integer') return `${minimum} to ${maximum}`;
  return type === 'array' ? `${minItems} to ${maxItems}` : undefined;
}

const settings = settingsIn(ConfigSchema as unknown as Schema, '');
const rows = new Map(
  [...page.matchAll(/^\| `([^`]+)`\s*\| (yes|no)\s*\| ([^|]*)\|/gm)].map(
    ([, place, needed, value]) => [place!, { isNeeded: needed === 'yes', value: value!.trim() }],
  ),
);

describe('the page about the configuration', () => {
  it('names every setting that there is, and no other', () => {
    expect([...rows.keys()].sort()).toEqual(settings.map(({ place }) => place).sort());
  });

  it.each(settings)('says of $place whether it is needed, and its bounds', (setting) => {
    const row = rows.get(setting.place);
    expect(row?.isNeeded).toBe(setting.isNeeded);
    if (setting.bounds !== undefined) expect(row?.value).toContain(setting.bounds);
  });

  it('has an example with every setting, which the daemon takes', () => {
    expect(() => parseConfig(example)).not.toThrow();
    expect(placesIn(parse(example)).sort()).toEqual(settings.map(({ place }) => place).sort());
  });
});

function placesIn(value: unknown, place = ''): string[] {
  if (Array.isArray(value)) {
    const inner = value.flatMap((item) => placesIn(item, `${place}[]`));
    return [...new Set(inner)].filter((found) => found !== `${place}[]`);
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    const here = place === '' ? name : `${place}.${name}`;
    return [here, ...placesIn(inner, here)];
  });
}
