/**
 * GitHub's REST routes of pull requests: list, open, change, merge, update, talk.
 *
 * R1 Every refusal of `create` and `merge` has the original's status and message, since adapters
 *    must tell them apart. R2 Merge: 405 for what may not be merged, 409 for a head that moved.
 */
import { json, route, type Answer, type Route } from '../exchange.ts';
import { flag, text, whole, words } from '../json.ts';
import type { MergeMethod, ReviewState, User } from '../model.ts';
import { updateBranch } from '../merge.ts';
import type { Pull } from '../pull.ts';
import type { Repo } from '../repo.ts';
import {
  invalid,
  notFound,
  onPull,
  onRepo,
  paged,
  problem,
  refusedAs,
  type Handler,
  type PullCall,
  type RepoCall,
} from './call.ts';
import {
  issueCommentShape,
  labelShape,
  pullShape,
  reviewShape,
  smallPullShape,
  threadCommentShape,
} from './pull-shapes.ts';
import { commitShape, fileShape } from './shapes.ts';

const AT = '/repos/:owner/:repo/pulls';

export const PULL_ROUTES: readonly Route<Handler>[] = [
  route(`GET ${AT}`, onRepo('pull_requests=read', listPulls)),
  route(`POST ${AT}`, onRepo('pull_requests=write', openPull)),
  route(
    `GET ${AT}/:number`,
    onPull('pull_requests=read', async (call) => json(200, await pullShape(call.pull, call.urls))),
  ),
  route(`PATCH ${AT}/:number`, onPull('pull_requests=write', changePull)),
  route(`PUT ${AT}/:number/merge`, onPull('contents=write', mergePull)),
  route(
    `GET ${AT}/:number/merge`,
    onPull('pull_requests=read', async ({ pull }) =>
      pull.state === 'merged' ? json(204, undefined) : notFound(),
    ),
  ),
  route(`PUT ${AT}/:number/update-branch`, onPull('pull_requests=write', updatePullBranch)),
  route(
    `GET ${AT}/:number/files`,
    onPull('pull_requests=read', async (call) => {
      const { repo, pull, urls } = call;
      await pull.fetchHead();
      const files = await repo.git.changed(pull.baseSha, pull.headSha);
      return await paged(call, files, (file) => fileShape(file, pull.headSha, repo, urls));
    }),
  ),
  route(
    `GET ${AT}/:number/commits`,
    onPull('pull_requests=read', async (call) => {
      const { repo, pull, urls, world } = call;
      await pull.fetchHead();
      const commits = [...(await repo.git.between(pull.baseSha, pull.headSha))].reverse();
      return await paged(call, commits, (commit) => commitShape(commit, repo, urls, world));
    }),
  ),
  route(
    `GET ${AT}/:number/reviews`,
    onPull(
      'pull_requests=read',
      async (call) =>
        await paged(call, call.pull.reviews, (review) => reviewShape(review, call.pull, call.urls)),
    ),
  ),
  route(`POST ${AT}/:number/reviews`, onPull('pull_requests=write', addReview)),
  route(`GET ${AT}/:number/comments`, onPull('pull_requests=read', listThreadComments)),
  route(
    `POST ${AT}/:number/comments/:comment/replies`,
    onPull('pull_requests=write', replyToComment),
  ),
  route(
    `POST ${AT}/:number/requested_reviewers`,
    onPull('pull_requests=write', async (call) => {
      const asked = words(call.body, 'reviewers').map((login) => call.world.users.get(login));
      const known = asked.filter((user) => user !== undefined);
      if (known.length < asked.length)
        return problem(422, 'Reviews may only be requested from collaborators.');
      call.pull.reviewers = [...call.pull.reviewers, ...known];
      return json(201, smallPullShape(call.pull, call.urls));
    }),
  ),
  route(
    'GET /repos/:owner/:repo/issues/:number/comments',
    onPull('issues=read', async (call) => {
      const since = Date.parse(call.incoming.query.get('since') ?? '1970-01-01T00:00:00Z');
      const comments = call.pull.comments.filter(({ at }) => at >= since);
      return await paged(call, comments, (one) => issueCommentShape(one, call.pull, call.urls));
    }),
  ),
  route(
    'POST /repos/:owner/:repo/issues/:number/comments',
    onPull('issues=write', async (call) => {
      const body = text(call.body, 'body');
      if (body === null || body === '') {
        return invalid({
          resource: 'IssueComment',
          field: 'data',
          code: 'unprocessable',
          message: 'Body cannot be blank',
        });
      }
      const comment = call.pull.comment(personOf(call), body);
      return json(201, issueCommentShape(comment, call.pull, call.urls));
    }),
  ),
  route(
    'POST /repos/:owner/:repo/issues/:number/labels',
    onPull('issues=write', async (call) => {
      const { pull, body, urls } = call;
      pull.labels = [...new Set([...pull.labels, ...words(body, 'labels')])];
      return json(
        200,
        pull.labels.map((name) => labelShape(name, pull, urls)),
      );
    }),
  ),
];

