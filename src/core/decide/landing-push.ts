/**
 * The third step of a direct landing: push the approved candidate, and believe git alone.
 *
 * M5 `merged` only on the answer that the candidate is in the freshly fetched target; a push
 *    whose result was lost is found there by the repeat, and is never done twice.
 */
import type { Plan } from '../action.ts';
import { assert, unreachable } from '../assert.ts';
import { resultOf } from '../job.ts';
import { limits } from '../limits.ts';
import type { MergeRequest } from '../merge-request.ts';
import { act, insert, rest, update, wait } from '../plan.ts';
import type { MergeRequestView } from '../view.ts';
import { ask, jobFailed, landed } from './landing-build.ts';
import { landingRig } from './landing-slot.ts';
import { newJob } from './new-job.ts';

export function push(view: MergeRequestView): Plan {
  const { mergeRequest, job } = view;
  const { candidate } = mergeRequest;
  assert(candidate !== null, `${mergeRequest.id} is landing without a candidate`);
  if (job === null || job.kind !== 'push') {
    const { updateCheckout } = view.rig;
    const spec = { kind: 'push' as const, rig: landingRig(view), candidate, updateCheckout };
    const fresh = newJob(view, { rig: view.rig.id, subject: mergeRequest.id, spec });
    return act(insert('job', fresh, 'push'), set(mergeRequest, { job: fresh.id }, 'push'));
  }
  if (job.status !== 'done') return rest(wait('call', [job.id], { op: 'push' }));
  const result = resultOf(job, 'push');
  if (result.kind === 'failed') return jobFailed(view, result.failure);
  const { answer } = result;
  switch (answer.is) {
    case 'landed':
      return landed(view, answer);
    case 'moved':
      return lostRace(view);
    case 'refused':
      return ask(view, answer.failure);
    default:
      return unreachable(answer);
  }
}

/** The target moved: from the build again, which first asks whether the candidate is in it. */
function lostRace(view: MergeRequestView): Plan {
  const { mergeRequest } = view;
  const lostRaces = mergeRequest.lostRaces + 1;
  if (lostRaces >= limits.landingAttempts) {
    const { target } = mergeRequest;
    return ask(view, { kind: 'lost_races', helps: 'person', target, times: lostRaces });
  }
  return act(set(mergeRequest, { stage: 'queued', job: null, lostRaces }, 'target_moved'));
}

function set(request: MergeRequest, columns: Partial<MergeRequest>, why: string) {
  return update('merge_request', request.id, columns, why);
}
