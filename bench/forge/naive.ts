/**
 * What polling costs that asks for every open pull request by itself, once a minute: really asked
 * of the same forge for a short while, and scaled to an hour, which no forge would let it finish.
 */
import type { Pull } from '../../src/devforge/pull.ts';
import type { ForgeGround } from './ground.ts';
import type { BenchTime } from './time.ts';

export interface Naive {
  readonly pointsPerHour: number;
  readonly requestsPerHour: number;
  /** Counted, not measured: until this pull request's own turn in its minute. */
  readonly mergeNoticedP95Seconds: number;
  /** Minutes of each hour after which GitHub refuses to answer; null: it lasts. */
  readonly refusedAfterMinutes: number | null;
}

const minute = 60_000;
const atOnce = 8;
const login = 'poller';
/** What GitHub allows a login in an hour. */
const pointsMax = 5000;

/** Per hour, from so many minutes of that many pull requests. */
export async function naivePolling(
  ground: ForgeGround,
  time: BenchTime,
  { open, naiveMinutes: minutes }: { readonly open: number; readonly naiveMinutes: number },
): Promise<Omit<Naive, 'mergeNoticedP95Seconds'>> {
  const { forge } = ground;
  forge.addUser(login);
  const headers = { authorization: `Bearer ${forge.addToken(login).secret}` };
  const since = time.now();
  for (let turn = 0; turn < minutes; turn += 1) {
    const left = ground.openPulls().slice(0, open);
    const one = async (): Promise<void> => {
      for (let pull = left.pop(); pull !== undefined; pull = left.pop()) {
        const url = `${forge.urls.api}/repos/${pull.repo.fullName}/pulls/${pull.number}`;
        const answer = await fetch(url, { headers });
        await answer.arrayBuffer();
        if (answer.status !== 200) throw new Error(`${url}: ${answer.status}`);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, one));
  }
  const { requests, points } = forge.log.spent({ identity: login, since });
  const pointsPerHour = (points * 60) / minutes;
  return {
    pointsPerHour,
    requestsPerHour: (requests * 60) / minutes,
    refusedAfterMinutes: pointsPerHour > pointsMax ? (60 * pointsMax) / pointsPerHour : null,
  };
}

/** Each has its own moment of the minute. */
export function untilItsTurn({ id }: Pull, mergedAt: number): number {
  const turn = (id * 7919) % minute;
  return ((turn - (mergedAt % minute) + minute) % minute) / 1000;
}
