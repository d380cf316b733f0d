/**
 * dnsviz asks each name server of a private internet itself, from the root down, and judges what
 * they say: delegations, keys, signatures, denials, EDNS behaviour. It must find nothing to warn of.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { directoryApex, enumName } from '../test-zones.ts';
import { denials, openpgpName, published } from './expected-answers.ts';
import { callTool, runTool } from './peer-tools.ts';
import { addresses, startPrivateInternet } from './private-internet.ts';

// `dnsviz grok` of Debian 12 wants to know a module of pygraphviz that its pygraphviz has no longer.
const pygraphvizRelease = `import pygraphviz, types
pygraphviz.release = types.SimpleNamespace(version=pygraphviz.__version__)
`;

/** Of dnsviz, which is slow in itself. */
const msMax = 60_000;
vi.setConfig({ testTimeout: 2 * msMax });

const types = 'A,NAPTR,TXT,TLSA,OPENPGPKEY,CDS,CDNSKEY';
const names = [
  directoryApex,
  published,
  `_sip-client.${published}`,
  openpgpName,
  `_443._tcp.api.${directoryApex}`,
  enumName('15555550100'),
  ...denials.map(([, name]) => name),
];

it.each([13, 15] as const)('dnsviz finds nothing wrong with algorithm %i', async (algorithm) => {
  await using internet = await startPrivateInternet({ algorithm });
  const { directory, namespace } = internet;
  const probe = join(directory, 'probe.json');
  const hints = `.:ns.root-servers.test=${addresses.root}`;
  const questions = ['-4', '-E', '-A', '-a', '.', '-x', hints, '-R', types, ...names];
  const probed = await callTool('dnsviz', ['probe', '-d', '0', '-o', probe, ...questions], {
    inside: namespace,
    msMax,
  });
  expect(probed).toEqual({ exitCode: 0, output: '' });

  const anchor = ['+noall', '+answer', `@${addresses.root}`, '.', 'DNSKEY'];
  const anchors = join(directory, 'root.keys');
  await writeFile(anchors, await runTool('dig', anchor, { inside: namespace }));
  await writeFile(join(directory, 'sitecustomize.py'), pygraphvizRelease);
  const grok = ['grok', '-t', anchors, '-r', probe, '-c', '-l'];
  const env = { PYTHONPATH: directory };
  expect(await callTool('dnsviz', [...grok, 'warning'], { env, msMax })).toEqual({
    exitCode: 0,
    output: '',
  });

  const everything = await runTool('dnsviz', [...grok, 'info'], { env, msMax });
  // Delegations are SECURE; signatures and denials VALID, and none only of unknown standing.
  const statuses = Array.from(everything.matchAll(/"status": *"([^"]*)"/g), (found) => found[1]);
  expect(new Set(statuses)).toEqual(new Set(['NOERROR', 'SECURE', 'VALID']));
  const judged = JSON.parse(everything) as Record<string, { delegation?: { status: string } }>;
  expect(judged['e164.alpha.test.']?.delegation?.status).toBe('SECURE');
  expect(Object.keys(judged)).toEqual(expect.arrayContaining(names));
  expect(internet.failures).toEqual([]);
});
