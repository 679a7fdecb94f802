/**
 * The test this product began with, for any host: a pull request that cannot be read is told,
 * once, with its reason; nothing is done again because of it; and it heals. Each host gives the
 * same production town its own SQL and alarm, and its own way to die and come back.
 *
 * C1 Time moves from alarm to alarm, as the host has them armed: what nobody armed never happens.
 */
import { describe, expect, test } from 'vitest';
import { explain } from '../../src/core/explain.ts';
import type { MergeRequest } from '../../src/core/merge-request.ts';
import { noStrikes } from '../../src/core/strikes.ts';
import { after, type Instant } from '../../src/core/time.ts';
import type { JournalRow } from '../../src/storage/tables/journal.ts';
import { GOOD, OTHER } from './forge.ts';
import { detours, immediate, soft, throttling, transient, type Kind } from './kinds.ts';
import type { OriginTown } from './town.ts';
import { OriginWorld } from './world.ts';

export interface OriginSeat {
  readonly world: OriginWorld;
  /** Runs it where the town is. */
  inside<T>(work: (origin: OriginTown) => T | Promise<T>): Promise<T>;
  /** Lets what is under way end, and says when the host will ring; null: not at all. */
  settled(): Promise<Instant | null>;
  /** The host rings: there is an alarm. */
  ring(): Promise<void>;
  /** The process is gone, without a word, and another one starts over the same storage. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export type OpenSeat = (world: OriginWorld) => Promise<OriginSeat>;

const minute = 60_000;
const hour = 60 * minute;
/** For a host that is fast enough: hundreds of alarms. */
export const week = 7 * 24 * hour;
const bead = 'web-1';

/** `longest`: how long nobody puts right what is broken, at most; an alarm may be slow there. */
export function originCases(host: string, open: OpenSeat, longest = 20 * minute): void {
  const onSeat: OnSeat = (body) => seated(open, body);
  story(host, onSeat, longest);
  table(host, onSeat, Math.min(longest, 2 * hour));
}

/** For a host whose storage outlives its process. */
export function restartCases(host: string, open: OpenSeat): void {
  restarts(host, (body) => seated(open, body));
}

type OnSeat = (body: (seat: OriginSeat) => Promise<void>) => Promise<void>;

async function seated(open: OpenSeat, body: (seat: OriginSeat) => Promise<void>): Promise<void> {
  const seat = await open(new OriginWorld());
  try {
    await body(seat);
    expect(await seat.inside(({ errors }) => errors)).toEqual([]);
    expect(seat.world.forge.strange).toEqual([]);
  } finally {
    await seat.close();
  }
}

function story(host: string, onSeat: OnSeat, longest: number): void {
  describe(`a rig on a forge without a token (${host})`, () => {
    test('opens nothing, asks nobody, says so once, and opens as soon as there is one', () =>
      onSeat(async (seat) => {
        await slung(seat);
        await pass(seat, 2 * hour);
        const { request, asked } = await look(seat);
        expect(asked).toBe(0);
        // Nobody knows of one, and it is still wanted.
        expect(request).toMatchObject({ pr: 'opening', prNumber: null });
        expect(request.failures).toMatchObject([{ error: { kind: 'no_token' } }]);
        await seat.inside((origin) => origin.setToken(GOOD));
        await pass(seat, hour);
        expect((await look(seat)).request).toMatchObject({ pr: 'open', prNumber: 1 });
        expect((await look(seat)).granted).toEqual([`${bead}.1`]);
      }));

    test('whose pull request was opened with a token since removed: for long, and it heals', () =>
      onSeat(async (seat) => {
        await opened(seat);
        await seat.inside((origin) => origin.removeToken());
        await pass(seat, minute);
        const before = seat.world.forge.asked.length;
        const flagged = await look(seat);
        expect(flagged.request.unobservable).toMatchObject({
          failureReason: 'pr_poll_failed',
          failureKind: 'no_token',
        });
        expect(flagged.failed).toHaveLength(1);
        expect(flagged.failed[0]?.data).toMatchObject({
          beadId: bead,
          rigId: 'web',
          failureKind: 'no_token',
          provider: 'github',
          statusCode: null,
        });
        await pass(seat, longest);
        const later = await look(seat);
        expect(later.status).toBe('in_review');
        expect(later.granted).toEqual([`${bead}.1`]);
        expect(later.failed).toHaveLength(1);
        expect(later.resumed).toHaveLength(0);
        expect(seat.world.forge.asked).toHaveLength(before);
        await seat.inside((origin) => origin.setToken(OTHER));
        await pass(seat, 0);
        await expectHealed(seat);
      }));
  });
}

function table(host: string, onSeat: OnSeat, longest: number): void {
  describe.each([...immediate, ...soft, ...transient])(`$name (${host})`, (kind) => {
    test('is told once, dispatches nothing, and heals', () =>
      onSeat(async (seat) => {
        await opened(seat);
        const before = seat.world.forge.polls;
        await broken(seat, kind);
        await pass(seat, 40 * minute, ({ request }) => request.unobservable !== null);
        const polls = seat.world.forge.polls - before;
        expect(polls).toBe(kind.asksNobody === true ? 0 : kind.reads);
        await expectFlagged(seat, kind);
        await pass(seat, longest);
        await expectFlagged(seat, kind, 'later');
        await mended(seat, kind);
        await pass(seat, 16 * minute, ({ request }) => request.unobservable === null);
        await expectHealed(seat);
      }));
  });

  describe.each(detours)(`$name (${host})`, ({ fault }) => {
    test('is read over REST, and nobody notices anything', () =>
      onSeat(async (seat) => {
        await opened(seat);
        seat.world.forge.fault = fault;
        await pass(seat, 20 * minute);
        expect(seat.world.forge.restReads).toBeGreaterThan(5);
        const { request, failed, granted, escalations } = await look(seat);
        expect(request).toMatchObject({ pr: 'open', unobservable: null, failures: [] });
        expect(request.strikes).toEqual(noStrikes);
        expect({ failed, granted, escalations }).toEqual({
          failed: [],
          granted: [`${bead}.1`],
          escalations: [],
        });
      }));
  });

  describe.each(throttling)(`$name (${host})`, ({ fault, isOften }) => {
    test('is a wait, however long, and never a failure of the pull request', () =>
      onSeat(async (seat) => {
        await opened(seat);
        seat.world.forge.fault = fault;
        const isHours = isOften !== true || longest === 2 * hour;
        await pass(seat, isHours ? 2 * hour : longest);
        if (isHours) await pass(seat, 40 * minute, (now) => now.escalations.length > 0);
        const { request, failed, granted, status, escalations } = await look(seat);
        expect(request.strikes.lastError).toMatchObject({ kind: 'throttled' });
        expect(request.strikes).toMatchObject({
          pollImmediateCount: 0,
          pollSoftErrorCount: 0,
          pollTransientCount: 0,
        });
        expect(request.unobservable).toBeNull();
        expect({ failed, granted, status }).toEqual({
          failed: [],
          granted: [`${bead}.1`],
          status: 'in_review',
        });
        // More than two hours of it are an incident of the account.
        expect(escalations).toEqual(isHours ? ['forge:https://github.com:throttled'] : []);
        seat.world.forge.fault = null;
        await pass(seat, 2 * hour + minute, ({ request: now }) => now.strikes.lastError === null);
        expect((await look(seat)).escalations).toEqual([]);
        expect((await look(seat)).request.strikes).toEqual(noStrikes);
      }));
  });
}

function restarts(host: string, onSeat: OnSeat): void {
  describe(`a process that dies (${host})`, () => {
    test('between any two steps: nothing is lost and nothing is opened twice', () =>
      onSeat(async (seat) => {
        await seat.inside((origin) => origin.setToken(GOOD));
        await seat.restart();
        await seat.inside((origin) => void origin.addRig());
        await seat.restart();
        await pass(seat, minute);
        await seat.inside((origin) => void origin.sling('Say hello'));
        await seat.restart();
        await pass(seat, 20 * minute);
        await seat.restart();
        expect((await look(seat)).request).toMatchObject({ pr: 'open', prNumber: 1 });
        await seat.inside((origin) => origin.removeToken());
        await seat.restart();
        await pass(seat, minute);
        await seat.restart();
        await pass(seat, 20 * minute);
        expect((await look(seat)).failed).toHaveLength(1);
        await seat.inside((origin) => origin.setToken(GOOD));
        await seat.restart();
        await pass(seat, minute);
        await expectHealed(seat);
      }));

    test('after the forge opened and before we heard of it: it is found, not opened again', () =>
      onSeat(async (seat) => {
        seat.world.forge.loseNextOpen = true;
        await opening(seat);
        expect((await look(seat)).request).toMatchObject({ pr: 'opening', prNumber: null });
        await seat.restart();
        await pass(seat, 0);
        expect((await look(seat)).request).toMatchObject({ pr: 'open', prNumber: 1 });
        expect(seat.world.forge.pulls).toHaveLength(1);
      }));

    test('during a read: the read is made again', () =>
      onSeat(async (seat) => {
        await opened(seat);
        seat.world.forge.loseNextRead = true;
        await pass(seat, 20 * minute, () => !seat.world.forge.loseNextRead);
        const { forge } = seat.world;
        const before = forge.polls;
        await seat.restart();
        await pass(seat, 0);
        expect(forge.polls).toBe(before + 1);
        expect((await look(seat)).request.strikes).toEqual(noStrikes);
      }));

    test('while it cannot be read: it still cannot, and that was said already', () =>
      onSeat(async (seat) => {
        await opened(seat);
        seat.world.forge.fault = () => new Response('', { status: 503 });
        await pass(seat, 5 * minute);
        const { pollTransientCount } = (await look(seat)).request.strikes;
        expect(pollTransientCount).toBeGreaterThan(2);
        await seat.restart();
        expect((await look(seat)).request.strikes.pollTransientCount).toBe(pollTransientCount);
        await pass(seat, 20 * minute);
        await seat.restart();
        await pass(seat, 20 * minute);
        expect((await look(seat)).failed).toHaveLength(1);
      }));
  });
}

interface Look {
  readonly request: MergeRequest;
  readonly status: string;
  /** Attempts that a runner was ever asked to start. */
  readonly granted: readonly string[];
  readonly failed: readonly JournalRow[];
  readonly resumed: readonly JournalRow[];
  /** What each open one is about. */
  readonly escalations: readonly string[];
  readonly asked: number;
}

function look(seat: OriginSeat): Promise<Look> {
  return seat.inside((origin) => {
    const rows = origin.journal();
    const granted = [...seat.world.machine.attempts.keys()];
    expect(origin.attemptsGranted()).toBe(granted.length);
    return {
      request: origin.request(bead),
      status: origin.beadStatus(bead),
      granted,
      failed: rows.filter(({ why }) => why === 'pr.poll_failed'),
      resumed: rows.filter(({ why }) => why === 'pr.poll_resumed'),
      escalations: origin.openEscalations().map(({ dedupeKey }) => dedupeKey),
      asked: seat.world.forge.asked.length,
    };
  });
}

/** A bead is slung and its work handed in. */
async function slung(seat: OriginSeat): Promise<void> {
  await seat.inside((origin) => void origin.addRig());
  await pass(seat, minute);
  const made = await seat.inside((origin) => origin.sling('Say hello'));
  expect(made).toBe(bead);
  await pass(seat, minute);
  expect((await look(seat)).status).toBe('in_review');
}

async function opening(seat: OriginSeat): Promise<void> {
  await seat.inside((origin) => origin.setToken(GOOD));
  await slung(seat);
}

/** A pull request is open and was read well, and is old enough for a 404 to mean something. */
async function opened(seat: OriginSeat): Promise<void> {
  await opening(seat);
  await pass(seat, 3 * minute);
  const { request, escalations } = await look(seat);
  expect(request).toMatchObject({ pr: 'open', prNumber: 1, unobservable: null });
  expect(request.strikes).toEqual(noStrikes);
  expect(escalations).toEqual([]);
}

async function broken(seat: OriginSeat, { fault, breaks }: Kind): Promise<void> {
  seat.world.forge.fault = fault ?? null;
  await seat.inside((origin) => breaks?.(origin, seat.world));
}

async function mended(seat: OriginSeat, { mends }: Kind): Promise<void> {
  seat.world.forge.fault = null;
  await seat.inside((origin) => mends?.(origin, seat.world));
}

async function expectFlagged(seat: OriginSeat, kind: Kind, when = 'at once'): Promise<void> {
  const { request, status, granted, failed, resumed, escalations } = await look(seat);
  const flag = { failureReason: 'pr_poll_failed', failureKind: kind.error.kind };
  expect(request.unobservable).toMatchObject(flag);
  expect(request.unobservable?.error).toMatchObject({
    ...kind.error,
    provider: 'github',
    host: 'github.com',
  });
  expect(request.failures).toMatchObject([{ kind: 'pr_poll_failed', by: kind.by }]);
  const [failure] = request.failures;
  if (failure !== undefined) expectExplained(explain(failure));
  const seen = { status, granted, failed: failed.length, resumed: resumed.length, escalations };
  expect(seen).toEqual({
    status: 'in_review',
    granted: [`${bead}.1`],
    failed: 1,
    resumed: 0,
    escalations: [
      kind.isItsOwn === true ? 'mr-1:poll' : `forge:https://github.com:${kind.error.kind}`,
    ],
  });
  if (when !== 'at once') return;
  const { pollImmediateCount, pollSoftErrorCount, pollTransientCount } = request.strikes;
  const counts = { immediate: 0, soft: 0, transient: 0, [kind.by]: kind.reads };
  expect({
    immediate: pollImmediateCount,
    soft: pollSoftErrorCount,
    transient: pollTransientCount,
  }).toEqual(counts);
}

/** P6, in the words of the right provider. */
function expectExplained(told: ReturnType<typeof explain>): void {
  expect(told.what).not.toBe('');
  expect(told.next).not.toBe('');
  const words = JSON.stringify(told);
  expect(words).toContain('GitHub');
  expect(words).not.toMatch(/GitLab|Gitea/);
  expect(words).not.toContain(GOOD);
}

async function expectHealed(seat: OriginSeat): Promise<void> {
  const { request, status, granted, failed, resumed, escalations } = await look(seat);
  expect(request).toMatchObject({ pr: 'open', prNumber: 1, unobservable: null, failures: [] });
  expect(request.strikes).toEqual(noStrikes);
  const seen = { status, granted, failed: failed.length, resumed: resumed.length, escalations };
  expect(seen).toEqual({
    status: 'in_review',
    granted: [`${bead}.1`],
    failed: 1,
    resumed: 1,
    escalations: [],
  });
  expect(seat.world.forge.pulls).toHaveLength(1);
  const stored = await seat.inside((origin) => origin.everythingStored());
  expect(stored).not.toContain(GOOD);
  expect(stored).not.toContain(OTHER);
}

/** C1. Stops early when `done` says so. */
async function pass(seat: OriginSeat, ms: number, done?: (now: Look) => boolean): Promise<void> {
  const { time } = seat.world;
  const end = after(time.now(), ms);
  for (;;) {
    const at = await seat.settled();
    if (done !== undefined && done(await look(seat))) return;
    if (at === null || at > end) break;
    time.to(at);
    await seat.ring();
  }
  time.to(end);
}
