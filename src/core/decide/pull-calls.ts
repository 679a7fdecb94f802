/**
 * What is asked of the forge and of git for one pull request, each with its footprint.
 *
 * L1 Opening looks first: the forge port adopts what exists for the head branch.
 * L5 A publish names the head we published last; git refuses what is not on top of it.
 */
import type { ForgeCall, Plan } from '../action.ts';
import { forkRefOf } from '../adoption.ts';
import { assert } from '../assert.ts';
import type { Failure } from '../failure.ts';
import type { OpenSpec } from '../forge-answers.ts';
import { callId, type Commit } from '../ids.ts';
import { resultOf, type JobSpec } from '../job.ts';
import { landingMessage } from '../landing-message.ts';
import { limits } from '../limits.ts';
import type { ForgeFootprint, MergeRequest } from '../merge-request.ts';
import { act, insert, rest, update, wait } from '../plan.ts';
import { pullBody, pullTitle, pullTrailer } from '../pull-words.ts';
import { after, type Instant } from '../time.ts';
import type { MergeRequestView } from '../view.ts';
import type { Wait } from '../wait.ts';
import { ask, jobFailed } from './landing-build.ts';
import { landingRig } from './landing-slot.ts';
import { newJob } from './new-job.ts';
import { pullRefOf } from './pull-ref.ts';
import { unlessOf } from './pull-rival.ts';
import { askAboutStrangers, questionOver } from './pull-strangers.ts';

