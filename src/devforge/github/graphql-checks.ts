/**
 * GitHub's GraphQL types of commits and their checks: the rollup, its contexts, and which of them
 * a pull request requires.
 *
 * K1 No check at all is a null rollup, never a success. K2 `isRequired` must be told for which
 *    pull request.
 */
import type { CheckRun, CommitStatus } from '../model.ts';
import type { Repo } from '../repo.ts';
import { runPassed } from '../standing.ts';
import { typed } from './graphql-cost.ts';
import { connection, mustHave, personSource } from './graphql-parts.ts';
import type { Args, Source, Viewer } from './graphql-parts.ts';
import { iso, isoOrNull } from './shapes.ts';

export async function commitSource(viewer: Viewer, repo: Repo, sha: string): Promise<Source> {
  const commit = await repo.git.commit(sha);
  const rollup = (): Source | null => rollupSource(viewer, repo, sha);
  const person = (who: typeof commit.author): Source => ({
    name: who.name,
    email: who.email,
    date: iso(who.at),
    user: null,
  });
  return {
    __typename: 'Commit',
    id: `C_kwDO${sha.slice(0, 20)}`,
    oid: sha,
    abbreviatedOid: sha.slice(0, 7),
    message: commit.message,
    messageHeadline: commit.message.split('\n')[0] ?? '',
    messageBody: commit.message.split('\n').slice(2).join('\n'),
    committedDate: iso(commit.committer.at),
    authoredDate: iso(commit.author.at),
    author: person(commit.author),
    committer: person(commit.committer),
    authors: (args: Args) => connection([commit.author], args, person),
    url: `${viewer.urls.web}/${repo.fullName}/commit/${sha}`,
    parents: (args: Args) =>
      connection(commit.parents, args, (parent) => ({ __typename: 'Commit', oid: parent })),
    statusCheckRollup: rollup,
    status: null,
  };
}

/** K1 */
export function rollupSource(viewer: Viewer, repo: Repo, sha: string): Source | null {
  mustHave(viewer, repo, 'checks', 'read');
  mustHave(viewer, repo, 'statuses', 'read');
  const runs = repo.latestChecks(sha);
  const statuses = repo.latestStatuses(sha);
  if (runs.length + statuses.length === 0) return null;
  return {
    __typename: 'StatusCheckRollup',
    id: `SCR_kwDO${sha.slice(0, 20)}`,
    state: rollupState(runs, statuses),
    contexts: (args: Args) => {
      const sources = [
        ...runs.map((run) => checkSource(viewer, repo, run)),
        ...statuses.map((status) => statusSource(viewer, repo, status)),
      ];
      return {
        ...connection(sources, args, (one) => one),
        checkRunCount: runs.length,
        statusContextCount: statuses.length,
        checkRunCountsByState: null,
        statusContextCountsByState: null,
      };
    },
  };
}

function rollupState(runs: readonly CheckRun[], statuses: readonly CommitStatus[]): string {
  if (statuses.some(({ state }) => state === 'error')) return 'ERROR';
  const failed = runs.some((run) => run.status === 'completed' && !runPassed(run));
  if (failed || statuses.some(({ state }) => state === 'failure')) return 'FAILURE';
  const waiting = runs.some(({ status }) => status !== 'completed');
  return waiting || statuses.some(({ state }) => state === 'pending') ? 'PENDING' : 'SUCCESS';
}

function checkSource(viewer: Viewer, repo: Repo, run: CheckRun): Source {
  const web = `${viewer.urls.web}/${repo.fullName}/actions/runs/${run.suite}/job/${run.id}`;
  return {
    __typename: 'CheckRun',
    id: `CR_kwDO${run.id}`,
    databaseId: run.id,
    name: run.name,
    status: run.status.toUpperCase(),
    conclusion: run.conclusion === null ? null : run.conclusion.toUpperCase(),
    startedAt: iso(run.startedAt),
    completedAt: isoOrNull(run.completedAt),
    detailsUrl: web,
    url: web,
    permalink: web,
    title: run.title,
    summary: run.summary,
    text: null,
    isRequired: (args: Args) => required(repo, run.name, args),
    checkSuite: {
      __typename: 'CheckSuite',
      id: `CS_kwDO${run.suite}`,
      databaseId: run.suite,
      app: {
        __typename: 'App',
        id: `A_${run.app}`,
        databaseId: 15368,
        slug: run.app,
        name: run.app,
      },
      workflowRun:
        run.app === 'github-actions'
          ? {
              __typename: 'WorkflowRun',
              id: `WFR_kwDO${run.suite}`,
              databaseId: run.suite,
              event: 'pull_request',
              workflow: { __typename: 'Workflow', id: 'W_kwDO1', name: 'CI' },
            }
          : null,
    },
    annotations: (args: Args) =>
      connection(run.annotations, args, (one) => ({
        path: one.path,
        message: one.message,
        title: one.title ?? null,
        annotationLevel: one.level.toUpperCase(),
        location: {
          start: { line: one.line, column: null },
          end: { line: one.line, column: null },
        },
      })),
  };
}

function statusSource(viewer: Viewer, repo: Repo, status: CommitStatus): Source {
  return {
    __typename: 'StatusContext',
    id: `SC_kwDO${status.id}`,
    context: status.context,
    state: status.state.toUpperCase(),
    description: status.description,
    targetUrl: status.targetUrl,
    createdAt: iso(status.at),
    updatedAt: iso(status.at),
    avatarUrl: null,
    creator: personSource(status.creator, viewer.urls),
    isRequired: (args: Args) => required(repo, status.context, args),
  };
}

/** K2 */
function required(repo: Repo, name: string, args: Args): boolean {
  const { pullRequestId, pullRequestNumber } = args;
  const pull = repo.pulls.find(
    ({ nodeId, number }) => nodeId === pullRequestId || number === pullRequestNumber,
  );
  if (pull === undefined) {
    throw typed('You must provide a pull request ID or pull request number.', 'UNPROCESSABLE');
  }
  return repo.protections.get(pull.baseRef)?.requiredChecks.includes(name) ?? false;
}
