/**
 * What the benchmark of the forge says, as one document and as a table. The names of the document
 * stay as they are: others compare runs by them.
 */
import type { Temperature } from '../../src/core/cadence.ts';
import { aligned } from '../table.ts';
import { mix } from './ground.ts';
import type { Hour, Noticed, Span } from './hour.ts';
import type { Naive } from './naive.ts';
import { deliveryMs } from './town.ts';
import { answerMs } from './wire.ts';

export interface Watched {
  readonly pointsPerHour: number;
  readonly requestsPerHour: number;
  /** Of merges of any pull request, whatever its temperature. */
  readonly mergeNoticedP95Seconds: number | null;
  readonly withWebhooksP95Seconds: number | null;
  /** By how the town saw it when it was merged; null: none was drawn. */
  readonly noticedP95SecondsBy: Readonly<Record<Temperature, number | null>>;
  readonly withWebhooksPointsPerHour: number;
  /** How many merges the figures are of. */
  readonly merges: number;
  readonly mergesWithWebhooks: number;
  /** Scaled to an hour from these. */
  readonly minutes: number;
  readonly temperatures: Hour['temperatures'];
}

export interface Report {
  readonly open200: Watched;
  readonly open1000: Watched;
  readonly naive: { readonly open200: Naive; readonly open1000: Naive };
}

const temperatures = ['hot', 'warm', 'cool', 'cold'] as const;

export function watchedOf({ polling, withWebhooks, ...more }: Hour): Watched {
  const of = (one: Temperature): number | null =>
    p95(polling.noticed.filter(({ temperature }) => temperature === one));
  return {
    pointsPerHour: perHour(polling, polling.points),
    requestsPerHour: perHour(polling, polling.requests),
    mergeNoticedP95Seconds: p95(polling.noticed),
    withWebhooksP95Seconds: p95(withWebhooks.noticed),
    noticedP95SecondsBy: { hot: of('hot'), warm: of('warm'), cool: of('cool'), cold: of('cold') },
    withWebhooksPointsPerHour: perHour(withWebhooks, withWebhooks.points),
    merges: polling.noticed.length,
    mergesWithWebhooks: withWebhooks.noticed.length,
    minutes: polling.minutes,
    temperatures: more.temperatures,
  };
}

export function naiveOf({ naive, polling }: Hour): Naive {
  const waits = polling.noticed.map(({ naiveSeconds }) => ({ seconds: naiveSeconds }));
  const whole = naive.refusedAfterMinutes;
  return {
    ...naive,
    mergeNoticedP95Seconds: p95(waits) ?? 0,
    refusedAfterMinutes: whole === null ? null : Math.floor(whole),
  };
}

export function tableOf(report: Report): string {
  const { open200, open1000, naive } = report;
  const head = ['', '200 open', '1,000 open', 'naive, 200', 'naive, 1,000', 'target, 200', ''];
  const rows = [
    row('points per hour', 'pointsPerHour', report, 400),
    row('requests per hour', 'requestsPerHour', report),
    row('merge noticed, p95 seconds', 'mergeNoticedP95Seconds', report, 60),
    ...temperatures.map((one) => {
      const cells = [open200, open1000].map((size) => shown(size.noticedP95SecondsBy[one]));
      return [`  of ${one} ones`, ...cells, '', '', '', ''];
    }),
    [
      '  with webhooks',
      ...[open200, open1000].map((size) => shown(size.withWebhooksP95Seconds)),
      '',
      '',
      ...judged(open200.withWebhooksP95Seconds, 5),
    ],
    [
      'points per hour with webhooks',
      ...[open200, open1000].map((size) => shown(size.withWebhooksPointsPerHour)),
      '',
      '',
      '',
      '',
    ],
  ];
  const refused = [naive.open200, naive.open1000].map(({ refusedAfterMinutes: after }) =>
    after === null ? 'never' : `after ${after} minutes`,
  );
  return [
    aligned([head, ...rows], 4),
    '',
    `the mix: ${mixWords()}; as the town saw it: ${seen(open200)} (200), ${seen(open1000)} (1,000)`,
    `merges: ${open200.merges} in ${open200.minutes} min (200), ${open1000.merges} in ` +
      `${open1000.minutes} min (1,000), with webhooks ${open200.mergesWithWebhooks} and ` +
      `${open1000.mergesWithWebhooks}; an answer takes ${words(answerMs)}, a delivery ` +
      words(deliveryMs),
    'naive: one REST request for each open one every 60 s; GitHub’s 5,000 an hour refuse it ' +
      `${refused.join(' (200) and ')} (1,000)`,
    '',
  ].join('\n');
}

type Figure = 'pointsPerHour' | 'requestsPerHour' | 'mergeNoticedP95Seconds';

function row(label: string, name: Figure, report: Report, target?: number): readonly string[] {
  const { open200, open1000, naive } = report;
  const all = [open200, open1000, naive.open200, naive.open1000].map((one) => shown(one[name]));
  const verdict = target === undefined ? ['', ''] : judged(open200[name], target);
  return [label, ...all, ...verdict];
}

function judged(value: number | null | undefined, target: number): readonly string[] {
  if (value === null || value === undefined) return [`≤ ${target}`, 'none was drawn'];
  return [`≤ ${target}`, value <= target ? 'met' : 'MISSED'];
}

function shown(value: number | null | undefined): string {
  if (value === null || value === undefined) return '–';
  return value >= 100 ? Math.round(value).toLocaleString('en') : String(Number(value.toFixed(1)));
}

function perHour({ minutes }: Span, count: number): number {
  return Math.round((count * 60) / minutes);
}

function p95(all: readonly Pick<Noticed, 'seconds'>[]): number | null {
  const sorted = all.map(({ seconds }) => seconds).toSorted((a, b) => a - b);
  const found = sorted[Math.ceil(sorted.length * 0.95) - 1];
  return found === undefined ? null : Number(found.toFixed(1));
}

function mixWords(): string {
  const { checksRunning, touchedWithin2Hours, touchedWithin7Days, olderThan7Days } = mix;
  const percent = (part: number): string => `${Math.round(part * 100)} %`;
  return (
    `${percent(checksRunning)} with checks running, ${percent(touchedWithin2Hours)} touched ` +
    `within 2 hours, ${percent(touchedWithin7Days)} within 7 days, ` +
    `${percent(olderThan7Days)} before; all wait for a review`
  );
}

function seen({ temperatures: found }: Watched): string {
  return temperatures.map((one) => `${found[one]} ${one}`).join(', ');
}

function words([from, below]: readonly [number, number]): string {
  return `${from / 1000} to ${below / 1000} s`;
}
