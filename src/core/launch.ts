/**
 * The launch spec of one attempt, from the rows it depends on, and the hash that tells whether two
 * starts would be the same. Pure; the only place that fills a `LaunchSpec`.
 *
 * L1 The same rows give the same spec and the same hash, on every host and in every version.
 * L2 What is left of a budget is told with the launch: the least of bead, rig and town.
 * L3 `defaultModel` belongs to the default agent; a bead with another agent is not given it.
 */
import type { Usage } from './attempt.ts';
import type { Bead } from './bead.ts';
import { tokensOf, type Spenders } from './budget.ts';
import { attemptIdOf } from './ids.ts';
import { noAgent, type LaunchSpec, type RigRef } from './launch-spec.ts';
import { polecatPrompt } from './prompt.ts';
import type { Rig } from './rig.ts';
import { gatesOf, setupOf } from './setting-definitions.ts';
import type { Settings } from './settings.ts';
import type { Town } from './town.ts';

export interface Launch {
  readonly town: Town;
  readonly rig: Rig;
  readonly bead: Bead;
  /** Of the attempt, from 1. */
  readonly number: number;
  readonly settings: Settings;
  /** The best agent the runner found; null when it found none. Used when nobody chose one. */
  readonly defaultAgent: string | null;
}

export function buildLaunchSpec(launch: Launch): LaunchSpec {
  const { town, rig, bead, number, settings } = launch;
  const { agent, model } = agentFor(bead, settings, launch.defaultAgent);
  return {
    rig: rigRefOf(rig, town),
    bead: bead.id,
    attempt: attemptIdOf(bead.id, number),
    number,
    title: bead.title,
    round: roundsOf(bead),
    branch: bead.branch,
    base: bead.base,
    head: bead.round?.head ?? bead.submission?.head ?? null,
    agent,
    profile: settings.agents.find((profile) => profile.name === agent) ?? null,
    model,
    prompt: polecatPrompt({
      bead,
      target: rig.target,
      gates: gatesOf(settings, rig.report),
      customInstructions: settings.customInstructions,
      number,
    }),
    scope: bead.scope,
    setup: setupOf(settings, rig.report),
    isolation: {
      require: settings['isolation.require'],
      network: settings['isolation.network'],
    },
    author: settings['git.author'],
    signoff: settings['git.signoff'],
    env: settings.envVars,
    tokensMax: leastLeft(launch, 'tokens', tokensOf),
    usdMax: leastLeft(launch, 'usd', (usage) => usage.usd ?? 0),
  };
}

/** Who works on a bead, with which model; `noAgent` where nobody can. */
export function agentFor(
  bead: Pick<Bead, 'agent' | 'model'>,
  settings: Settings,
  found: string | null,
): { readonly agent: string; readonly model: string | null } {
  const usual = settings.defaultAgent ?? found ?? noAgent;
  const agent = bead.agent ?? usual;
  return { agent, model: bead.model ?? (agent === usual ? settings.defaultModel : null) }; // L3
}

export function rigRefOf(rig: Rig, town: Town): RigRef {
  return {
    rig: rig.id,
    tag: town.tag,
    remote: rig.remote,
    lends: rig.lends,
    target: rig.target,
  };
}

/** Over all causes. */
function roundsOf(bead: Bead): number {
  return Object.values(bead.rounds).reduce((sum, count) => sum + count, 0);
}

/** L2. Never below 0; null where no scope has a limit. */
function leastLeft(
  launch: Spenders & { readonly settings: Settings },
  unit: 'tokens' | 'usd',
  used: (usage: Usage) => number,
): number | null {
  const left = (['bead', 'rig', 'town'] as const).flatMap((scope) => {
    const limit = launch.settings[`budget.${scope}.${unit}`];
    return limit === null ? [] : [Math.max(0, limit - used(launch[scope].usage))];
  });
  return left.length === 0 ? null : Math.min(...left);
}

/**
 * 16 hexadecimal digits of a value's canonical JSON: keys sorted, absent ones left out. Two lanes
 * of 32 bits; it tells starts apart and protects against nobody. L1
 */
export function hashOf(value: unknown): string {
  const canonical = JSON.stringify(value, sortedKeys) ?? 'undefined';
  let one = 0x811c9dc5;
  let two = 0x9e3779b9;
  for (let index = 0; index < canonical.length; index += 1) {
    const unit = canonical.charCodeAt(index);
    one = Math.imul(one ^ unit, 0x01000193);
    two = Math.imul(two ^ unit, 0x85ebca6b);
    two ^= two >>> 13;
  }
  one = Math.imul(one ^ (one >>> 15), 0x735a2d97);
  two = Math.imul(two ^ (two >>> 16), 0xc2b2ae35);
  return hex(one ^ (two >>> 7)) + hex(two ^ (one >>> 11));
}

function hex(lane: number): string {
  return (lane >>> 0).toString(16).padStart(8, '0');
}

function sortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value);
  return Object.fromEntries(entries.sort(([a], [b]) => (a < b ? -1 : 1)));
}
