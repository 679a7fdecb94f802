/**
 * What is asked of the forge and of git for one pull request, each with its footprint.
 *
 * L1 Opening looks first: the forge port adopts what exists for the head branch.
 * L5 A publish names the head we published last; git refuses what is not on top of it.
 */
import type { ForgeCall, Plan } from '../action.ts';
import { assert } from '../assert.ts';
import type { Failure } from '../failure.ts';
import { callId, type Commit } from '../ids.ts';
import type { JobSpec } from '../job.ts';
import { landingMessage } from '../landing-message.ts';
import { limits } from '../limits.ts';
import type { ForgeFootprint, MergeRequest } from '../merge-request.ts';
import { act, insert, rest, update, wait } from '../plan.ts';
import { pullBody, pullTitle, pullTrailer } from '../pull-words.ts';
import { after } from '../time.ts';
import type { MergeRequestView } from '../view.ts';
import { jobFailed } from './landing-build.ts';
import { landingRig } from './landing-slot.ts';
import { newJob } from './new-job.ts';
import { pullRefOf } from './pull-ref.ts';

export function publish(view: MergeRequestView): Plan {
  const { mergeRequest, job, rig, bead } = view;
  const { head } = mergeRequest;
  assert(head !== null, `${mergeRequest.id} has no head to publish`);
  if (rig.consentAt === null) {
    return rest(wait('human', [`rig:${rig.id}`], { because: 'consent' }));
  }
  if (job === null || job.spec.kind !== 'publish' || job.spec.head !== head) {
    return startJob(view, {
      kind: 'publish',
      rig: landingRig(view),
      branch: mergeRequest.branch,
      bead: bead.id,
      head,
      expectedRemoteHead: mergeRequest.published,
    });
  }
  if (job.status !== 'done') return rest(wait('call', [job.id], { op: 'publish' }));
  const { result } = job;
  assert(result !== null, `${job.id} is done without a result`);
  if (result.kind === 'failed') return jobFailed(view, result.failure);
  assert(result.kind === 'publish', `${job.id} answered as a ${result.kind}`);
  const { answer } = result;
  switch (answer.is) {
    case 'published':
      return act(
        set(
          mergeRequest,
          { published: answer.head, publishedAt: view.now, job: null, readAt: readSoon(view) },
          'published',
        ),
      );
    case 'moved':
      return takeStrangers(view, answer.remoteHead);
    case 'taken':
      return ask(view, {
        kind: 'branch_taken',
        helps: 'person',
        branch: mergeRequest.branch,
        remoteHead: answer.remoteHead,
      });
    case 'refused':
      return ask(view, answer.failure);
  }
}

/** Somebody else pushed to our branch: their commits are taken in, or a person is asked. */
export function takeStrangers(view: MergeRequestView, shown: Commit): Plan {
  const { mergeRequest, job, bead, settings } = view;
  const { published } = mergeRequest;
  // A forge may show an older head for a moment after our own push.
  if (published === null || shown === published) {
    return rest(wait('poll', [mergeRequest.account], { because: 'head' }));
  }
  if (settings.strangerCommits === 'ask' && !mergeRequest.adopted) {
    return rest(wait('human', [mergeRequest.id], { because: 'stranger_commits' }));
  }
  if (job === null || job.spec.kind !== 'take' || job.spec.head !== shown) {
    const { branch } = mergeRequest;
    const rig = landingRig(view);
    return startJob(view, { kind: 'take', rig, branch, bead: bead.id, head: shown, published });
  }
  if (job.status !== 'done') return rest(wait('call', [job.id], { op: 'take' }));
  const { result } = job;
  assert(result !== null, `${job.id} is done without a result`);
  if (result.kind === 'failed') return jobFailed(view, result.failure);
  assert(result.kind === 'take', `${job.id} answered as a ${result.kind}`);
  if (result.answer.is === 'refused') return ask(view, result.answer.failure);
  return taken(view, result.answer.head);
}

/** What we had not published yet is not lost: the bead merges it with what was pushed meanwhile. */
function taken(view: MergeRequestView, head: Commit): Plan {
  const { mergeRequest } = view;
  const pending = mergeRequest.head;
  if (pending === null || pending === mergeRequest.published || pending === head) {
    return act(set(mergeRequest, headOf(head, view), 'stranger_commits'));
  }
  const failure: Failure = {
    kind: 'submission_not_descendant',
    helps: 'no',
    head: pending,
    published: head,
  };
  const { published, publishedAt } = headOf(head, view);
  assert(published === head && publishedAt !== undefined, 'a taken head');
  const back = { stage: 'changes_requested' as const, failures: [failure], job: null };
  return act(set(mergeRequest, { ...back, published, publishedAt }, 'stranger_commits'));
}

/** A head that is already on the branch, and was judged by nobody yet. */
export function headOf(head: Commit, view: MergeRequestView): Partial<MergeRequest> {
  return {
    head,
    published: head,
    publishedAt: view.now,
    stage: 'queued',
    candidate: null,
    gates: [],
    job: null,
    targetJob: null,
    green: null,
    failures: [],
  };
}