/** Routes that write are behind a token. */
function personOf({ token }: RepoCall): User {
  if (token === null) throw new Error('a write without a token');
  return token.user;
}

async function listPulls(call: RepoCall): Promise<Answer> {
  const { query } = call.incoming;
  const state = query.get('state') ?? 'open';
  if (!['open', 'closed', 'all'].includes(state)) return invalid();
  const head = query.get('head');
  const base = query.get('base');
  const found = call.repo.pulls.filter(
    (pull) =>
      (state === 'all' || (state === 'open') === (pull.state === 'open')) &&
      (base === null || pull.baseRef === base) &&
      (head === null || !head.includes(':') || isHead(pull, head)),
  );
  const byUpdate = query.get('sort') === 'updated';
  const upwards = query.get('direction') === 'asc';
  const order = (pull: Pull): number => (byUpdate ? pull.updatedAt : pull.number);
  found.sort((a, b) => (upwards ? order(a) - order(b) : order(b) - order(a)));
  return await paged(call, found, (pull) => smallPullShape(pull, call.urls));
}

function isHead(pull: Pull, head: string): boolean {
  const colon = head.indexOf(':');
  const owner = head.slice(0, colon).toLowerCase();
  return (
    pull.headRepo.owner.login.toLowerCase() === owner && pull.headRef === head.slice(colon + 1)
  );
}

/** R1 */
async function openPull(call: RepoCall): Promise<Answer> {
  const { body, repo, world, urls } = call;
  const [title, head, base] = [text(body, 'title'), text(body, 'head'), text(body, 'base')];
  const missing = [
    ['title', title],
    ['head', head],
    ['base', base],
  ].filter(([, v]) => v === null);
  if (title === null || head === null || base === null) {
    return invalid(
      ...missing.map(([field]) => ({
        resource: 'PullRequest',
        code: 'missing_field',
        ...(field === null || field === undefined ? {} : { field }),
      })),
    );
  }
  const { headRepo, branch } = headOf(world.repos, repo, head);
  const resource = 'PullRequest';
  if (headRepo === null) return invalid({ resource, field: 'head', code: 'invalid' });
  try {
    const pull = await repo.openPull({
      by: personOf(call),
      title,
      body: text(body, 'body'),
      head: branch,
      base,
      headRepo,
      draft: flag(body, 'draft') ?? false,
      maintainerCanModify: flag(body, 'maintainer_can_modify') ?? false,
    });
    const shape = await pullShape(pull, urls);
    return json(201, shape, { location: String(shape['url']) });
  } catch (error) {
    return refusedAs(error, {
      base_missing: () => invalid({ resource, field: 'base', code: 'invalid' }),
      head_missing: () => invalid({ resource, field: 'head', code: 'invalid' }),
      no_commits: (between) =>
        invalid({ resource, code: 'custom', message: `No commits between ${between}` }),
      exists: () => {
        const whose = `${headRepo.owner.login}:${branch}`;
        return invalid({
          resource,
          code: 'custom',
          message: `A pull request already exists for ${whose}.`,
        });
      },
    });
  }
}

function headOf(
  all: readonly Repo[],
  repo: Repo,
  head: string,
): { headRepo: Repo | null; branch: string } {
  const colon = head.indexOf(':');
  if (colon === -1) return { headRepo: repo, branch: head };
  const owner = head.slice(0, colon).toLowerCase();
  const branch = head.slice(colon + 1);
  const own = repo.owner.login.toLowerCase() === owner ? repo : undefined;
  const fork = all.find((r) => r.owner.login.toLowerCase() === owner && r.name === repo.name);
  return { headRepo: own ?? fork ?? null, branch };
}

async function changePull(call: PullCall): Promise<Answer> {
  const { pull, body, repo, urls } = call;
  const by = personOf(call);
  const base = text(body, 'base');
  const state = text(body, 'state');
  const resource = 'PullRequest';
  if (repo.archived) return problem(403, 'Repository was archived so is read-only.');
  if (base !== null && !repo.refs.has(base)) {
    return invalid({ resource, field: 'base', code: 'invalid' });
  }
  try {
    if (state === 'open') pull.reopen(by);
  } catch (error) {
    const message = 'state cannot be changed.';
    const cannot = (why: string): Answer =>
      invalid({ resource, field: 'state', code: 'invalid', message: `${message} ${why}` });
    return refusedAs(error, { not_open: cannot, branch_gone: cannot });
  }
  if (state === 'closed') pull.close(by);
  const title = text(body, 'title');
  const words = text(body, 'body');
  if (title !== null || words !== null || base !== null) {
    pull.edit(by, {
      ...(title === null ? {} : { title }),
      ...(words === null ? {} : { body: words }),
      ...(base === null ? {} : { base }),
    });
  }
  return json(200, await pullShape(pull, urls));
}

