/** One member on several machines: the same keys, own ports, and a disk of its own. */
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { MemberLayout } from '../../src/layout.ts';
import { freePort } from '../../src/peer-process.ts';

/** Changes settings of a member that is not running. */
export async function changeConfig(
  { configFile }: MemberLayout,
  settings: Record<string, unknown>,
): Promise<void> {
  const config = parse(await readFile(configFile, 'utf8')) as Record<string, unknown>;
  await writeFile(configFile, stringify({ ...config, ...settings }), { mode: 0o600 });
}

/** A copy of a stopped member's folder, on ports that nobody has; with its data only where asked for. */
export async function copyElsewhere(
  member: MemberLayout,
  { withData }: { readonly withData: boolean },
): Promise<MemberLayout> {
  const folder = `${member.folder}-elsewhere`;
  const data = join(member.folder, 'data');
  await cp(member.folder, folder, {
    recursive: true,
    preserveTimestamps: true,
    filter: (source) => withData || source !== data,
  });
  await writeFile(join(folder, 'node.log'), '');
  const configFile = member.configFile.replace(member.folder, folder);
  return await moveToFreePorts({ ...member, folder, configFile });
}

/** Has a member that is not running listen elsewhere. */
export async function moveToFreePorts(member: MemberLayout): Promise<MemberLayout> {
  let text = await readFile(member.configFile, 'utf8');
  const moved = new Map<string, number>();
  for (const [, port] of text.matchAll(/\b(\d{5})\b/g)) {
    if (moved.has(port!)) continue;
    moved.set(port!, await freePort());
    text = text.replaceAll(port!, String(moved.get(port!)));
  }
  await writeFile(member.configFile, text, { mode: 0o600 });
  const at = (port: number): number => moved.get(String(port))!;
  return {
    ...member,
    dnsPort: at(member.dnsPort),
    apiPort: at(member.apiPort),
    webPort: at(member.webPort),
    meshPort: at(member.meshPort),
    metricsPort: at(member.metricsPort),
    operatorPort: at(member.operatorPort),
  };
}

/** What a member has written to its log. */
export async function logOf({ folder }: MemberLayout): Promise<{ msg: string; code?: string }[]> {
  return await linesOf(join(folder, 'node.log'));
}

/** Lines of a log in JSON. */
export async function linesOf(file: string): Promise<{ msg: string; code?: string }[]> {
  const text = await readFile(file, 'utf8');
  const lines = text.split('\n').filter((line) => line.startsWith('{') && line.endsWith('}'));
  return lines.map((line) => JSON.parse(line) as { msg: string; code?: string });
}

/** Newest code that was sent to somebody, or the one so many before it; empty while there is none. */
export async function newestCode(outboxFile: string, to: string, attempt = 1): Promise<string> {
  const lines = (await readFile(outboxFile, 'utf8').catch(() => '')).trim().split('\n');
  const sent = lines
    .filter((line) => line.endsWith('}'))
    .map((line) => JSON.parse(line) as { to: string; code: string });
  return sent.filter((message) => message.to === to).at(-attempt)?.code ?? '';
}
