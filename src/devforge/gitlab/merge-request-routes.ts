/**
 * GitLab's routes of merge requests: list, open, change, merge, rebase, discuss, approve.
 *
 * M1 Merge: 401 without the right, 409 for another head, 405 while it is computed or blocked, 422
 *    for a conflict. M2 A list shows a stale status unless it is asked to look again. M3 What is
 *    not waiting is not cancelled, and GitLab says so in the body of a 201.
 */
import { json, route, type Answer, type Route } from '../exchange.ts';
import { flag, list, text } from '../json.ts';
import type { MergeMethod, QueueEntry, Thread } from '../model.ts';
import { updateBranch } from '../merge.ts';
import {
  labPage,
  labRefusal,
  onMergeRequest,
  onProject,
  personOf,
  said,
  type LabHandler,
  type MergeRequestCall,
  type ProjectCall,
} from './call.ts';
import {
  approvalsShape,
  discussionId,
  labCommit,
  mergeRequestShape,
  noteShape,
  pipelineShape,
  systemNote,
  threadDiscussion,
} from './shapes.ts';

const ALL = '/projects/:id/merge_requests';
const ONE = `${ALL}/:iid`;
const CAR = '/projects/:id/merge_trains/merge_requests/:iid';

export const MERGE_REQUEST_ROUTES: readonly Route<LabHandler>[] = [
  route(`GET ${ALL}`, onProject('read', listAll)),
  route(`POST ${ALL}`, onProject('write', open)),
  route(
    `GET ${ONE}`,
    onMergeRequest('read', async (call) => json(200, await whole(call))),
  ),
  route(`PUT ${ONE}`, onMergeRequest('write', change)),
  route(`PUT ${ONE}/merge`, onMergeRequest('member', merge)),
  route(`POST ${ONE}/cancel_merge_when_pipeline_succeeds`, onMergeRequest('member', cancel)),
  route(`GET ${CAR}`, onMergeRequest('read', car)),
  route(`POST ${CAR}`, onMergeRequest('member', board)),
  route(
    `PUT ${ONE}/rebase`,
    onMergeRequest('write', async (call) => {
      const { pull, world } = call;
      const by = personOf(call);
      world.later(0, async () => {
        // As on GitLab, what goes wrong is seen on the merge request, not in this answer.
        await updateBranch(pull, by, 'rebase').catch((error: unknown) => labRefusal(error, {}));
      });
      return json(202, { rebase_in_progress: true });
    }),
  ),
  route(
    `GET ${ONE}/commits`,
    onMergeRequest('read', async (call) => {
      const { pull, repo, web } = call;
      const commits = await repo.git.between(pull.baseSha, pull.headSha);
      return await labPage(call, commits, (commit) => labCommit(commit, repo, web));
    }),
  ),
  route(
    `GET ${ONE}/pipelines`,
    onMergeRequest('read', async (call) => {
      const { pull, repo, web } = call;
      const pipeline = pipelineShape(repo, pull.headSha, web);
      return await labPage(call, pipeline === null ? [] : [pipeline], (one) => one);
    }),
  ),
  route(
    `GET ${ONE}/approvals`,
    onMergeRequest('read', async ({ pull, web }) =>
      json(200, approvalsShape(pull, await pull.standing(), web)),
    ),
  ),
  route(
    `POST ${ONE}/approve`,
    onMergeRequest('member', async (call) => {
      const { pull, web, body } = call;
      const sha = text(body, 'sha');
      if (sha !== null && sha !== pull.headSha) return said(409, 'SHA does not match HEAD');
      pull.review(personOf(call), 'APPROVED');
      return json(201, approvalsShape(pull, await pull.standing(), web));
    }),
  ),
  route(
    `GET ${ONE}/discussions`,
    onMergeRequest('read', async (call) => await labPage(call, discussions(call), (one) => one)),
  ),
  route(`PUT ${ONE}/discussions/:discussion`, onMergeRequest('member', resolve)),
  route(
    `POST ${ONE}/discussions/:discussion/notes`,
    onMergeRequest('member', async (call) => {
      const thread = threadOf(call);
      const words = text(call.body, 'body');
      if (thread === null) return said(404, '404 Discussion Not Found');
      if (words === null) return json(400, { error: 'body is missing' });
      const note = call.pull.reply(thread, personOf(call), words);
      return json(201, noteShape(note, call.pull, call.web));
    }),
  ),
  route(
    `GET ${ONE}/notes`,
    onMergeRequest('read', async (call) => {
      const notes = [...call.pull.comments].reverse();
      return await labPage(call, notes, (note) => noteShape(note, call.pull, call.web));
    }),
  ),
  route(
    `POST ${ONE}/notes`,
    onMergeRequest('member', async (call) => {
      const words = text(call.body, 'body');
      if (words === null) return json(400, { error: 'body is missing' });
      const note = call.pull.comment(personOf(call), words);
      return json(201, noteShape(note, call.pull, call.web));
    }),
  ),
];

