/**
 * All scenarios, run by the tests one by one.
 */
import { killScenarios } from './kills.ts';
import { landingScenarios } from './landing.ts';
import { outsiderScenarios } from './outsiders.ts';
import { pullScenarios } from './pulls.ts';
import { regressions } from './regressions.ts';
import type { Scenario } from './scenario.ts';
import { spendingScenarios } from './spending.ts';
import { withdrawalScenarios } from './withdrawals.ts';

export const scenarios: readonly Scenario[] = [
  ...landingScenarios,
  ...spendingScenarios,
  ...killScenarios,
  ...pullScenarios,
  ...outsiderScenarios,
  ...withdrawalScenarios,
  ...regressions,
];