export function openPull(view: MergeRequestView): Plan {
  const { mergeRequest, settings, rig } = view;
  const { head } = mergeRequest;
  assert(head !== null && rig.forge !== null, `${mergeRequest.id} cannot be opened`);
  return call(view, 'open', (id) => ({
    op: 'open_pull',
    callId: id,
    rig: rig.id,
    project: projectOf(view),
    mergeRequest: mergeRequest.id,
    spec: {
      headBranch: mergeRequest.branch,
      baseBranch: mergeRequest.target,
      head,
      title: pullTitle(view.bead),
      body: pullBody(view),
      trailer: pullTrailer(view.town, view.bead),
      draft: settings.draft,
      labels: settings.labels,
      reviewers: settings.reviewers,
    },
  }));
}

export function merge(view: MergeRequestView, expectedHead: Commit): Plan {
  const { mergeRequest, now } = view;
  if (mergeRequest.notBefore !== null && mergeRequest.notBefore > now) {
    const until = mergeRequest.notBefore;
    return rest(wait('backoff', [], { tries: mergeRequest.mergeTries }, until));
  }
  const guarded = guard(view, expectedHead);
  if (guarded !== null) return guarded;
  if (mergeRequest.stage !== 'landing') {
    return act(set(mergeRequest, { stage: 'landing' }, 'landing'));
  }
  const ref = pullRefOf(mergeRequest, view.rig);
  assert(ref !== null, `${mergeRequest.id} has no pull request to merge`);
  return call(view, 'merge', (id) => ({
    op: 'merge_pull',
    callId: id,
    rig: view.rig.id,
    project: projectOf(view),
    mergeRequest: mergeRequest.id,
    ref,
    expectedHead,
    method: mergeRequest.method,
    title: pullTitle(view.bead),
    message: landingMessage(view.bead, mergeRequest),
  }));
}

/**
 * Whose commits are these? Asked of git once more right before the merge: publishing the
 * published head pushes nothing and guards everything.
 */
function guard(view: MergeRequestView, head: Commit): Plan | null {
  const { mergeRequest, job } = view;
  const asked =
    job !== null &&
    job.spec.kind === 'publish' &&
    job.spec.head === head &&
    job.spec.expectedRemoteHead === head;
  if (!asked) {
    const { branch } = mergeRequest;
    const bead = view.bead.id;
    const rig = landingRig(view);
    const spec = { kind: 'publish' as const, rig, branch, bead, head, expectedRemoteHead: head };
    return startJob(view, spec);
  }
  if (job.status !== 'done') return rest(wait('call', [job.id], { op: 'publish' }));
  const { result } = job;
  assert(result !== null, `${job.id} is done without a result`);
  if (result.kind === 'failed') return jobFailed(view, result.failure);
  assert(result.kind === 'publish', `${job.id} answered as a ${result.kind}`);
  const { answer } = result;
  if (answer.is === 'published') return null;
  return answer.is === 'refused'
    ? ask(view, answer.failure)
    : takeStrangers(view, answer.remoteHead);
}

export function readFeedback(view: MergeRequestView): Plan {
  const { mergeRequest } = view;
  const ref = pullRefOf(mergeRequest, view.rig);
  assert(ref !== null, `${mergeRequest.id} has no pull request to read`);
  return call(view, 'feedback', (id) => ({
    op: 'read_feedback',
    callId: id,
    rig: view.rig.id,
    project: projectOf(view),
    mergeRequest: mergeRequest.id,
    ref,
  }));
}

/** The footprint first, in the same commit; the call leaves after it. */
function call(
  view: MergeRequestView,
  op: ForgeFootprint['op'],
  build: (id: ForgeFootprint['callId']) => ForgeCall,
): Plan {
  const { mergeRequest, now } = view;
  const { forgeCall } = mergeRequest;
  if (forgeCall !== null && forgeCall.deadline > now) {
    return rest(wait('call', [mergeRequest.account], { op: forgeCall.op }, forgeCall.deadline));
  }
  const number = mergeRequest.mergeTries;
  const id = callId(`${mergeRequest.id}:${op}:${mergeRequest.head ?? ''}:${number}`);
  const footprint = { op, callId: id, deadline: after(now, limits.forgeCallMs) };
  return act(set(mergeRequest, { forgeCall: footprint }, op), { do: 'call', call: build(id) });
}

export function ask(view: MergeRequestView, failure: Failure): Plan {
  const { mergeRequest } = view;
  const aside = { stage: 'queued' as const, job: null, failures: [failure] };
  return act(set(mergeRequest, aside, failure.kind), {
    do: 'escalate',
    dedupeKey: `${mergeRequest.id}:landing`,
    bind: true,
    severity: 'failure',
    subject: mergeRequest.id,
    failure,
    question: null,
  });
}

export function startJob(view: MergeRequestView, spec: JobSpec): Plan {
  const { mergeRequest, rig } = view;
  const job = newJob(view, { rig: rig.id, subject: mergeRequest.id, spec });
  return act(insert('job', job, spec.kind), set(mergeRequest, { job: job.id }, spec.kind));
}

function projectOf(view: MergeRequestView) {
  const { forge } = view.rig;
  assert(forge !== null, `${view.rig.id} is on no forge`);
  return { ...forge, path: view.mergeRequest.prProject ?? forge.path };
}

/** After our own push the pull request is read at once: its checks begin now. */
function readSoon(view: MergeRequestView) {
  return view.mergeRequest.pr === 'open' ? view.now : view.mergeRequest.readAt;
}

function set(request: MergeRequest, columns: Partial<MergeRequest>, why: string) {
  return update('merge_request', request.id, columns, why);
}