export function publish(view: MergeRequestView): Plan {
  const { mergeRequest, job, rig, bead } = view;
  const { head } = mergeRequest;
  assert(head !== null, `${mergeRequest.id} has no head to publish`);
  if (rig.consentAt === null) {
    return rest(wait('human', [`rig:${rig.id}`], { because: 'consent' }));
  }
  const takes = taking(view);
  if (takes !== null) return takes;
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
  const result = resultOf(job, 'publish');
  if (result.kind === 'failed') return jobFailed(view, result.failure);
  const { answer } = result;
  switch (answer.is) {
    case 'published':
      return act(
        set(
          mergeRequest,
          {
            published: answer.head,
            publishedAt: view.now,
            replaced: mergeRequest.published,
            job: null,
            mergeTries: 0,
            readAt: readSoon(view),
          },
          'published',
        ),
      );
    case 'moved':
      return takeStrangers(view, answer.remoteHead);
    case 'gone':
      return branchGone(view, job.endedAt);
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

/** Nothing of it is on the remote, as far as we know. */
export const unpublished = { published: null, publishedAt: null, replaced: null };

/**
 * Without a pull request nothing but our own push was deleted, and it is made again. With one the
 * forge has closed it: that is what the next read says, and a person is asked.
 */
function branchGone({ mergeRequest }: MergeRequestView, foundAt: Instant | null): Plan {
  const { prNumber, snapshot, account } = mergeRequest;
  if (prNumber === null) {
    return act(set(mergeRequest, { ...unpublished, job: null }, 'branch_gone'));
  }
  const isSeenSince = snapshot !== null && foundAt !== null && snapshot.observedAt > foundAt;
  if (isSeenSince) return act(set(mergeRequest, { job: null }, 'branch_back'));
  return rest(wait('poll', [account], { because: 'branch_gone' }));
}

/** Somebody else pushed to our branch: their commits are taken in, or a person is asked. */
export function takeStrangers(view: MergeRequestView, shown: Commit): Plan {
  const { mergeRequest, settings } = view;
  const { published } = mergeRequest;
  if (published === null || shown === published) {
    return rest(wait('poll', [mergeRequest.account], { because: 'head' }));
  }
  const lag = lagOf(view, shown);
  if (lag !== null) return rest(wait('poll', [mergeRequest.account], { because: 'head' }, lag));
  if (settings.strangerCommits === 'ask' && !mergeRequest.adopted) {
    const asks = askAboutStrangers(view, shown);
    if (asks !== null) return asks;
  }
  const asked = askGit(view, shown, isAllTheirs(mergeRequest) ? shown : published);
  return 'actions' in asked ? asked : taken(view, asked.head);
}

/** Nothing an agent wrote is on it: its author may rewrite it, as authors do. */
function isAllTheirs({ adopted, repairs, submittedBy }: MergeRequest): boolean {
  // Of one that took the place of ours, what was handed in before is on another branch.
  return adopted && (!repairs || submittedBy === null);
}

/** The first look at an adopted one: nothing of it was ever ours. */
export function firstTake(view: MergeRequestView): Plan | null {
  const { adopted, published, head, snapshot } = view.mergeRequest;
  const shown = snapshot?.head ?? head;
  if (!adopted || published !== null || shown === null) return null;
  const asked = askGit(view, shown, shown);
  return 'actions' in asked ? asked : taken(view, asked.head);
}

/** Brings a head in and asks whose it is: a plan until git has answered that it may be. */
function askGit(view: MergeRequestView, shown: Commit, published: Commit) {
  const { mergeRequest, job, bead } = view;
  if (job === null || job.spec.kind !== 'take' || job.spec.head !== shown) {
    const { branch } = mergeRequest;
    const fork = forkRefOf(mergeRequest);
    const spec = { rig: landingRig(view), branch, bead: bead.id, head: shown, published };
    const from = fork === null ? {} : { from: fork };
    return startJob(view, { kind: 'take', ...spec, ...from });
  }
  if (job.status !== 'done') return rest(wait('call', [job.id], { op: 'take' }));
  const result = resultOf(job, 'take');
  if (result.kind === 'failed') return jobFailed(view, result.failure);
  if (result.answer.is === 'refused') return ask(view, result.answer.failure);
  return { head: result.answer.head };
}

/** A forge may show what our own push replaced for a moment; after that, somebody put it back. */
function lagOf({ mergeRequest, now }: MergeRequestView, shown: Commit) {
  const { replaced, publishedAt } = mergeRequest;
  if (publishedAt === null || shown !== replaced) return null;
  const until = after(publishedAt, limits.forgeLagMs);
  return until > now ? until : null;
}

/**
 * Git found somebody else's commits before the forge showed them: taking them in goes on, or the
 * push and the taking would start each other anew for as long as the forge cannot be read.
 */
function taking(view: MergeRequestView): Plan | null {
  const { job, mergeRequest } = view;
  if (job?.spec.kind !== 'take') return null;
  const { head, published } = job.spec;
  const isNew = published === head && head !== mergeRequest.published;
  return isNew || published === mergeRequest.published ? takeStrangers(view, head) : null;
}

/** What we had not published yet is not lost: the bead merges it with what was pushed meanwhile. */
function taken(view: MergeRequestView, head: Commit): Plan {
  const { mergeRequest } = view;
  const pending = mergeRequest.head;
  const isFirst = mergeRequest.published === null;
  if (isFirst || pending === null || pending === mergeRequest.published || pending === head) {
    // The forge may go on showing what was there before for a moment.
    const seen = { replaced: mergeRequest.published, readAt: view.now };
    const columns = { ...headOf(head, view), ...seen };
    return act(...questionOver(view), set(mergeRequest, columns, 'stranger_commits'));
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
  const columns = { ...back, published, publishedAt };
  return act(...questionOver(view), set(mergeRequest, columns, 'stranger_commits'));
}

/** A head that is already on the branch, and was judged by nobody yet. */
export function headOf(head: Commit, view: MergeRequestView): Partial<MergeRequest> {
  return {
    head,
    published: head,
    publishedAt: view.now,
    replaced: null,
    stage: 'queued',
    candidate: null,
    gates: [],
    job: null,
    targetJob: null,
    green: null,
    failures: [],
  };
}

/** L1. `leave`: what was opened is looked for, and nothing is made. */
export function openPull(view: MergeRequestView, missing: OpenSpec['missing'] = 'create'): Plan {
  const { mergeRequest, settings, rig } = view;
  const { head } = mergeRequest;
  assert(head !== null && rig.forge !== null, `${mergeRequest.id} cannot be opened`);
  return forgeCall(view, 'open', (id) => ({
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
      labels: missing === 'create' ? settings.labels : [],
      reviewers: missing === 'create' ? settings.reviewers : [],
      unless: unlessOf(view),
      missing,
    },
  }));
}

export function merge(view: MergeRequestView, expectedHead: Commit): Plan {
  const { mergeRequest } = view;
  const pause = pausedUntil(view);
  if (pause !== null) {
    return rest(wait('backoff', [], { tries: mergeRequest.mergeTries }, pause));
  }
  const refused = mergeRequest.escalation === null ? null : afterRefusal(view);
  if (refused !== null) return refused;
  const guarded = guard(view, expectedHead);
  if (guarded !== null) return guarded;
  if (mergeRequest.stage !== 'landing') {
    return act(set(mergeRequest, { stage: 'landing' }, 'landing'));
  }
  const ref = pullRefOf(mergeRequest, view.rig);
  assert(ref !== null, `${mergeRequest.id} has no pull request to merge`);
  const build = (id: ForgeFootprint['callId']): ForgeCall => ({
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
  });
  const asked = (until: Instant) => ({ mergeAsked: { head: expectedHead, until }, dequeued: null });
  return forgeCall(view, 'merge', build, {}, asked);
}

/** The forge refused so often that a person was asked: nothing is tried before the answer. */
function afterRefusal({ mergeRequest, escalation }: MergeRequestView): Plan {
  assert(escalation !== null, `${mergeRequest.id} waits for an escalation that is gone`);
  if (escalation.status !== 'resolved') return rest(wait('human', [escalation.id]));
  return act(set(mergeRequest, { escalation: null, failures: [] }, 'answered'));
}

/**
 * Whose commits are these? Asked of git once more right before the merge: publishing the
 * published head pushes nothing and guards everything.
 */
function guard(view: MergeRequestView, head: Commit): Plan | null {
  const { mergeRequest, job } = view;
  if (forkRefOf(mergeRequest) !== null) {
    // A fork's branch is never pushed to: git is asked by taking the same head again.
    const again = askGit(view, head, head);
    return 'actions' in again ? again : null;
  }
  const takes = taking(view);
  if (takes !== null) return takes;
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
  const result = resultOf(job, 'publish');
  if (result.kind === 'failed') return jobFailed(view, result.failure);
  const { answer } = result;
  if (answer.is === 'published') return null;
  if (answer.is === 'refused') return ask(view, answer.failure);
  if (answer.is === 'gone') return branchGone(view, job.endedAt);
  return takeStrangers(view, answer.remoteHead);
}

export function readFeedback(view: MergeRequestView, glance: string): Plan {
  const build = (id: ForgeFootprint['callId']) => feedbackCall(view, id);
  return forgeCall(view, 'feedback', build, { glance });
}

function feedbackCall(view: MergeRequestView, id: ForgeFootprint['callId']): ForgeCall {
  const { mergeRequest } = view;
  const ref = pullRefOf(mergeRequest, view.rig);
  assert(ref !== null, `${mergeRequest.id} has no pull request to read`);
  return {
    op: 'read_feedback',
    callId: id,
    rig: view.rig.id,
    project: projectOf(view),
    mergeRequest: mergeRequest.id,
    ref,
  };
}

/** A call that failed is not made again before this. */
export function pausedUntil({ mergeRequest, now }: MergeRequestView) {
  const { notBefore } = mergeRequest;
  return notBefore !== null && notBefore > now ? notBefore : null;
}

/** What is waited for while this call may still be answered; null: it is not under way. */
export function callUnderWay(
  { mergeRequest, now }: MergeRequestView,
  ...ops: readonly ForgeFootprint['op'][]
): Wait | null {
  const { forgeCall: made, forgeReport, account } = mergeRequest;
  if (made === null || !ops.includes(made.op) || forgeReport !== null) return null;
  if (made.deadline <= now) return null;
  return wait('call', [account], { op: made.op }, made.deadline);
}

/** The footprint first, in the same commit; the call leaves after it. */
export function forgeCall(
  view: MergeRequestView,
  op: ForgeFootprint['op'],
  build: (id: ForgeFootprint['callId']) => ForgeCall,
  more: { readonly number?: number; readonly glance?: string } = {},
  columns: (deadline: Instant) => Partial<MergeRequest> = () => ({}),
): Plan {
  const { mergeRequest, now } = view;
  const { forgeCall: made } = mergeRequest;
  if (made !== null && made.deadline > now) {
    return rest(wait('call', [mergeRequest.account], { op: made.op }, made.deadline));
  }
  const pause = pausedUntil(view);
  if (pause !== null) return rest(wait('backoff', [], { because: op }, pause));
  const { number = mergeRequest.mergeTries, ...glance } = more;
  const id = callId(`${mergeRequest.id}:${op}:${mergeRequest.head ?? ''}:${number}`);
  const deadline = after(now, limits.forgeCallMs);
  const footprint = { op, callId: id, deadline, ...glance };
  return act(set(mergeRequest, { forgeCall: footprint, ...columns(deadline) }, op), {
    do: 'call',
    call: build(id),
  });
}

export function startJob(view: MergeRequestView, spec: JobSpec): Plan {
  const { mergeRequest, rig } = view;
  const job = newJob(view, { rig: rig.id, subject: mergeRequest.id, spec });
  return act(insert('job', job, spec.kind), set(mergeRequest, { job: job.id }, spec.kind));
}

export function projectOf(view: MergeRequestView) {
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
