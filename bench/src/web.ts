/**
 * How long it takes until the web page can be used for the first time, by the clock of the wall, in Debian's
 * Chromium on a processor that is slowed down four times. Only a machine that does nothing else can tell: the
 * test of the same page counts the work of its thread instead.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeTestnet, measurePageStart, startOnFreePorts } from '@callbook/testnet';
import type { PageStart } from '@callbook/testnet';
import { chromium } from 'playwright-core';
import { measured, median } from './measurement.ts';
import type { Measurement } from './measurement.ts';

const loadCount = 15;
const goal = '<= 1000';

/** Measures first loads of a member's page. */
export async function benchWeb(say: (line: string) => void): Promise<Measurement[]> {
  const folder = await mkdtemp(join(tmpdir(), 'callbook-bench-web-'));
  try {
    await using testnet = await startOnFreePorts({
      folder,
      memberCount: 1,
      fresh: false,
      withPage: true,
      say,
    });
    const [member] = (await describeTestnet(testnet.layout)).members;
    say(`opening ${member!.web} ${loadCount} times`);
    return figures(await load(member!.web));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function load(url: string): Promise<PageStart[]> {
  const executablePath = '/usr/bin/chromium';
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  try {
    const starts: PageStart[] = [];
    for (let attempt = 0; attempt < loadCount; attempt++) {
      starts.push(await measurePageStart(browser, url));
    }
    return starts;
  } finally {
    await browser.close();
  }
}

function figures(starts: readonly PageStart[]): Measurement[] {
  const name = 'web page, first load to usable, processor 4 x slower';
  const unit = 'ms';
  const walls = starts.map(({ wallMs }) => wallMs);
  const works = starts.map(({ workMs }) => workMs);
  return [
    measured({ name: `${name}, wall clock, median`, value: median(walls), unit, goal }),
    measured({ name: `${name}, wall clock, best`, value: Math.min(...walls), unit }),
    measured({ name: `${name}, work of its thread, median`, value: median(works), unit, goal }),
  ];
}
