/**
 * Faults: what may go wrong, how often in this world, and how often it did. Every kind has a
 * stable name; a run of many seeds that hardly injected one of them proves nothing about it.
 *
 * F1 A kind that is off draws nothing. F2 `heal` ends all of them for good.
 * F3 A fault is counted when it happened, not when it was planned.
 */
import { forgeFaultKinds, forgeRate, isForgeFault } from './forge-faults.ts';
import { isOutsiderFault, outsiderFaultKinds, outsiderRate } from './outsider-faults.ts';
import type { SeededRandom } from './random.ts';

export const faultKinds = [
  'crash_server_before_commit',
  'crash_server_after_commit',
  'crash_runner',
  'crash_both',
  'call_lost',
  'call_duplicated',
  'call_answer_lost',
  'fact_lost_once',
  'fact_duplicated',
  'fact_delayed',
  'fact_reordered',
  'stale_runner_fact',
  'stale_submission',
  'clock_jump_forward',
  'clock_jump_back',
  'agent_crash',
  'agent_hang',
  'agent_lie',
  'agent_start_failure',
  'gate_flaky',
  'gate_could_not_run',
  'target_moved_during_gates',
  'push_rejected',
  'push_result_lost',
  'remote_unreachable',
  'setup_failure',
  'runner_disconnect',
  'storage_full',
  ...forgeFaultKinds,
  ...outsiderFaultKinds,
] as const;

export type FaultKind = (typeof faultKinds)[number];

export type FaultCounts = Readonly<Record<FaultKind, number>>;

/** How often out of a thousand opportunities; the opportunities of the kinds differ. */
const baseRate: FaultCounts = {
  crash_server_before_commit: 25,
  crash_server_after_commit: 25,
  crash_runner: 12,
  crash_both: 8,
  call_lost: 80,
  call_duplicated: 80,
  call_answer_lost: 80,
  fact_lost_once: 60,
  fact_duplicated: 80,
  fact_delayed: 60,
  fact_reordered: 80,
  stale_runner_fact: 25,
  stale_submission: 25,
  clock_jump_forward: 15,
  clock_jump_back: 15,
  agent_crash: 150,
  agent_hang: 100,
  agent_lie: 150,
  agent_start_failure: 120,
  gate_flaky: 250,
  gate_could_not_run: 250,
  target_moved_during_gates: 350,
  push_rejected: 250,
  push_result_lost: 300,
  remote_unreachable: 15,
  setup_failure: 80,
  runner_disconnect: 12,
  storage_full: 12,
  ...forgeRate,
  ...outsiderRate,
};

export function isFaultKind(text: string): text is FaultKind {
  return faultKinds.some((kind) => kind === text);
}

export function noCounts(): Record<FaultKind, number> {
  return tally(() => 0);
}

/** A record with every kind, from a function of the kind. */
function tally(value: (kind: FaultKind) => number): Record<FaultKind, number> {
  return { ...baseRate, ...Object.fromEntries(faultKinds.map((kind) => [kind, value(kind)])) };
}

export class Faults {
  readonly #random: SeededRandom;
  readonly #forgeRandom: SeededRandom;
  readonly #outsiderRandom: SeededRandom;
  readonly #rates: FaultCounts;
  readonly counts: Record<FaultKind, number> = noCounts();
  readonly #forced = new Map<FaultKind, { skip: number; times: number }>();
  #healed = false;

  /** Each world has about half of the allowed kinds, each at its own intensity. */
  constructor(
    random: SeededRandom,
    allowed: readonly FaultKind[],
    forgeRandom = random,
    others = 1,
    outsiderRandom = forgeRandom,
  ) {
    this.#random = random;
    this.#forgeRandom = forgeRandom;
    this.#outsiderRandom = outsiderRandom;
    const only = allowed.length <= 3;
    this.#rates = tally((kind) => {
      const intensity = this.#streamOf(kind).pick([0, 0, 0.5, 1, 2]);
      if (!allowed.includes(kind)) return 0;
      // A push is rare enough as it is.
      const isWhole = isForgeFault(kind) || isOutsiderFault(kind) || kind.startsWith('push_');
      const part = isWhole ? 1 : others;
      return Math.round(baseRate[kind] * (only ? Math.max(1, intensity) : intensity * part));
    });
  }

  /** Does it happen here? Counted if so. */
  happens(kind: FaultKind): boolean {
    if (!this.mayHappen(kind)) return false;
    this.counts[kind] += 1;
    return true;
  }

  /** As `happens`, but the caller counts it once it took effect. F3 */
  mayHappen(kind: FaultKind): boolean {
    const forced = this.#forced.get(kind);
    if (forced !== undefined && !this.#healed) return take(forced);
    return !this.#healed && this.#rates[kind] > 0 && this.#streamOf(kind).chance(this.#rates[kind]);
  }

  /** For scripts: lets `skip` opportunities pass, then takes the next `times`, then no more. */
  force(kind: FaultKind, times = 1, skip = 0): void {
    this.#forced.set(kind, { skip, times });
  }

  count(kind: FaultKind): void {
    this.counts[kind] += 1;
  }

  /** Worlds without a forge, or without outsiders, draw as they always did. */
  #streamOf(kind: FaultKind): SeededRandom {
    if (isOutsiderFault(kind)) return this.#outsiderRandom;
    return isForgeFault(kind) ? this.#forgeRandom : this.#random;
  }

  get healed(): boolean {
    return this.#healed;
  }

  heal(): void {
    this.#healed = true;
  }
}

function take(forced: { skip: number; times: number }): boolean {
  if (forced.skip > 0) {
    forced.skip -= 1;
    return false;
  }
  if (forced.times === 0) return false;
  forced.times -= 1;
  return true;
}
