/**
 * Gitea's routes of pull requests, their reviews and comments.
 *
 * R1 Open: 409 for a twin, 404 for a branch that is not there. R2 Merge: 405 for what is not
 *    mergeable or still computed, 409 for a head that moved; it answers 200 with no body.
 */
import { json, route, type Answer, type Route } from '../exchange.ts';
import { flag, text, words } from '../json.ts';
import type { MergeMethod, ReviewState } from '../model.ts';
import { updateBranch } from '../merge.ts';
import {
  onTeaPull,
  onTeaRepo,
  teaPage,
  teaPerson,
  teaRefusal,
  told,
  type TeaHandler,
  type TeaPullCall,
  type TeaRepoCall,
} from './call.ts';
import { teaComment, teaCommit, teaPull, teaReview, teaReviewComment } from './shapes.ts';

const AT = '/repos/:owner/:repo';
const PULLS = `${AT}/pulls`;
const PULL = `${PULLS}/:index`;

export const TEA_PULL_ROUTES: readonly Route<TeaHandler>[] = [
  route(`GET ${PULLS}`, onTeaRepo('read', listPulls)),
  route(`POST ${PULLS}`, onTeaRepo('propose', openPull)),
  route(
    `GET ${PULL}`,
    onTeaPull('read', async (call) => json(200, await teaPull(call.pull, call))),
  ),
  route(`PATCH ${PULL}`, onTeaPull('propose', changePull)),
  route(
    `GET ${PULL}/merge`,
    onTeaPull('read', async ({ pull }) =>
      pull.state === 'merged' ? json(204, undefined) : told(404, 'not merged'),
    ),
  ),
  route(`POST ${PULL}/merge`, onTeaPull('write', mergePull)),
  route(
    `DELETE ${PULL}/merge`,
    onTeaPull('write', async (call) => {
      if (call.pull.autoMerge === null) return told(404, "The target couldn't be found.");
      call.pull.disarmAutoMerge(teaPerson(call));
      return json(204, undefined);
    }),
  ),
  route(
    `POST ${PULL}/update`,
    onTeaPull('write', async (call) => {
      const how = call.incoming.query.get('style') === 'rebase' ? 'rebase' : 'merge';
      try {
        await updateBranch(call.pull, teaPerson(call), how);
      } catch (error) {
        return teaRefusal(error, {
          conflict: (why) => told(409, why),
          up_to_date: () => json(200, undefined),
        });
      }
      return json(200, undefined);
    }),
  ),
  route(
    `GET ${PULL}/commits`,
    onTeaPull('read', async (call) => {
      const { pull, repo, web } = call;
      const commits = await repo.git.between(pull.baseSha, pull.headSha);
      return await teaPage(call, commits, (commit) => teaCommit(commit, repo, web));
    }),
  ),
  route(
    `GET ${PULL}/files`,
    onTeaPull('read', async (call) => {
      const files = await call.repo.git.changed(call.pull.baseSha, call.pull.headSha);
      return await teaPage(call, files, ({ path, status, additions, deletions }) => ({
        filename: path,
        status: status === 'modified' ? 'changed' : status === 'removed' ? 'deleted' : status,
        additions,
        deletions,
        changes: additions + deletions,
      }));
    }),
  ),
  route(
    `GET ${PULL}/reviews`,
    onTeaPull(
      'read',
      async (call) =>
        await teaPage(call, call.pull.reviews, (review) => teaReview(review, call.pull, call.web)),
    ),
  ),
  route(`POST ${PULL}/reviews`, onTeaPull('propose', addReview)),
  route(
    `GET ${PULL}/reviews/:review/comments`,
    onTeaPull('read', async ({ pull, params, web }) => {
      const threads = pull.threads.filter(({ review }) => String(review.id) === params['review']);
      const comments = threads.flatMap((thread) =>
        thread.comments.map((comment) => teaReviewComment(comment, thread, pull, web)),
      );
      return json(200, comments);
    }),
  ),
  route(
    `POST ${PULL}/requested_reviewers`,
    onTeaPull('write', async (call) => {
      const asked = words(call.body, 'reviewers').map((login) => call.world.users.get(login));
      const known = asked.filter((user) => user !== undefined);
      if (known.length < asked.length) return told(404, "The target couldn't be found.");
      call.pull.reviewers = [...call.pull.reviewers, ...known];
      return json(201, []);
    }),
  ),
  route(
    `POST ${AT}/issues/:index/labels`,
    onTeaPull('write', async ({ pull, body }) => {
      pull.labels = [...new Set([...pull.labels, ...words(body, 'labels')])];
      return json(
        200,
        pull.labels.map((name, id) => ({ id, name, color: 'ededed' })),
      );
    }),
  ),
  route(
    `GET ${AT}/issues/:index/comments`,
    onTeaPull('read', async (call) =>
      json(
        200,
        call.pull.comments.map((comment) => teaComment(comment, call.pull, call.web)),
      ),
    ),
  ),
  route(
    `POST ${AT}/issues/:index/comments`,
    onTeaPull('talk', async (call) => {
      const said = text(call.body, 'body');
      if (said === null || said === '') return told(422, '[Body]: Required');
      const comment = call.pull.comment(teaPerson(call), said);
      return json(201, teaComment(comment, call.pull, call.web));
    }),
  ),
];