/** R2 */
async function mergePull(call: PullCall): Promise<Answer> {
  const { pull, body } = call;
  const method = methodOf(text(body, 'merge_method') ?? 'merge');
  if (method === null)
    return invalid({ resource: 'PullRequest', field: 'merge_method', code: 'invalid' });
  const [expectedHead, title, message] = [
    text(body, 'sha'),
    text(body, 'commit_title'),
    text(body, 'commit_message'),
  ];
  try {
    const sha = await pull.merge(personOf(call), {
      method,
      ...(expectedHead === null ? {} : { expectedHead }),
      ...(title === null ? {} : { title }),
      ...(message === null ? {} : { message }),
    });
    return json(200, { sha, merged: true, message: 'Pull Request successfully merged' });
  } catch (error) {
    const no = (why: string): Answer => problem(405, why);
    return refusedAs(error, {
      not_open: no,
      base_moved: no,
      draft: no,
      conflict: no,
      queue_required: no,
      method: (why) => no(`${why.charAt(0).toUpperCase()}${why.slice(1)}`),
      blocked: (why) => no(blockedWords(pull, why)),
      head_moved: (why) => problem(409, why),
      branch_gone: no,
    });
  }
}

function methodOf(word: string): MergeMethod | null {
  return word === 'merge' || word === 'squash' || word === 'rebase' ? word : null;
}

function blockedWords(pull: Pull, why: string): string {
  const [kinds = '', checks = ''] = why.split(' ');
  if (kinds.includes('changes_requested')) return 'Changes have been requested.';
  if (kinds.includes('approvals')) {
    const need = pull.repo.protections.get(pull.baseRef)?.requiredApprovals ?? 1;
    return `At least ${need} approving review is required by reviewers with write access.`;
  }
  if (kinds.includes('checks')) {
    const names = checks.split(',');
    const state = kinds.includes('checks_failed') ? 'failing' : 'expected';
    return names.length === 1
      ? `Required status check "${checks}" is ${state}.`
      : `${names.length} of ${names.length} required status checks have not succeeded.`;
  }
  if (kinds.includes('behind')) return 'Head branch is out of date with the base branch.';
  if (kinds.includes('threads')) return 'All comments must be resolved.';
  return 'Pull Request is not mergeable';
}

async function updatePullBranch(call: PullCall): Promise<Answer> {
  const { pull, body, urls } = call;
  const expected = text(body, 'expected_head_sha');
  if (expected !== null && expected !== pull.headSha) {
    return problem(422, 'expected head sha didn’t match current head ref.');
  }
  try {
    await updateBranch(pull, personOf(call), 'merge');
  } catch (error) {
    return refusedAs(error, {});
  }
  const url = `${urls.web}/${pull.repo.fullName}/pull/${pull.number}`;
  return json(202, { message: 'Updating pull request branch.', url });
}

const REVIEWS: Readonly<Record<string, ReviewState>> = {
  APPROVE: 'APPROVED',
  REQUEST_CHANGES: 'CHANGES_REQUESTED',
  COMMENT: 'COMMENTED',
};

async function addReview(call: PullCall): Promise<Answer> {
  const { pull, body, urls } = call;
  const by = personOf(call);
  const state = REVIEWS[text(body, 'event') ?? 'COMMENT'];
  const words = text(body, 'body') ?? '';
  if (state === undefined) return problem(422, 'Unprocessable Entity');
  if (by.id === pull.author.id && state !== 'COMMENTED') {
    const verb = state === 'APPROVED' ? 'approve' : 'request changes on';
    return problem(422, 'Unprocessable Entity', {
      errors: [`Can not ${verb} your own pull request`],
    });
  }
  return json(200, reviewShape(pull.review(by, state, words), pull, urls));
}

async function listThreadComments(call: PullCall): Promise<Answer> {
  const { pull, urls } = call;
  const all = pull.threads.flatMap((thread) => thread.comments.map((one) => ({ one, thread })));
  all.sort((a, b) => a.one.id - b.one.id);
  return await paged(call, all, ({ one, thread }) => threadCommentShape(one, thread, pull, urls));
}

async function replyToComment(call: PullCall): Promise<Answer> {
  const { pull, body, urls, params } = call;
  const id = whole(params, 'comment');
  const thread = pull.threads.find(({ comments }) => comments[0]?.id === id);
  const words = text(body, 'body');
  if (thread === undefined) return notFound();
  if (words === null)
    return invalid({ resource: 'PullRequestReviewComment', code: 'missing_field', field: 'body' });
  const comment = pull.reply(thread, personOf(call), words);
  return json(201, threadCommentShape(comment, thread, pull, urls));
}
