/**
 * Budgets: tokens and money at bead, rig and town. Pure; the first scope that is used up wins.
 *
 * P9 Overshoot is at most one usage report: the runner is told what is left with the launch, and
 * the town looks again at every report.
 */
import type { Usage } from './attempt.ts';
import type { Bead } from './bead.ts';
import type { FailureOf } from './failure.ts';
import type { Rig } from './rig.ts';
import type { Settings } from './settings.ts';
import type { Town } from './town.ts';

type Scope = 'bead' | 'rig' | 'town';

export interface Spenders {
  readonly bead: Bead;
  readonly rig: Rig;
  readonly town: Town;
}

/** The failure of the first exhausted budget, or null while there is some left everywhere. */
export function overBudget(
  spenders: Spenders,
  settings: Settings,
): FailureOf<'over_budget'> | null {
  return allOverBudget(spenders, settings)[0] ?? null;
}

/** One failure for each scope whose budget is exhausted. */
export function allOverBudget(
  spenders: Spenders,
  settings: Settings,
): readonly FailureOf<'over_budget'>[] {
  return (['bead', 'rig', 'town'] as const).flatMap((scope) => {
    const usage = spenders[scope].usage;
    const found =
      over(scope, 'tokens', settings[`budget.${scope}.tokens`], tokensOf(usage)) ??
      over(scope, 'usd', settings[`budget.${scope}.usd`], usage.usd ?? 0);
    return found === null ? [] : [found];
  });
}

export function tokensOf(usage: Usage): number {
  return usage.inputTokens + usage.outputTokens;
}

function over(
  scope: Scope,
  unit: 'tokens' | 'usd',
  limit: number | null,
  used: number,
): FailureOf<'over_budget'> | null {
  if (limit === null || used < limit) return null;
  return { kind: 'over_budget', helps: 'person', scope, unit, limit, used };
}
