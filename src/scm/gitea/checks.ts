/**
 * Gitea's commit statuses as one tally: it has nothing else for checks. Pure.
 *
 * K1 Of several statuses of one context the newest counts. K2 Only `success` and `skipped` pass;
 *    `warning` and every word we do not know are pending: never green.
 * K3 A required context is a name or a pattern; one that nothing matches is missing.
 */
import type { Checks, CheckTally, FailingCheck } from '../../core/pull-request.ts';
import type { TeaStatus } from './shapes.ts';

/** `required` null: the branch's rules could not be read. */
export function checksFrom(
  statuses: readonly TeaStatus[],
  required: readonly string[] | null,
): Checks {
  const newest = newestOf(statuses);
  const missing = (required ?? []).filter((pattern) => !newest.some(matches(pattern))).length;
  const isRequired = (status: TeaStatus): boolean =>
    (required ?? []).some((pattern) => matches(pattern)(status));
  return {
    required: required === null ? null : { ...tallyOf(newest.filter(isRequired)), missing },
    all: { ...tallyOf(newest), missing },
    failing: failedStatuses(newest).map(failingOf),
  };
}

/** K1 */
function newestOf(statuses: readonly TeaStatus[]): readonly TeaStatus[] {
  const newest = new Map<string, TeaStatus>();
  for (const status of statuses) {
    const known = newest.get(status.context);
    if (known === undefined || known.id < status.id) newest.set(status.context, status);
  }
  return [...newest.values()];
}

export function failedStatuses(statuses: readonly TeaStatus[]): readonly TeaStatus[] {
  return newestOf(statuses).filter((status) => verdictOf(status) === 'failed');
}

export function failingOf({ context, target_url: url }: TeaStatus): FailingCheck {
  return { name: context, url: url === '' ? null : url, id: null };
}

type Verdict = 'passed' | 'failed' | 'pending';

/** K2 */
function verdictOf({ status }: TeaStatus): Verdict {
  switch (status) {
    case 'success':
    case 'skipped':
      return 'passed';
    case 'failure':
    case 'error':
      return 'failed';
    default:
      return 'pending';
  }
}

function tallyOf(statuses: readonly TeaStatus[]): Omit<CheckTally, 'missing'> & { missing: 0 } {
  const verdicts = statuses.map(verdictOf);
  const count = (wanted: Verdict): number => verdicts.filter((one) => one === wanted).length;
  return {
    passed: count('passed'),
    failed: count('failed'),
    pending: count('pending'),
    missing: 0,
  };
}

/** K3. Of patterns only `*` and `?` are understood: another one is matched by its own letters. */
function matches(pattern: string): (status: TeaStatus) => boolean {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, String.raw`\$&`);
  const whole = new RegExp(`^${escaped.replace(/\*+/g, '.*').replace(/\?/g, '.')}$`);
  return ({ context }) => context === pattern || whole.test(context);
}
