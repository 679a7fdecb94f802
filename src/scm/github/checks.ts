/**
 * GitHub's checks and statuses as one tally. Pure.
 *
 * K1 Of several runs of one check of one workflow the newest counts; what two workflows call by one
 *    name are two checks. K2 `neutral` and `skipped` pass; `cancelled`, `stale`, what is expected
 *    and every word we do not know are pending: never green.
 * K3 What is required and not there yet is `missing`. Without the branch's rules nobody can tell,
 *    unless GitHub itself calls this head mergeable: then nothing is missing.
 */
import type { Checks, CheckTally, FailingCheck } from '../../core/pull-request.ts';
import type { ContextNode } from './fields.ts';

/** K3 */
export function checksFrom(
  contexts: readonly ContextNode[],
  required: readonly string[] | null,
  mergeableNow: boolean,
): Checks {
  const newest = newestOf(contexts);
  const isRequired = (node: ContextNode): boolean =>
    node.isRequired === true || (required ?? []).includes(nameOf(node));
  const present = newest.map(nameOf);
  const missing = (required ?? []).filter((name) => !present.includes(name)).length;
  const canTell = required !== null || mergeableNow;
  return {
    required: canTell
      ? { ...tallyOf(newest.filter(isRequired)), missing: mergeableNow ? 0 : missing }
      : null,
    all: { ...tallyOf(newest), missing: mergeableNow ? 0 : missing },
    failing: newest.filter((node) => verdictOf(node) === 'failed').map(failingOf),
  };
}

/** K1 */
export function newestOf(contexts: readonly ContextNode[]): readonly ContextNode[] {
  const newest = new Map<string, ContextNode>();
  for (const node of contexts) {
    const { app, id, workflowRun } = node.checkSuite ?? {};
    const { event, workflow } = workflowRun ?? {};
    const parts = [node.__typename, app?.slug, id, event, workflow?.name, nameOf(node)];
    const key = JSON.stringify(parts);
    const known = newest.get(key);
    if (known === undefined || (node.databaseId ?? 0) >= (known.databaseId ?? 0)) {
      newest.set(key, node);
    }
  }
  return [...newest.values()];
}

function tallyOf(contexts: readonly ContextNode[]): CheckTally {
  const count = (wanted: Verdict) => contexts.filter((node) => verdictOf(node) === wanted).length;
  return {
    passed: count('passed'),
    failed: count('failed'),
    pending: count('pending'),
    missing: 0,
  };
}

type Verdict = 'passed' | 'failed' | 'pending';

/** K2 */
export function verdictOf(node: ContextNode): Verdict {
  if (node.__typename === 'StatusContext') {
    if (node.state === 'SUCCESS') return 'passed';
    return node.state === 'FAILURE' || node.state === 'ERROR' ? 'failed' : 'pending';
  }
  if (node.status !== 'COMPLETED') return 'pending';
  switch (node.conclusion ?? '') {
    case 'SUCCESS':
    case 'NEUTRAL':
    case 'SKIPPED':
      return 'passed';
    case 'FAILURE':
    case 'TIMED_OUT':
    case 'STARTUP_FAILURE':
    case 'ACTION_REQUIRED':
      return 'failed';
    default:
      return 'pending';
  }
}

export function nameOf(node: ContextNode): string {
  return node.name ?? node.context ?? '';
}

export function failingOf(node: ContextNode): FailingCheck {
  return {
    name: nameOf(node) || 'check',
    url: node.detailsUrl ?? node.targetUrl ?? null,
    id: node.databaseId?.toString() ?? null,
  };
}
