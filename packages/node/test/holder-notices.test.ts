/** Holders are told of requests: where, how often, and what a failing channel and a restart come to. */
import type { NoticeMessage } from '@callbook/api';
import { gsm7Septets, smsSegmentSeptetsMax } from '@callbook/api';
import { DirectoryError } from '@callbook/protocol';
import type { Identifier, PublishedBinding } from '@callbook/protocol';
import type { LoggedRequest } from '@callbook/replication';
import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import {
  HolderNotices,
  noticeGivenUpMs,
  noticeRetryMs,
  noticesPerDayMax,
  noticeText,
} from '../src/holder-notices.ts';
import type { HolderNoticesParts } from '../src/holder-notices.ts';

const number: Identifier = 'tel:+4915123456789';

/** The rows of a replica, and the time of everybody. */
class Member {
  readonly rows = new Map<string, LoggedRequest>();
  readonly sent: NoticeMessage[] = [];
  readonly lines: string[] = [];
  refuses = (_notice: NoticeMessage): boolean => false;
  /** Undefined while the payload of the binding is awaited. */
  routes: PublishedBinding['routes'] | undefined = [];
  nowMs = 1_750_000_000_000;
  #listener = (_request: LoggedRequest): void => undefined;
  #waiting: (() => void)[] = [];

  logged(octet: number, label = 1): LoggedRequest {
    const request: LoggedRequest = {
      requestId: new Uint8Array(32).fill(octet),
      label: new Uint8Array(32).fill(label),
      requestClass: 'possession',
      atMs: this.nowMs,
      identifier: number,
    };
    this.rows.set(request.requestId.toHex(), request);
    this.#listener(request);
    return request;
  }

  start(): HolderNotices {
    const requests = {
      onRequest: (listener: (request: LoggedRequest) => void) => {
        this.#listener = listener;
        return () => undefined;
      },
      untold: async (after?: LoggedRequest) => (after === undefined ? [...this.rows.values()] : []),
      told: async (requestId: Uint8Array) => {
        this.rows.delete(requestId.toHex());
      },
    };
    const bindings = {
      byIdentifier: () => {
        if (this.routes === undefined) throw new DirectoryError('binding_awaited', 'awaited');
        return { routes: this.routes };
      },
    };
    return new HolderNotices({
      replica: { requests, bindings } as unknown as HolderNoticesParts['replica'],
      sender: {
        sendNotice: async (notice) => {
          if (this.refuses(notice)) throw new Error(`no way to ${notice.to}`);
          this.sent.push(notice);
        },
      },
      clock: { nowMs: () => this.nowMs },
      scheduler: { delay: this.#delay, yield: async () => undefined },
      log: pino({ level: 'warn' }, { write: (line: string) => void this.lines.push(line) }),
    });
  }

  readonly #delay = async (delayMs: number, signal?: AbortSignal): Promise<void> => {
    expect(delayMs).toBe(noticeRetryMs);
    if (signal?.aborted === true) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    signal?.addEventListener('abort', () => resolve());
    this.#waiting.push(resolve);
    await promise;
  };

  /** Lets the time until the next round pass. */
  async pass(byMs: number = noticeRetryMs): Promise<void> {
    await settle();
    this.nowMs += byMs;
    for (const resolve of this.#waiting.splice(0)) resolve();
    await settle();
  }
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 5));

function started(): Member {
  const member = new Member();
  const notices = member.start();
  onTestFinished(async () => await notices[Symbol.asyncDispose]());
  return member;
}

it('has a text of one SMS segment without a digit', () => {
  expect(gsm7Septets(noticeText)).toBeLessThanOrEqual(smsSegmentSeptetsMax);
  expect(noticeText).not.toMatch(/[0-9]/);
});

it('tells the number and the published addresses once', async () => {
  const member = started();
  member.routes = [
    { service: 'sip', uri: 'sip:anna@sip.test', preference: 10 },
    { service: 'email:mailto', uri: 'mailto:anna@mail.test', preference: 10 },
    { service: 'email:mailto', uri: 'mailto:not an address', preference: 20 },
  ];
  const { requestId } = member.logged(7);
  await member.pass();
  await member.pass();
  const ids = [0, 1].map((at) => `${requestId.toHex()}.${at}`);
  expect(member.sent).toEqual([
    { to: number, text: noticeText, noticeId: ids[0] },
    { to: 'mailto:anna@mail.test', text: noticeText, noticeId: ids[1] },
  ]);
  expect(member.rows.size).toBe(0);
});

it('tells the number alone while its payload is awaited', async () => {
  const member = started();
  member.routes = undefined;
  member.logged(7);
  await member.pass();
  expect(member.sent.map(({ to }) => to)).toEqual([number]);
  expect(member.rows.size).toBe(0);
});

it('tries again what a channel did not take, and no other notice', async () => {
  const member = started();
  member.routes = [{ service: 'email:mailto', uri: 'mailto:anna@mail.test', preference: 10 }];
  member.refuses = ({ to }) => to === number;
  member.logged(7);
  await member.pass();
  await member.pass();
  expect(member.sent.map(({ to }) => to)).toEqual(['mailto:anna@mail.test']);
  expect(member.rows.size).toBe(1);
  member.refuses = () => false;
  await member.pass();
  expect(member.sent.map(({ to }) => to)).toEqual(['mailto:anna@mail.test', number]);
  expect(member.rows.size).toBe(0);
  expect(member.lines.join('')).not.toMatch(/4915123456789|anna/);
});

it('gives up after a day', async () => {
  const member = started();
  member.refuses = () => true;
  member.logged(7);
  await member.pass(noticeGivenUpMs - 1);
  expect(member.rows.size).toBe(1);
  await member.pass(1);
  expect(member.rows.size).toBe(0);
});

it('goes on after a restart with what nobody was told, under the same id', async () => {
  const member = new Member();
  member.refuses = () => true;
  const first = member.start();
  const { requestId } = member.logged(7);
  await member.pass();
  await first[Symbol.asyncDispose]();
  member.refuses = () => false;
  const second = member.start();
  onTestFinished(async () => await second[Symbol.asyncDispose]());
  await member.pass();
  expect(member.sent.map(({ noticeId }) => noticeId)).toEqual([`${requestId.toHex()}.0`]);
});

it('tells nobody of a request that a restored backup brings back after a day', async () => {
  const member = new Member();
  member.logged(7);
  member.nowMs += noticeGivenUpMs;
  const notices = member.start();
  onTestFinished(async () => await notices[Symbol.asyncDispose]());
  await member.pass();
  expect(member.sent).toEqual([]);
  expect(member.rows.size).toBe(0);
});

it('tells one holder of so many requests a day', async () => {
  const member = started();
  for (let octet = 0; octet <= noticesPerDayMax; octet++) member.logged(octet);
  member.logged(99, 2);
  await member.pass();
  expect(member.sent).toHaveLength(noticesPerDayMax + 1);
  expect(member.rows.size).toBe(0);
  await member.pass(24 * 3600 * 1000);
  member.logged(100);
  await member.pass();
  expect(member.sent).toHaveLength(noticesPerDayMax + 2);
});
