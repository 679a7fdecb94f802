/**
 * Who closed a pull request that was not merged. A batch does not tell; the issue behind the pull
 * request does, in one request that is made once, because a closed one is not read again.
 */
import { z } from 'zod';
import type { PRStatusOutcome } from '../../core/pr-status.ts';
import { repoPath, type Call, type GitHubApi } from './api.ts';
import { login } from './fields.ts';

const issue = z.object({ closed_by: login });

export class ClosedBy {
  readonly #api: GitHubApi;

  constructor(api: GitHubApi) {
    this.#api = api;
  }

  /** What cannot be learned stays null. */
  async named(
    call: Call,
    outcomes: readonly PRStatusOutcome[],
  ): Promise<readonly PRStatusOutcome[]> {
    const named: PRStatusOutcome[] = [];
    for (const outcome of outcomes) {
      const isClosed = outcome.ok && outcome.result.state === 'closed';
      named.push(isClosed ? { ok: true, result: await this.#name(call, outcome.result) } : outcome);
    }
    return named;
  }

  async #name<T extends Extract<PRStatusOutcome, { ok: true }>['result']>(
    call: Call,
    snapshot: T,
  ): Promise<T> {
    const { project, number } = snapshot.ref;
    const answer = await this.#api.get(call, `${repoPath(project)}/issues/${number}`);
    const found = answer.ok ? issue.safeParse(answer.value.json).data : undefined;
    return { ...snapshot, closedBy: found?.closed_by?.login ?? null };
  }
}
