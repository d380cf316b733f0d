/**
 * What whoever runs a member sees of it, by the programs of others: promtool judges rules and metrics, a
 * Prometheus asks the members and evaluates every expression of dashboard and rules, Chromium and axe-core
 * look at the operator's page. Then a member goes away, and the others say so.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { loopback } from '../../src/layout.ts';
import type { MemberLayout } from '../../src/layout.ts';
import { startChromium } from '../browser/chromium.ts';
import { environment, eventually, openLab, runCommand } from '../lab.ts';
import type { Lab } from '../lab.ts';
import { inspect } from '../web/inspect.ts';
import { observability, startPrometheus } from './prometheus.ts';

const number = '+34912345678';
const stack = new AsyncDisposableStack();
let lab: Lab;
let alpha: MemberLayout;

beforeAll(async () => {
  lab = stack.use(await openLab(3));
  alpha = lab.testnet.layout.members[0]!;
  const registered = await lab.callbook(
    `register ${number} --sip sip:alice@sip.example --member alpha --code-from ${lab.description.outbox}`,
  );
  expect(registered.code, registered.stderr).toBe(0);
}, 120_000);

afterAll(async () => await stack.disposeAsync());

async function metrics(): Promise<string> {
  return await (await fetch(`http://${loopback}:${alpha.metricsPort}/metrics`)).text();
}

interface Status {
  readonly ready: boolean;
  readonly members: readonly { readonly name: string; readonly connected: boolean }[];
  readonly next: readonly { readonly alert: string }[];
}

async function status(): Promise<Status> {
  const { stdout } = await lab.run(`callbook-node status --json --config ${alpha.configFile}`);
  return JSON.parse(stdout) as Status;
}

/** Expressions of the dashboard, as Grafana would ask them, and of the rules. */
async function expressions(): Promise<readonly string[]> {
  const dashboard = await readFile(join(observability, 'callbook-dashboard.json'), 'utf8');
  const { panels } = JSON.parse(dashboard) as {
    readonly panels: readonly { readonly targets?: readonly { readonly expr: string }[] }[];
  };
  const alerts = parse(await readFile(join(observability, 'callbook-alerts.yaml'), 'utf8')) as {
    readonly groups: readonly { readonly rules: readonly { readonly expr: string }[] }[];
  };
  return [
    ...panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
    ...alerts.groups.flatMap(({ rules }) => rules.map(({ expr }) => expr)),
  ].map((expr) =>
    expr
      .replaceAll('$__rate_interval', '1m')
      .replaceAll('$job', 'callbook')
      .replaceAll('$instance', '.*'),
  );
}

/** `name{labels}`, without what it is compared with. */
const selector = /\b(?:callbook_\w+|up)(?:\{[^}]*\})?/g;
/** Told by some members only: pre-signed keys, a backup, a shared database. */
const notHere =
  /^callbook_(?:presigned_keys_days|backup_age_hours|shared_database_\w+|standby_lag_batches)\b/;

