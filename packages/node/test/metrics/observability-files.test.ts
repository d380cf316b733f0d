/**
 * What hangs together by names: the table of metrics and its page, the rules, the dashboard, the sections
 * of what to do. That a member tells what the rules ask for is seen with a real one, in testnet/test/operations.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { metricFamilies } from '../../src/metrics/metric-families.ts';

const folder = join(import.meta.dirname, '../../observability');
const pagePath = 'docs/operators/monitoring.md';
const page = readFileSync(join(import.meta.dirname, '../../../..', pagePath), 'utf8');
const alertsText = readFileSync(join(folder, 'callbook-alerts.yaml'), 'utf8');
const dashboardText = readFileSync(join(folder, 'callbook-dashboard.json'), 'utf8');

interface Rule {
  readonly alert: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string; readonly runbook: string };
}
const { groups } = parse(alertsText) as { groups: readonly { rules: readonly Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);
const alerts = [...new Set(rules.map(({ alert }) => alert))].sort();
const names = Object.values(metricFamilies).map(({ name }): string => name);

function namesIn(text: string): readonly string[] {
  return [...new Set(text.match(/\bcallbook_[a-z_]+/g))].sort();
}

describe('metrics', () => {
  it('stand on their page, each with its labels, and no others', () => {
    const rows = [...page.matchAll(/^\| `(callbook_\w+)`\s*\| ([^|]*?)\s*\|/gm)];
    const onPage = rows.map(([, name, labels]) => `${name} ${labels!.replaceAll(/[`,]/g, '')}`);
    const there = Object.values(metricFamilies).map(
      ({ name, labels }) => `${name} ${Object.keys(labels).join(' ')}`,
    );
    expect(onPage.sort()).toEqual(there.sort());
  });

  it('are all on the dashboard, and nothing else is there or in the rules', () => {
    expect(namesIn(dashboardText)).toEqual([...names].sort());
    expect(namesIn(alertsText).filter((name) => !names.includes(name))).toEqual([]);
  });
});

describe('alert rules', () => {
  it('have a section each about what to do, and no section is without a rule', () => {
    const sections = [...page.matchAll(/^### (Callbook\w+)$/gm)].map(([, name]) => name!);
    expect(sections.sort()).toEqual(alerts);
    for (const { alert, annotations } of rules)
      expect(annotations.runbook).toBe(`${pagePath}#${alert.toLowerCase()}`);
  });

  it('are for now or for tomorrow, and say who it is about', () => {
    expect(new Set(rules.map(({ labels }) => labels.severity))).toEqual(new Set(['act', 'watch']));
    for (const { annotations } of rules) expect(annotations.summary).toContain('$labels.instance');
  });

  it('have the names by which a status tells what to do', () => {
    const source = readFileSync(join(import.meta.dirname, '../../src/status/advice.ts'), 'utf8');
    const told = [...new Set(source.match(/Callbook[A-Z]\w+/g))];
    expect(told.length).toBeGreaterThan(10);
    expect(told.filter((name) => !alerts.includes(name))).toEqual([]);
  });
});
