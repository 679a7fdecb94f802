/**
 * What the tools of one attempt do. The capability led here, so there is nothing to look up and
 * nothing to believe: every call is about this attempt.
 *
 * H1 A refusal is an answer the agent can act on: what is wrong and what to do.
 * H2 Work is handed in once: the runner copies and guards it, the town accepts it, then the agent
 *    is told. After that every call is told to stop.
 * H3 One call at a time.
 */
import type { Question } from '../core/attempt.ts';
import type { Failure } from '../core/failure.ts';
import type { LaunchSpec } from '../core/launch-spec.ts';
import type { Result } from '../core/result.ts';
import { askInput, doneInput, type ToolContext, type ToolName } from '../protocol/tools.ts';
import type { Submission, Workspace } from './needs.ts';
import type { Teller } from './teller.ts';
import type { ToolAnswer } from './tool-socket.ts';

export interface AttemptToolsDeps {
  readonly spec: LaunchSpec;
  readonly workspace: Workspace;
  readonly collect: () => Promise<Result<Submission, Failure>>;
  readonly tell: Teller;
  /** The town took it: the attempt is to end with this outcome. */
  readonly onAccepted: (outcome: 'submitted' | 'asked') => void;
  /** The town says that this attempt is over. */
  readonly onOver: () => void;
  readonly onCall: (name: ToolName) => void;
}

export class AttemptTools {
  readonly #deps: AttemptToolsDeps;
  #line: Promise<unknown> = Promise.resolve();
  #accepted: 'submitted' | 'asked' | null = null;

  constructor(deps: AttemptToolsDeps) {
    this.#deps = deps;
  }

  /** Set once the town took a submission or a question. */
  get accepted(): 'submitted' | 'asked' | null {
    return this.#accepted;
  }

  /** H3 */
  call(name: ToolName, input: unknown): Promise<ToolAnswer> {
    const answer = this.#line.then(() => this.#answer(name, input));
    this.#line = answer.catch(() => undefined);
    return answer;
  }

  /** Resolves when no call is running. */
  async idle(): Promise<void> {
    await this.#line;
  }

  async #answer(name: ToolName, input: unknown): Promise<ToolAnswer> {
    this.#deps.onCall(name);
    if (name === 'gt_context') return said(JSON.stringify(this.#context()));
    if (this.#accepted !== null) return said('Already handed in. Stop now.'); // H2
    return name === 'gt_done' ? this.#done(input) : this.#ask(input);
  }

  #context(): ToolContext {
    const { spec, workspace } = this.#deps;
    const { bead, title, branch, number, round } = spec;
    return { bead, title, branch, base: workspace.base, attempt: number, round };
  }

  async #done(input: unknown): Promise<ToolAnswer> {
    const { summary } = doneInput.parse(input);
    const collected = await this.#deps.collect();
    if (!collected.ok) return refused(refusalText(collected.error)); // H1
    const { head, base, touched } = collected.value;
    const { attempt } = this.#deps.spec;
    const work = { attempt, head, base, summary, touched };
    const told = await this.#deps.tell({ kind: 'work_submitted', ...work });
    if (!told.ok) return this.#notTaken(told.error);
    this.#accept('submitted');
    return said('Submitted. The system tests and merges it from here. Stop now.');
  }

  async #ask(input: unknown): Promise<ToolAnswer> {
    const { question: text, choices = [] } = askInput.parse(input);
    const question: Question = { text, choices };
    const { attempt } = this.#deps.spec;
    const told = await this.#deps.tell({ kind: 'attempt_asked', attempt, question });
    if (!told.ok) return this.#notTaken(told.error);
    this.#accept('asked');
    return said('Asked. Your work is saved and goes on after the answer. Stop now.');
  }

  #accept(outcome: 'submitted' | 'asked'): void {
    this.#accepted = outcome;
    this.#deps.onAccepted(outcome);
  }

  #notTaken(failure: Failure): ToolAnswer {
    if (failure.kind !== 'attempt_over') {
      return refused('The town could not take it right now. Wait a little and call again.');
    }
    this.#deps.onOver();
    return refused('This attempt is over; your work is saved. Stop now.');
  }
}

function said(text: string): ToolAnswer {
  return { isError: false, text };
}

function refused(text: string): ToolAnswer {
  return { isError: true, text };
}

/** For the agent's eyes: what to do in the workspace. People read `core/explain.ts`. H1 */
function refusalText(failure: Failure): string {
  if (!isOfSubmission(failure)) {
    return (
      `Not handed in: ${JSON.stringify(failure)}. Check that your work is committed on the ` +
      'branch you started on, then call gt_done again.'
    );
  }
  switch (failure.kind) {
    case 'submission_dirty':
      return (
        `Not handed in: these files are not committed: ${listed(failure.files)}. ` +
        'Commit what belongs to the task, delete or ignore the rest, then call gt_done again.'
      );
    case 'submission_empty':
      return (
        'Not handed in: the branch has no change of its own. Commit your work on the current ' +
        'branch and call gt_done again. If nothing needs to change, say so with gt_ask.'
      );
    case 'submission_foreign':
      return (
        `Not handed in: the branch carries commits of other work (${listed(failure.commits)}). ` +
        'Take them out: put only your own commits on top of the starting commit, then call again.'
      );
    case 'submission_not_descendant':
      return (
        `Not handed in: the branch does not contain ${failure.published}, which is published. ` +
        `Run \`git merge ${failure.published}\`; do not rebase or amend what was published.`
      );
    case 'submission_submodule':
      return (
        `Not handed in: submodules were changed: ${listed(failure.paths)}. That is not possible ` +
        'here: restore them to the starting commit, commit, and call gt_done again.'
      );
    case 'submission_lfs':
      return (
        `Not handed in: new large-file content: ${listed(failure.paths)}. That is not possible ` +
        'here: restore these files, commit, and call gt_done again.'
      );
  }
}

type SubmissionFailure = Extract<Failure, { readonly kind: `submission_${string}` }>;

function isOfSubmission(failure: Failure): failure is SubmissionFailure {
  return failure.kind.startsWith('submission_');
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 20).join(', ');
  return names.length > 20 ? `${shown} and ${names.length - 20} more` : shown;
}
