/**
 * One town with so many open pull requests, watched over the time of the benchmark: what its forge
 * was asked, and how long it took to notice a merge.
 *
 * H1 Merges begin and end half their number above and below the size, so that the mean is it.
 * H2 A merge is noticed when the town's own row says so. H3 The log of the forge counts: GraphQL
 *    by its points, REST one each, an unchanged answer (304) nothing.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { temperatureOf, type Temperature } from '../../src/core/cadence.ts';
import type { Pull } from '../../src/devforge/pull.ts';
import { SeededRandom } from '../../src/sim/world/random.ts';
import { ForgeGround, townLogin } from './ground.ts';
import { naivePolling, untilItsTurn, type Naive } from './naive.ts';
import { BenchTime } from './time.ts';
import { ForgeTown } from './town.ts';

export interface Size {
  readonly open: number;
  readonly repositories: number;
  /** Without webhooks; cost is scaled to an hour. */
  readonly minutes: number;
  readonly merges: number;
  /** With webhooks, afterwards, in the same town. */
  readonly hookMinutes: number;
  readonly hookMerges: number;
  readonly naiveMinutes: number;
}

export interface Noticed {
  readonly seconds: number;
  readonly temperature: Temperature;
  /** Until a poller that reads each once a minute would have seen it. */
  readonly naiveSeconds: number;
}

export interface Span {
  readonly minutes: number;
  readonly requests: number;
  readonly points: number;
  readonly noticed: readonly Noticed[];
}

export interface Hour {
  readonly polling: Span;
  readonly withWebhooks: Span;
  /** As the town sees them when it begins. */
  readonly temperatures: Readonly<Record<Temperature, number>>;
  readonly naive: Omit<Naive, 'mergeNoticedP95Seconds'>;
}

const minute = 60_000;

export async function watchedHour(folder: string, size: Size): Promise<Hour> {
  const own = join(folder, `open-${size.open}`);
  await mkdir(own, { recursive: true });
  const time = new BenchTime();
  const random = new SeededRandom(7, `forge ${size.open}`);
  const ground = new ForgeGround(own, time, random);
  try {
    const each = Math.ceil((size.open + size.merges / 2) / size.repositories);
    const { token } = await ground.start(size.repositories, each);
    const town = await ForgeTown.open({ ground, time, random });
    const run = new Run(town, ground, time);
    await town.begin(token, each);
    ground.settleIn();
    await run.pass(3 * minute); // every one was read
    const naive = await naivePolling(ground, time, size);
    const temperatures = run.temperatures();
    const polling = await run.watch(size.minutes, size.merges);
    await town.listen();
    const withWebhooks = await run.watch(size.hookMinutes, size.hookMerges);
    await town.close();
    return { polling, withWebhooks, temperatures, naive };
  } finally {
    await ground.stop();
  }
}

interface Merge {
  readonly pull: Pull;
  readonly temperature: Temperature;
}

class Run {
  readonly #town: ForgeTown;
  readonly #ground: ForgeGround;
  readonly #time: BenchTime;
  /** Merged, and not noticed. */
  readonly #merges: Merge[] = [];
  #noticed: Noticed[] = [];

  constructor(town: ForgeTown, ground: ForgeGround, time: BenchTime) {
    this.#town = town;
    this.#ground = ground;
    this.#time = time;
  }

  async watch(minutes: number, merges: number): Promise<Span> {
    this.#noticed = [];
    const [since, ms] = [this.#time.now(), minutes * minute];
    this.#ground.comments(ms);
    this.#ground.merges(merges, ms, (pull) => {
      this.#merges.push({ pull, temperature: this.#temperature(pull) });
    });
    await this.pass(ms);
    const { log } = this.#ground.forge;
    const { requests, points } = log.spent({ identity: townLogin, since, until: since + ms }); // H3
    while (this.#merges.length > 0) await this.pass(minute);
    return { minutes, requests, points, noticed: this.#noticed };
  }

  async pass(ms: number): Promise<void> {
    const end = this.#time.now() + ms;
    while (await this.#town.step(end)) this.#look();
    this.#time.to(end as ReturnType<BenchTime['now']>);
  }

  temperatures(): Hour['temperatures'] {
    const all = this.#ground.openPulls().map((pull) => this.#temperature(pull));
    const of = (one: Temperature): number => all.filter((each) => each === one).length;
    return { hot: of('hot'), warm: of('warm'), cool: of('cool'), cold: of('cold') };
  }

  /** H2 */
  #look(): void {
    for (const merge of this.#merges.slice()) {
      const { pull, temperature } = merge;
      const { snapshot } = this.#town.requestOf(pull);
      if (snapshot?.state !== 'merged' || pull.mergedAt === null) continue;
      this.#merges.splice(this.#merges.indexOf(merge), 1);
      const seconds = (this.#time.now() - pull.mergedAt) / 1000;
      const naiveSeconds = untilItsTurn(pull, pull.mergedAt);
      this.#noticed.push({ seconds, temperature, naiveSeconds });
    }
  }

  /** As the town has it: how often it would read this one. */
  #temperature(pull: Pull): Temperature {
    const { snapshot, stage, publishedAt } = this.#town.requestOf(pull);
    const now = this.#time.now();
    const pushed = publishedAt !== null && now - publishedAt < 10 * minute;
    return temperatureOf(snapshot, pushed || stage === 'landing', now);
  }
}
