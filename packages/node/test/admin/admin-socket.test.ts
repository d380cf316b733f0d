import { mkdir, mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DirectoryError } from '@callbook/protocol';
import { adminRequestBytesMax, adminSocketPath } from '../../src/admin/admin-messages.ts';
import { openAdminSocket } from '../../src/admin/admin-socket.ts';
import type { AnswerAdmin } from '../../src/admin/admin-socket.ts';
import { askMember } from '../../src/admin/ask-member.ts';
import type { NodeConfig } from '../../src/config.ts';

let folder = '';
let config: NodeConfig;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'callbook-admin-'));
  config = { dataDir: folder } as NodeConfig;
});
afterEach(async () => await rm(folder, { recursive: true }));

let sockets: AsyncDisposableStack;
beforeEach(() => {
  sockets = new AsyncDisposableStack();
});
afterEach(async () => await sockets.disposeAsync());

async function opened(answer: AnswerAdmin): Promise<void> {
  sockets.use(await openAdminSocket(config, answer));
}

const draft = { follows: 1, fields: [], excluded: [] };

describe('the admin socket', () => {
  it('brings a request to the member and its answer back', async () => {
    await opened(async (request) => {
      expect(request).toEqual({ ask: 'draft' });
      return await Promise.resolve(draft);
    });
    expect(await askMember(config, { ask: 'draft' })).toEqual(draft);
  });

  it('is for its owner alone', async () => {
    await opened(async () => await Promise.resolve(draft));
    expect((await stat(adminSocketPath(config))).mode & 0o777).toBe(0o600);
  });

  it('gives a coded error as it is, and of a defect nothing but that there was one', async () => {
    const errors = [new DirectoryError('draft_limit', 'too much'), new Error('a secret')];
    await opened(() => Promise.reject(errors.shift()!));
    await expect(askMember(config, { ask: 'draft' })).rejects.toMatchObject({
      code: 'draft_limit',
      message: 'too much',
    });
    const defect = askMember(config, { ask: 'draft' });
    await expect(defect).rejects.toMatchObject({ code: 'admin_request_failed' });
    await expect(defect).rejects.not.toThrow('secret');
  });

  it('takes the place of one that a crash has left', async () => {
    await writeFile(adminSocketPath(config), '');
    await opened(async () => await Promise.resolve(draft));
    expect(await askMember(config, { ask: 'draft' })).toEqual(draft);
  });

  it('hangs up on a request without end', async () => {
    await opened(async () => await Promise.resolve(draft));
    const socket = createConnection(adminSocketPath(config));
    const closed = new Promise((resolve) => socket.once('close', resolve));
    socket.on('error', () => undefined);
    socket.write('x'.repeat(adminRequestBytesMax + 1));
    await closed;
    expect(await askMember(config, { ask: 'draft' })).toEqual(draft);
  });

  it('that is not there says that no member runs', async () => {
    await expect(askMember(config, { ask: 'draft' })).rejects.toMatchObject({
      code: 'member_not_running',
    });
  });

  it('says so when it cannot be opened', async () => {
    const long = join(folder, 'x'.repeat(120));
    await mkdir(long);
    const open = openAdminSocket({ ...config, dataDir: long }, async () => await Promise.resolve());
    await expect(open).rejects.toMatchObject({ code: 'admin_socket_unusable' });
  });
});