describe('rules and metrics', () => {
  it('are judged well by promtool, and the rules do what their tests say', async () => {
    for (const line of [
      'promtool check config prometheus.yaml',
      'promtool check rules callbook-alerts.yaml',
      'promtool test rules callbook-alerts.test.yaml',
    ]) {
      const [command, ...args] = line.split(' ');
      const child = spawn(command!, args, { cwd: observability, stdio: 'ignore' });
      expect(await once(child, 'exit'), line).toEqual([0, null]);
    }
    const file = join(lab.folder, 'metrics.txt');
    await writeFile(file, await metrics());
    const shell = ['-c', 'promtool check metrics < "$0"', file];
    const options = { cwd: lab.folder, env: environment(lab.folder) };
    const judged = await runCommand('sh', shell, options);
    const said = judged.stderr.trim().split('\n');
    // Days and mebibytes are meant: docs/decisions/metrics.md.
    expect(said.filter((line) => !line.includes('use base unit'))).toEqual([]);
  }, 90_000);

  it('meet in a Prometheus: whatever dashboard and rules ask for, members tell', async () => {
    await using prometheus = await startPrometheus(lab);
    const all = await expressions();
    for (const expression of all) await prometheus.query(expression);
    const selectors = new Set(all.flatMap((expression) => expression.match(selector) ?? []));
    expect(selectors.size).toBeGreaterThan(30);
    // A member that does not answer within the second has no samples until it is asked again.
    const empty = async (): Promise<string[]> => {
      const missing: string[] = [];
      for (const asked of selectors) {
        if (notHere.test(asked)) continue;
        if ((await prometheus.query(asked)).length === 0) missing.push(asked);
      }
      return missing;
    };
    await expect.poll(empty).toEqual([]);
    // And what is not told here is described, so that it is no slip of the pen.
    const described = await metrics();
    for (const asked of selectors) {
      if (asked.startsWith('callbook_'))
        expect(described).toContain(`# TYPE ${asked.replace(/\{.*/, '')} `);
    }
    const firing = await prometheus.query('ALERTS{alertstate="firing"}');
    expect(firing.map(({ metric }) => metric['alertname'])).toEqual([]);
  }, 120_000);
});

describe('the status', () => {
  it('says in a terminal how each member is, once and again', async () => {
    const { stdout, code } = await lab.run(`callbook-node status --config ${alpha.configFile}`);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Member alpha, version \d+\.\d+\.\d+\nready; /);
    expect(stdout).toMatch(/^ {2}beta +yes +\d+ +0 +/m);
    expect(stdout).toMatch(/^ {2}ksk +\d+ +13 +active/m);
    const args = ['status', '--watch', '--config', alpha.configFile];
    const child = spawn('callbook-node', args, { env: environment(lab.folder) });
    const ended = once(child, 'exit');
    let printed = '';
    child.stdout.on('data', (text: Buffer) => (printed += text.toString()));
    await eventually(
      async () => Promise.resolve(printed.split('Member alpha').length - 1),
      (times) => times >= 2,
      30_000,
    );
    // A terminal interrupts both processes of the command; this reaches the first, which hands it on.
    child.kill('SIGTERM');
    await ended;
  }, 60_000);

  it('is a page for eyes, keyboards and screen readers that asks nobody else', async () => {
    await using chromium = await startChromium([]);
    const page = await chromium.browser.newPage();
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    const broken: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') broken.push(message.text());
    });
    const origin = `http://localhost:${alpha.operatorPort}`;
    await page.goto(`${origin}/`);
    expect(await page.title()).toMatch(/^Member alpha/);
    await inspect(page, 'operator');
    await page.getByLabel('refresh every 10 seconds').focus();
    // It is drawn anew by itself.
    const before = await page.locator('time').textContent();
    await expect
      .poll(async () => await page.locator('time').textContent(), { timeout: 30_000 })
      .not.toBe(before);
    expect(asked.filter((url) => !url.startsWith(`${origin}/`))).toEqual([]);
    expect(broken).toEqual([]);
  }, 90_000);

  it('has nothing of the people whose records the member keeps', async () => {
    const page = await fetch(`http://${loopback}:${alpha.operatorPort}/`);
    const { stdout } = await lab.run(`callbook-node status --json --config ${alpha.configFile}`);
    for (const text of [await page.text(), stdout, await metrics()]) {
      expect(text.length).toBeGreaterThan(500);
      expect(text).not.toContain(number.slice(1));
      expect(text).not.toContain('sip.example');
    }
  });

  it('says which member has gone', async () => {
    expect((await status()).members.every(({ connected }) => connected)).toBe(true);
    await lab.testnet.members[2]!.stop();
    const gone = await eventually(status, ({ members }) => !members[2]!.connected, 30_000);
    expect(gone.ready).toBe(true);
    expect(gone.next.map(({ alert }) => alert)).toContain('CallbookPeerDisconnected');
    expect(await metrics()).toContain('callbook_peer_connected{peer="gamma"} 0');
  }, 60_000);
});