async function whole(call: MergeRequestCall): Promise<unknown> {
  const { pull } = call;
  const standing = pull.state === 'open' ? await pull.standing() : null;
  return mergeRequestShape(pull, call, standing);
}

async function listAll(call: ProjectCall): Promise<Answer> {
  const { query } = call.incoming;
  const iids = query.getAll('iids[]').map(Number);
  const state = query.get('state') ?? 'all';
  const source = query.get('source_branch');
  const target = query.get('target_branch');
  const found = call.repo.pulls.filter(
    (pull) =>
      (iids.length === 0 || iids.includes(pull.number)) &&
      (state === 'all' || state === (pull.state === 'open' ? 'opened' : pull.state)) &&
      (source === null || pull.headRef === source) &&
      (target === null || pull.baseRef === target),
  );
  found.sort((a, b) => (query.get('sort') === 'asc' ? a.number - b.number : b.number - a.number));
  const again = query.get('with_merge_status_recheck') === 'true';
  return await labPage(call, found, async (pull) => {
    const known = pull.knownMergeable() !== 'unknown';
    const look = pull.state === 'open' && (again || known); // M2
    return mergeRequestShape(pull, call, look ? await pull.standing() : null);
  });
}

async function open(call: ProjectCall): Promise<Answer> {
  const { body, repo } = call;
  const [head, base, title] = [
    text(body, 'source_branch'),
    text(body, 'target_branch'),
    text(body, 'title'),
  ];
  const missing = [
    ...(head === null ? ['source_branch is missing'] : []),
    ...(base === null ? ['target_branch is missing'] : []),
    ...(title === null ? ['title is missing'] : []),
  ];
  if (head === null || base === null || title === null) {
    return json(400, { error: missing.join(', ') });
  }
  try {
    const pull = await repo.openPull({
      by: personOf(call),
      title: title.replace(/^(Draft|WIP): */i, ''),
      draft: /^(Draft|WIP):/i.test(title),
      body: text(body, 'description'),
      head,
      base,
      mayBeEmpty: true,
    });
    pull.labels = labelsIn(body['labels']);
    return json(201, await whole({ ...call, pull }));
  } catch (error) {
    return labRefusal(error, {
      exists: (number) => {
        const sentence = 'Another open merge request already exists for this source branch';
        return said(409, [`${sentence}: !${number}`]);
      },
      head_missing: () => said(422, [`Source branch "${head}" does not exist`]),
      base_missing: () => said(422, [`Target branch "${base}" does not exist`]),
    });
  }
}

function labelsIn(value: unknown): readonly string[] {
  const words = typeof value === 'string' ? value.split(',') : list({ value }, 'value');
  return words.map(String).filter((word) => word !== '');
}

async function change(call: MergeRequestCall): Promise<Answer> {
  const { pull, body, repo } = call;
  const by = personOf(call);
  const [event, title, base] = [
    text(body, 'state_event'),
    text(body, 'title'),
    text(body, 'target_branch'),
  ];
  if (base !== null && !repo.refs.has(base)) return said(422, ['Target branch does not exist']);
  try {
    if (event === 'close') pull.close(by);
    if (event === 'reopen') pull.reopen(by);
  } catch (error) {
    return labRefusal(error, {});
  }
  if (title !== null) pull.setDraft(/^(Draft|WIP):/i.test(title), by);
  const description = text(body, 'description');
  pull.edit(by, {
    ...(title === null ? {} : { title: title.replace(/^(Draft|WIP): */i, '') }),
    ...(description === null ? {} : { body: description }),
    ...(base === null ? {} : { base }),
  });
  if (body['labels'] !== undefined) pull.labels = labelsIn(body['labels']);
  return json(200, await whole(call));
}

/** M1 */
async function merge(call: MergeRequestCall): Promise<Answer> {
  const { pull, body, access, repo } = call;
  const sha = text(body, 'sha');
  if (access !== 'write' && access !== 'admin') return said(401, '401 Unauthorized');
  if (sha !== null && sha !== pull.headSha) {
    return said(409, `SHA does not match HEAD of source branch: ${pull.headSha}`);
  }
  const notNow = (): Answer => said(405, '405 Method Not Allowed');
  const { blockers } = await pull.standing();
  const waits = flag(body, 'auto_merge') ?? flag(body, 'merge_when_pipeline_succeeds') ?? false;
  if (waits && blockers.includes('checks_pending')) {
    pull.armAutoMerge(personOf(call), methodOf(call));
    return json(200, await whole(call));
  }
  if (pull.state === 'open' && blockers.includes('computing')) return notNow();
  try {
    await pull.merge(personOf(call), { method: methodOf(call), ...wordsOf(call) });
    if (flag(body, 'should_remove_source_branch') === true) await repo.deleteBranch(pull.headRef);
    return json(200, await whole(call));
  } catch (error) {
    return labRefusal(error, {
      not_open: notNow,
      base_moved: notNow,
      draft: notNow,
      blocked: notNow,
      queue_required: notNow,
      method: notNow,
      conflict: () => said(422, 'Branch cannot be merged'),
      head_moved: (why) => said(409, why),
    });
  }
}

