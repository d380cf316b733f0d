/**
 * The operator's page: the member's status in a browser on the same machine, or at the end of an SSH
 * tunnel to it. It changes nothing, knows no password and asks nobody; so it listens on loopback alone,
 * which the configuration insists on, and answers to loopback's names alone, so that no page from
 * elsewhere can have a browser read it under a name of its own.
 */
import type { NodeConfig } from '../config.ts';
import type { MemberWatch } from '../status/member-watch.ts';
import { statusView } from '../status/status-view.ts';
import { operatorHtml } from './operator-html.ts';
import { operatorScript } from './operator-script.ts';
import { operatorStyle } from './operator-style.ts';
import { startSmallServer } from './small-server.ts';
import type { SmallAnswer, SmallRequest, SmallServer } from './small-server.ts';

/** CSP 3: its own style and script, its own address to ask, and nothing else. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const guards = {
  'content-security-policy': policy,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
} as const;

const loopbackHost = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d{1,5})?$/;

/** Serves the page where the configuration wants it; throws `listen_failed`. */
export async function startOperatorPage(
  { operator }: NodeConfig,
  watch: Pick<MemberWatch, 'status'>,
): Promise<SmallServer | undefined> {
  if (operator === undefined) return undefined;
  return await startSmallServer(operator.listen, "the operator's page", async (request) =>
    answerOperator(request, watch),
  );
}

async function answerOperator(
  { method, url, headers }: SmallRequest,
  watch: Pick<MemberWatch, 'status'>,
): Promise<SmallAnswer> {
  if (!loopbackHost.test(headers.host ?? '')) return text(421, 'ask for localhost\n');
  if (method !== 'GET') return text(405, 'there is only GET\n');
  if (url === '/') return answerOf('text/html', operatorHtml(statusView(await watch.status())));
  if (url === '/status.json')
    return answerOf('application/json', `${JSON.stringify(await watch.status())}\n`);
  if (url === '/page.css') return answerOf('text/css', operatorStyle);
  if (url === '/page.js') return answerOf('text/javascript', operatorScript);
  return text(404, 'there are / and /status.json\n');
}

function answerOf(type: string, body: string): SmallAnswer {
  return { status: 200, headers: { ...guards, 'content-type': `${type}; charset=utf-8` }, body };
}

function text(status: number, body: string): SmallAnswer {
  return { ...answerOf('text/plain', body), status };
}
