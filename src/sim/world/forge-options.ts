/**
 * How a rig's repository is set on the forge, and how the town is set for it.
 */
import type { Settings } from '../../core/settings.ts';
import type { ForgeRules } from './forge-pull.ts';
import type { SeededRandom } from './random.ts';

export function forgeRules(random: SeededRandom): ForgeRules {
  const ci = random.chance(800);
  return {
    provider: random.pick(['github', 'github', 'gitlab', 'gitea'] as const),
    ci,
    required: ci && random.chance(700),
    readable: random.chance(700),
    approvals: random.pick([0, 0, 1]),
    queue: random.chance(300),
    strict: random.chance(300),
    webhooks: random.chance(600),
  };
}

export function forgeSettings(random: SeededRandom): Partial<Settings> {
  return {
    autoMerge: random.chance(800),
    autoMergeDelayMinutes: random.pick([0, 0, 2, 10]),
    checksPolicy: random.pick(['required', 'required', 'all', 'none', ['ci']] as const),
    strangerCommits: random.chance(750) ? 'accept' : 'ask',
    autoResolvePrFeedback: random.chance(800),
    autoResolveMergeConflicts: random.chance(800),
    deleteBranchAfterMerge: random.chance(700),
    draft: random.chance(80),
    ...(random.chance(120) ? { mergeStrategy: 'direct' as const } : {}),
  };
}
