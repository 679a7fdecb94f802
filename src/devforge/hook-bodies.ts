/**
 * The bodies of webhooks, per provider: enough to say which pull request or commit it is about.
 *
 * H1 null: this provider tells nothing of such an event.
 */
import { smallPullShape } from './github/pull-shapes.ts';
import { repoShape, userShape } from './github/shapes.ts';
import type { ForgeProvider } from './model.ts';
import type { ForgeEvent } from './world.ts';

export interface HookMessage {
  /** The name in the event header. */
  readonly event: string;
  readonly action: string;
  readonly body: Readonly<Record<string, unknown>>;
}

type Bodies = Readonly<
  Record<ForgeProvider, (event: ForgeEvent, base: string) => HookMessage | null>
>;

export const hookBodies: Bodies = { github, gitlab, gitea };

function github(event: ForgeEvent, base: string): HookMessage {
  const urls = { api: `${base}/api/v3`, web: base };
  const { pull, repo, kind, action } = event;
  const body = {
    repository: repoShape(repo, urls, 'read'),
    sender: userShape(event.sender, urls),
  };
  if (kind === 'push') {
    const after = event.sha ?? '0'.repeat(40);
    const ref = `refs/heads/${event.branch ?? ''}`;
    return { event: kind, action, body: { ref, after, deleted: event.sha === undefined, ...body } };
  }
  if (kind === 'status') {
    return { event: kind, action, body: { sha: event.sha, state: action, ...body } };
  }
  if (kind === 'check_run') {
    const pulls = pull === undefined ? [] : [{ number: pull.number }];
    const check_run = { head_sha: event.sha, pull_requests: pulls };
    return { event: kind, action, body: { action, check_run, ...body } };
  }
  if (pull === undefined) return { event: kind, action, body: { action, ...body } };
  if (kind === 'issue_comment') {
    const issue = { number: pull.number, pull_request: {} };
    return { event: kind, action, body: { action, issue, ...body } };
  }
  const pull_request = smallPullShape(pull, urls);
  return { event: kind, action, body: { action, number: pull.number, pull_request, ...body } };
}

function gitlab(event: ForgeEvent, base: string): HookMessage | null {
  const { pull, repo, kind } = event;
  const project = {
    id: repo.id,
    path_with_namespace: repo.fullName,
    web_url: `${base}/${repo.fullName}`,
  };
  const user = { id: event.sender.id, username: event.sender.login, name: event.sender.name };
  if (kind === 'push') {
    const after = event.sha ?? '0'.repeat(40);
    const ref = `refs/heads/${event.branch ?? ''}`;
    const body = { object_kind: 'push', ref, after, project, project_id: repo.id };
    return { event: 'Push Hook', action: event.action, body };
  }
  const merge_request =
    pull === undefined ? undefined : { id: pull.id, iid: pull.number, state: pull.state };
  if (kind === 'check_run' || kind === 'status') {
    const object_attributes = { sha: event.sha, status: event.action };
    const body = { object_kind: 'pipeline', object_attributes, merge_request, user, project };
    return { event: 'Pipeline Hook', action: event.action, body };
  }
  if (merge_request === undefined) return null; // H1
  if (kind === 'issue_comment' || kind === 'pull_request_review_comment') {
    const object_attributes = { noteable_type: 'MergeRequest', action: 'create' };
    const body = { object_kind: 'note', object_attributes, merge_request, user, project };
    return { event: 'Note Hook', action: event.action, body };
  }
  const words: Readonly<Record<string, string>> = {
    opened: 'open',
    closed: pull?.state === 'merged' ? 'merge' : 'close',
    reopened: 'reopen',
    submitted: 'approved',
  };
  const action = words[event.action] ?? 'update';
  const object_attributes = { ...merge_request, action };
  const body = { object_kind: 'merge_request', user, project, object_attributes };
  return { event: 'Merge Request Hook', action, body };
}

function gitea(event: ForgeEvent, base: string): HookMessage {
  const { body, ...rest } = github(event, base);
  const action = rest.action === 'synchronize' ? 'synchronized' : rest.action;
  return { ...rest, action, body: { ...body, ...('action' in body ? { action } : {}) } };
}