async function listPulls(call: TeaRepoCall): Promise<Answer> {
  const { query } = call.incoming;
  const state = query.get('state') ?? 'open';
  const base = query.get('base_branch');
  const found = call.repo.pulls.filter(
    (pull) =>
      (state === 'all' || (state === 'open') === (pull.state === 'open')) &&
      (base === null || pull.baseRef === base),
  );
  const recent = query.get('sort') === 'recentupdate';
  found.sort((a, b) => (recent ? b.updatedAt - a.updatedAt : b.number - a.number));
  return await teaPage(call, found, async (pull) => await teaPull(pull, call));
}

/** R1 */
async function openPull(call: TeaRepoCall): Promise<Answer> {
  const { body, repo } = call;
  const [title, head, base] = [text(body, 'title'), text(body, 'head'), text(body, 'base')];
  if (title === null || head === null || base === null) return told(422, '[Title]: Required');
  const gone = (): Answer => told(404, "The target couldn't be found.");
  try {
    const pull = await repo.openPull({
      by: teaPerson(call),
      title: title.replace(/^(WIP:|\[WIP\]) */i, ''),
      draft: /^(WIP:|\[WIP\])/i.test(title),
      body: text(body, 'body'),
      head: head.replace(/^.*:/, ''),
      base,
      mayBeEmpty: true,
    });
    return json(201, await teaPull(pull, call));
  } catch (error) {
    return teaRefusal(error, {
      exists: (number) =>
        told(409, `pull request already exists for these targets [index: ${number}]`),
      head_missing: gone,
      base_missing: gone,
    });
  }
}

async function changePull(call: TeaPullCall): Promise<Answer> {
  const { pull, body } = call;
  const by = teaPerson(call);
  const [state, title, words] = [text(body, 'state'), text(body, 'title'), text(body, 'body')];
  try {
    if (state === 'open') pull.reopen(by);
  } catch (error) {
    return teaRefusal(error, { not_open: (why) => told(412, why) });
  }
  if (state === 'closed') pull.close(by);
  if (title !== null) pull.setDraft(/^(WIP:|\[WIP\])/i.test(title), by);
  pull.edit(by, {
    ...(title === null ? {} : { title: title.replace(/^(WIP:|\[WIP\]) */i, '') }),
    ...(words === null ? {} : { body: words }),
  });
  return json(201, await teaPull(pull, call));
}

const STYLES: Readonly<Record<string, MergeMethod>> = {
  merge: 'merge',
  rebase: 'rebase',
  'rebase-merge': 'rebase',
  'fast-forward-only': 'rebase',
  squash: 'squash',
};

/** R2 */
async function mergePull(call: TeaPullCall): Promise<Answer> {
  const { pull, body, repo } = call;
  const method = STYLES[text(body, 'Do') ?? text(body, 'do') ?? ''];
  if (method === undefined) return told(422, '[Do]: Required');
  const [expectedHead, title, message] = [
    text(body, 'head_commit_id'),
    text(body, 'MergeTitleField') ?? text(body, 'merge_title_field'),
    text(body, 'MergeMessageField') ?? text(body, 'merge_message_field'),
  ];
  if (expectedHead !== null && expectedHead !== pull.headSha) {
    return told(409, 'head branch was modified: head_commit_id does not match');
  }
  const { blockers } = await pull.standing();
  const waits = flag(body, 'merge_when_checks_succeed') === true;
  if (waits && blockers.includes('checks_pending')) {
    pull.armAutoMerge(teaPerson(call), method);
    return json(201, undefined);
  }
  const no = (why: string): Answer => told(405, why);
  if (pull.state === 'open' && blockers.includes('computing')) return no('Please try again later');
  try {
    await pull.merge(teaPerson(call), {
      method,
      ...(title === null ? {} : { title }),
      ...(message === null ? {} : { message }),
    });
  } catch (error) {
    return teaRefusal(error, {
      not_open: no,
      base_moved: no,
      draft: () => no('Work in progress PRs cannot be merged'),
      conflict: no,
      blocked: () => no('does not have enough approvals or status checks'),
      method: no,
      queue_required: no,
      head_moved: (why) => told(409, why),
    });
  }
  if (flag(body, 'delete_branch_after_merge') === true) await repo.deleteBranch(pull.headRef);
  return json(200, undefined);
}

const EVENTS: Readonly<Record<string, ReviewState>> = {
  APPROVED: 'APPROVED',
  APPROVE: 'APPROVED',
  REQUEST_CHANGES: 'CHANGES_REQUESTED',
  COMMENT: 'COMMENTED',
};

async function addReview(call: TeaPullCall): Promise<Answer> {
  const { pull, body, web } = call;
  const by = teaPerson(call);
  const state = EVENTS[text(body, 'event') ?? 'COMMENT'];
  if (state === undefined) return told(422, 'event is not known');
  if (by.id === pull.author.id && state === 'APPROVED') {
    return told(422, 'approve your own pull is not allowed');
  }
  return json(200, teaReview(pull.review(by, state, text(body, 'body') ?? ''), pull, web));
}
