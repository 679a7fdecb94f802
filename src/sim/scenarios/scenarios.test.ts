/**
 * Every scenario passes: nothing a checker or the script itself complains about.
 */
import { describe, expect, test } from 'vitest';
import { scenarios } from './index.ts';

describe('scenarios', () => {
  for (const scenario of scenarios) {
    test(`${scenario.name}: ${scenario.why}`, { timeout: 300_000 }, async () => {
      expect(await scenario.run()).toEqual([]);
    });
  }
});
