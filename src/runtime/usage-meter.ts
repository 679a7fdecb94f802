/**
 * One agent's usage as absolute totals. Agents report differently: some the size of the context
 * while they work, some a turn's tokens at its end, some money, some nothing.
 *
 * U1 What it says only grows, so a late or repeated report does no harm.
 * U2 The size of the context is a lower bound of the tokens used, and counts when nothing better
 *    was reported.
 */
import { noUsage, type Usage } from '../core/attempt.ts';

/** What one report says; null where it says nothing. */
export interface UsageReport {
  /** Tokens in the context at this moment. */
  readonly contextTokens: number | null;
  /** Tokens of a turn that ended. */
  readonly turn: { readonly inputTokens: number; readonly outputTokens: number } | null;
  /** US dollars of the session so far. */
  readonly usd: number | null;
}

export class UsageMeter {
  #turns: Usage = noUsage;
  #contextTokens = 0;
  #usd: number | null = null;

  take(report: UsageReport): void {
    if (report.contextTokens !== null) {
      this.#contextTokens = Math.max(this.#contextTokens, Math.round(report.contextTokens));
    }
    if (report.turn !== null) {
      this.#turns = {
        inputTokens: this.#turns.inputTokens + Math.round(report.turn.inputTokens),
        outputTokens: this.#turns.outputTokens + Math.round(report.turn.outputTokens),
        usd: null,
      };
    }
    if (report.usd !== null) this.#usd = Math.max(this.#usd ?? 0, report.usd); // U1
  }

  total(): Usage {
    const { inputTokens, outputTokens } = this.#turns;
    const unreported = Math.max(0, this.#contextTokens - inputTokens - outputTokens); // U2
    return { inputTokens: inputTokens + unreported, outputTokens, usd: this.#usd };
  }
}

/** Which limit was crossed, or null. */
export function overBudget(
  usage: Usage,
  limit: { readonly tokensMax: number | null; readonly usdMax: number | null },
): { unit: 'tokens' | 'usd'; limit: number; used: number } | null {
  const tokens = usage.inputTokens + usage.outputTokens;
  if (limit.tokensMax !== null && tokens > limit.tokensMax) {
    return { unit: 'tokens', limit: limit.tokensMax, used: tokens };
  }
  if (limit.usdMax !== null && usage.usd !== null && usage.usd > limit.usdMax) {
    return { unit: 'usd', limit: limit.usdMax, used: usage.usd };
  }
  return null;
}
