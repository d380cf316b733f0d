/**
 * The SMTP channel and postfix, which has nothing of ours and takes mail by TLS and an account alone: a
 * message is in the mailbox once, or the channel says that it is not.
 */
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSmtpChannel } from '@callbook/api';
import { DirectoryError } from '@callbook/protocol';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCertificateAuthority } from '../../src/certificates.ts';
import { eventually } from '../lab.ts';
import { startMailServer } from './peers/mail-server.ts';
import type { MailServer } from './peers/mail-server.ts';

type SmtpOptions = Parameters<typeof openSmtpChannel>[0];

const stack = new AsyncDisposableStack();
const login = { user: 'codes', password: 'a password' };
let server: MailServer;
let ca: string;

beforeAll(async () => {
  const folder = await mkdtemp(join(tmpdir(), 'callbook-smtp-'));
  // The last mail is being delivered still.
  stack.defer(async () => await rm(folder, { recursive: true, force: true, maxRetries: 10 }));
  // postfix works as users of its own, who must be able to enter.
  await chmod(folder, 0o711);
  await mkdir(join(folder, 'mail'));
  const authority = await createCertificateAuthority();
  const issued = await authority.issue(['localhost']);
  ca = authority.certificate;
  const certificate = { certificate: join(folder, 'tls.pem'), privateKey: join(folder, 'tls.key') };
  await writeFile(certificate.certificate, issued.certificate);
  await writeFile(certificate.privateKey, issued.privateKey, { mode: 0o600 });
  const parts = { certificate, inbox: join(folder, 'inbox'), account: login };
  server = stack.use(await startMailServer(join(folder, 'mail'), parts));
}, 60_000);

afterAll(async () => await stack.disposeAsync());

let sentCount = 0;

/** `taken`, or what the channel said; with the code that was sent. */
async function send(
  name: string,
  more: Partial<SmtpOptions> = {},
): Promise<{ outcome: string; said: string; code: string }> {
  const channel = await openSmtpChannel({
    host: 'localhost',
    port: more.isImplicitTls === true ? server.tlsPort : server.port,
    from: 'codes@alpha.test',
    login,
    ca,
    ...more,
  });
  const code = `${++sentCount}`.padStart(8, '0');
  const text = `Callbook code: ${code}\n\n@alpha.test #${code}`;
  const sendId = code.padStart(22, 'A');
  try {
    await channel.submit({ to: `mailto:${name}@mail.example`, text, code, sendId });
    return { outcome: 'taken', said: '', code };
  } catch (error) {
    if (!(error instanceof DirectoryError)) throw error;
    expect(error.message).not.toMatch(new RegExp(`${name}@|password|${code}`));
    return { outcome: error.code as string, said: error.message, code };
  }
}

const mailsWith = async (words: string): Promise<string[]> =>
  (await server.mails()).filter((mail) => mail.includes(words));

describe('a mail is taken once', () => {
  it.each([
    ['by STARTTLS and a password', {}],
    ['by TLS from the first octet and a password', { isImplicitTls: true }],
  ])('%s', async (_, options) => {
    const { outcome, code } = await send('ada', options);
    expect(outcome).toBe('taken');
    const [mail, ...more] = await eventually(
      async () => await mailsWith(`#${code}`),
      (found) => found.length > 0,
    );
    expect(more).toEqual([]);
    expect(mail).toContain('with ESMTPSA');
    expect(mail).toContain('Delivered-To: ada@mail.example');
    expect(mail).toContain('Subject: Your Callbook code\n');
    expect(mail).toContain('Auto-Submitted: auto-generated\n');
    expect(mail).toContain(`Message-ID: <${code.padStart(22, 'A')}@alpha.test>\n`);
    expect(mail).toContain(`\n\nCallbook code: ${code}\n\n@alpha.test #${code}\n`);
  });
});

describe('a mail is refused, and is nowhere, when', () => {
  it.each([
    [
      'the password is wrong',
      'ada',
      { login: { user: 'codes', password: 'guess' } },
      'answered 535',
    ],
    [
      'the account is unknown',
      'ada',
      { login: { user: 'nobody', password: 'guess' } },
      'answered 535',
    ],
    ['the server wants an account', 'ada', { login: undefined }, 'answered 554'],
    ['the recipient does not exist (550)', 'refused', {}, 'answered 550'],
    ['the recipient is greylisted (450)', 'grey', {}, 'answered 450'],
    ['the text is not wanted (554 after it)', 'unwanted', {}, 'answered 554'],
    ['the certificate is for another name', 'ada', { host: '127.0.0.1' }, 'did not take'],
  ] as const)('%s', async (_, name, options, cause) => {
    const { login: account, ...rest } = { login, ...options };
    const { outcome, said, code } = await send(name, {
      ...rest,
      ...(account === undefined ? { login: undefined as never } : { login: account }),
    });
    expect(outcome).toBe('channel_refused');
    expect(said).toContain(cause);
    expect(await mailsWith(code)).toEqual([]);
  });

  it('the certificate is signed by somebody else', async () => {
    const { certificate } = await createCertificateAuthority();
    const { outcome, code } = await send('ada', { ca: certificate });
    expect(outcome).toBe('channel_refused');
    expect(await mailsWith(code)).toEqual([]);
  });
});

it('a mail that bounces was taken; the bounce comes to the sender, and has no code', async () => {
  const { outcome, code } = await send('bounced');
  expect(outcome).toBe('taken');
  const [bounce] = await eventually(
    async () => await mailsWith('Final-Recipient: rfc822; bounced@mail.example'),
    (found) => found.length > 0,
  );
  expect(bounce).toContain('Delivered-To: codes@alpha.test');
  expect(bounce).toContain('Return-Path: <>');
  // The headers are there, so that the operator can tell which mail it was.
  expect(bounce).toContain(`Message-ID: <${code.padStart(22, 'A')}@alpha.test>`);
  expect(bounce).not.toContain(`Callbook code: ${code}`);
  expect(bounce).not.toContain(`#${code}`);
});

it('a mail that the server takes and drops was taken, and nobody is told', async () => {
  const { outcome, code } = await send('dropped');
  expect(outcome).toBe('taken');
  await send('ada');
  expect(await mailsWith(code)).toEqual([]);
});
