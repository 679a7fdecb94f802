/**
 * What our adapter wrote, read by GitHub's own client; and what that client made, read by ours.
 */
import { Octokit } from '@octokit/rest';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { commitOf } from '../../src/core/ids.ts';
import type { OpenSpec } from '../../src/core/forge-answers.ts';
import { Scene } from '../../src/ports/forge.conformance.ts';
import { githubWorld, type GithubWorld } from './github-ground.ts';

let world: GithubWorld;
let scene: Scene;
let octokit: Octokit;
let at: { owner: string; repo: string };

beforeAll(async () => {
  world = await githubWorld();
  for (const login of ['ann', 'bob']) world.served.addUser(login);
  const collaborators = { ann: 'admin', bob: 'write' } as const;
  const { repo } = await world.served.addRepo('acme/app', { private: true, collaborators });
  scene = new Scene(world, repo);
  at = { owner: 'acme', repo: 'app' };
  octokit = new Octokit({ baseUrl: world.served.urls.api, auth: scene.secret });
});

afterAll(async () => {
  await world.end();
});

test('octokit finds the pull request, its comment, its answer and its merge', async () => {
  const { port, context, repo } = scene;
  const head = commitOf(await repo.push('ann', 'gt/t4wn/web-1/work', { 'work.txt': 'work\n' }));
  const spec: OpenSpec = {
    headBranch: 'gt/t4wn/web-1/work',
    baseBranch: 'main',
    head,
    title: 'Do the work',
    body: 'Why\n\nGastown: t4wn web-1',
    trailer: 'Gastown: t4wn web-1',
    draft: true,
    labels: ['gastown'],
    reviewers: ['bob'],
    unless: { issues: [], ours: 'Gastown: t4wn/' },
    missing: 'create',
  } as const;
  const opened = await port.open(context, spec);
  if (!opened.ok || opened.value.is !== 'opened') throw new Error(JSON.stringify(opened));
  const { ref } = opened.value.snapshot;
  const one = { ...at, pull_number: ref.number };
  expect((await octokit.pulls.get(one)).data).toMatchObject({
    title: spec.title,
    body: spec.body,
    draft: true,
    node_id: ref.nodeId,
    html_url: ref.url,
    head: { sha: head, ref: spec.headBranch },
    labels: [{ name: 'gastown' }],
    requested_reviewers: [{ login: 'bob' }],
  });

  await port.write(context, ref, { do: 'ready' });
  await port.write(context, ref, { do: 'comment', marker: '<!-- m -->', body: 'Round 1' });
  const comments = await octokit.issues.listComments({ ...at, issue_number: ref.number });
  expect(comments.data.map(({ body }) => body)).toEqual(['Round 1\n\n<!-- m -->']);

  const thread = repo.pull(ref.number).openThread('bob', { path: 'work.txt', body: 'why?' });
  await port.write(context, ref, {
    do: 'reply',
    thread: thread.id,
    marker: '<!-- r -->',
    body: 'So.',
  });
  const talk = await octokit.pulls.listReviewComments(one);
  expect(talk.data.map(({ body }) => body)).toEqual(['why?', 'So.\n\n<!-- r -->']);

  const merged = await port.merge(context, ref, {
    expectedHead: head,
    method: 'squash',
    title: 'Do the work (#1)',
    message: 'Because.',
  });
  if (!merged.ok || merged.value.is !== 'merged') throw new Error(JSON.stringify(merged));
  const seen = (await octokit.pulls.get(one)).data;
  expect(seen).toMatchObject({
    draft: false,
    merged: true,
    merge_commit_sha: merged.value.commit,
  });
  const commit = await octokit.git.getRef({ ...at, ref: 'heads/main' });
  expect(commit.data.object.sha).toBe(merged.value.commit);

  await port.write(context, ref, { do: 'delete_branch', branch: spec.headBranch, head });
  const branches = await octokit.repos.listBranches(at);
  expect(branches.data.map(({ name }) => name)).toEqual(['main']);
});

test('our adapter reads what octokit opened, reviewed and merged', async () => {
  const { repo } = scene;
  await repo.push('ann', 'topic', { 'topic.txt': 'topic\n' });
  const by = await octokit.pulls.create({ ...at, title: 'Topic', head: 'topic', base: 'main' });
  const pull = repo.pull(by.data.number);
  const auth = world.served.addToken('bob').secret;
  const bob = new Octokit({ baseUrl: world.served.urls.api, auth });
  await bob.pulls.createReview({ ...at, pull_number: pull.number, event: 'APPROVE', body: 'ok' });
  const status = { ...at, sha: pull.headSha, context: 'ci', state: 'success' } as const;
  await octokit.repos.createCommitStatus(status);
  expect(await scene.snapshot(pull)).toMatchObject({
    title: 'Topic',
    ref: { nodeId: by.data.node_id, url: by.data.html_url },
    review: { value: { decision: 'approved' } },
    checks: { value: { all: { passed: 1 } } },
  });
  const merged = await bob.pulls.merge({ ...at, pull_number: pull.number });
  expect(await scene.snapshot(pull)).toMatchObject({
    state: 'merged',
    mergedBy: 'bob',
    mergeCommit: merged.data.sha,
  });
});