/** M3 */
async function cancel(call: MergeRequestCall): Promise<Answer> {
  const { pull, access } = call;
  if (access !== 'write' && access !== 'admin') return said(401, '401 Unauthorized');
  if (pull.autoMerge === null && pull.queue === null) {
    const message = "Can't cancel the automatic merge";
    return json(201, { message, status: 'error', http_status: 406 });
  }
  if (pull.queue !== null) await pull.queueDecides('fail', personOf(call));
  if (pull.autoMerge !== null) pull.disarmAutoMerge(personOf(call));
  return json(201, { status: 'success' });
}

async function car({ pull }: MergeRequestCall): Promise<Answer> {
  if (pull.queue === null) return said(404, '404 Not Found');
  return json(200, carOf(pull.queue));
}

/** The train takes what may be merged, or waits for its checks. */
async function board(call: MergeRequestCall): Promise<Answer> {
  const { pull, body, access, repo } = call;
  if (access !== 'write' && access !== 'admin') return said(403, '403 Forbidden');
  if (repo.protections.get(pull.baseRef)?.mergeQueue !== true) return said(404, '404 Not Found');
  const sha = text(body, 'sha');
  if (sha !== null && sha !== pull.headSha) return said(409, 'SHA does not match HEAD');
  if (pull.queue !== null) return said(409, 'The merge request is already on the train');
  const { blockers } = await pull.standing();
  const isBlocked = blockers.some((blocker) => blocker !== 'computing' && blocker !== 'behind');
  if (pull.state !== 'open' || isBlocked) return said(400, 'Failed to add to the merge train');
  return json(201, [carOf(pull.enqueue(personOf(call)))]);
}

function carOf({ id, state }: QueueEntry): Readonly<Record<string, unknown>> {
  const status = state === 'MERGEABLE' || state === 'LOCKED' ? 'merging' : 'fresh';
  return { id, status };
}

function methodOf({ body, repo }: ProjectCall): MergeMethod {
  if (flag(body, 'squash') === true) return 'squash';
  return repo.mergeMethods.includes('merge') ? 'merge' : 'rebase';
}

function wordsOf({ body }: ProjectCall): { title?: string; message?: string } {
  const words = text(body, 'merge_commit_message') ?? text(body, 'squash_commit_message');
  if (words === null) return {};
  const [title = '', ...rest] = words.split('\n');
  return { title, message: rest.join('\n').trim() };
}

function discussions({ pull, web }: MergeRequestCall): readonly unknown[] {
  const notes = pull.comments.map((comment) => ({
    id: discussionOf(`note ${comment.id}`),
    individual_note: true,
    notes: [noteShape(comment, pull, web)],
  }));
  const bodies = pull.reviews.flatMap((review) => [
    ...(review.body === '' ? [] : [noteShape(review, pull, web)]),
    ...(review.state === 'COMMENTED' ? [] : [systemNote(review, pull, web)]),
  ]);
  const alone = bodies.map((note) => ({
    id: discussionOf(`review ${String(note['id'])} ${String(note['system'])}`),
    individual_note: true,
    notes: [note],
  }));
  const threads = pull.threads.map((thread) => threadDiscussion(thread, pull, web));
  return [...threads, ...notes, ...alone];
}

function discussionOf(name: string): string {
  return Buffer.from(name.padEnd(20, '.')).toString('hex').slice(0, 40);
}

function threadOf({ pull, params }: MergeRequestCall): Thread | null {
  const id = params['discussion'];
  return pull.threads.find((thread) => discussionId(thread) === id) ?? null;
}

async function resolve(call: MergeRequestCall): Promise<Answer> {
  const thread = threadOf(call);
  const wanted = flag(call.body, 'resolved') ?? resolvedInQuery(call);
  if (thread === null) return said(404, '404 Discussion Not Found');
  if (wanted === null) return json(400, { error: 'resolved is missing' });
  if (call.access === 'read' && call.pull.author.id !== personOf(call).id) {
    return said(403, '403 Forbidden');
  }
  if (wanted) call.pull.resolve(thread, personOf(call));
  else call.pull.unresolve(thread, personOf(call));
  return json(200, threadDiscussion(thread, call.pull, call.web));
}

function resolvedInQuery({ incoming }: MergeRequestCall): boolean | null {
  const word = incoming.query.get('resolved');
  return word === null ? null : word === 'true';
}
