/**
 * Seeds that once failed, each with what it had found.
 */
import type { Scenario } from './scenario.ts';

export const regressions: readonly Scenario[] = [];
