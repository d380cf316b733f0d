/**
 * What Kamailio asks: a form by POST, one line as the answer. On loopback alone, since whoever reaches it can
 * have calls signed. Nothing that was sent is repeated in an answer.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Bridge } from '../bridge.ts';
import { formBytesMax } from '../limits.ts';
import type { BridgeMetrics, CheckName } from '../metrics.ts';
import { parseNumber, type E164 } from '../number.ts';
import { encodeVerdict, refuse, retryAfter, type CheckVerdict } from '../verdict.ts';
import { readBody, type Answerer } from './listener.ts';

type Check = (bridge: Bridge, form: Form) => Promise<CheckVerdict> | CheckVerdict;

const checks: Readonly<Record<string, readonly [CheckName, Check]>> = {
  '/check/certificate': [
    'certificate',
    async (bridge, form) => {
      const certificate = form.text('certificate');
      return await bridge.checkCertificate(form.number('number'), certificate);
    },
  ],
  '/check/bearer': [
    'bearer',
    async (bridge, form) => await bridge.checkBearer(form.number('number'), form.text('token')),
  ],
  '/check/digest': [
    'digest',
    async (bridge, form) => await bridge.checkDigest(form.number('number'), form.text('username')),
  ],
  '/check/passport': [
    'passport',
    async (bridge, form) => await bridge.checkPassport(form.text('identity'), form.call()),
  ],
  '/sign/passport': ['sign', async (bridge, form) => await bridge.signPassport(form.call())],
  '/route': ['route', async (bridge, form) => await bridge.route(form.number('number'))],
};

/** Returns what answers Kamailio. */
export function answerChecks(bridge: Bridge, metrics: BridgeMetrics): Answerer {
  return async (request, response) => {
    const [name, check] = checks[request.url ?? ''] ?? [];
    if (name === undefined || check === undefined || request.method !== 'POST') {
      request.resume();
      const statusCode = check === undefined ? 404 : 405;
      respond(response, { statusCode, line: 'refuse request_malformed' });
      return;
    }
    const verdict = await judge(bridge, check, request);
    metrics.noteCheck(name, verdict.state);
    respond(response, encodeVerdict(verdict));
  };
}

async function judge(
  bridge: Bridge,
  check: Check,
  request: IncomingMessage,
): Promise<CheckVerdict> {
  const body = await readBody(request, formBytesMax);
  if (body === undefined) return refuse('request_malformed');
  const form = new Form(body.toString('latin1'));
  try {
    return await check(bridge, form);
  } catch (error) {
    if (error instanceof FormFault) return refuse(error.code);
    throw error;
  }
}

function respond(
  response: ServerResponse,
  { statusCode, line }: { readonly statusCode: number; readonly line: string },
): void {
  response.writeHead(statusCode, {
    'content-type': 'text/plain',
    'content-length': line.length,
    'cache-control': 'no-store',
    ...(statusCode === 503 && { 'retry-after': retryAfter }),
  });
  response.end(line);
}

/** A question that cannot be read; caught here and nowhere else. */
class FormFault extends Error {
  readonly code: 'number_malformed' | 'request_malformed';

  constructor(code: FormFault['code']) {
    super(code);
    this.code = code;
  }
}

/** The fields of a form, each there once. */
class Form {
  readonly #fields: URLSearchParams;

  constructor(body: string) {
    this.#fields = new URLSearchParams(body);
  }

  text(name: string): string {
    const [value, ...others] = this.#fields.getAll(name);
    if (value === undefined || others.length > 0) throw new FormFault('request_malformed');
    return value;
  }

  number(name: string): E164 {
    const number = parseNumber(this.text(name));
    if (number === undefined) throw new FormFault('number_malformed');
    return number;
  }

  call(): { readonly orig: E164; readonly dest: E164; readonly fingerprint: string } {
    const fingerprint = this.#fields.has('fingerprint') ? this.text('fingerprint') : '';
    return { orig: this.number('orig'), dest: this.number('dest'), fingerprint };
  }
}
