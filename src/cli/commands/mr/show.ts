/**
 * `gt mr show`: one change: where it stands, what would land, what the gates said.
 *
 * S1 A gate that did not pass is shown with its output; one that passed with its time only.
 */
import type { MergeRequestResource } from '../../../protocol/http.ts';
import type { Client } from '../../client.ts';
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import { counted, sentences, shortCommit, statusCell } from '../../format.ts';
import { clean, oneLine, span, type Output } from '../../output.ts';
import type { Context } from '../../spec.ts';
import { refused } from '../../problem.ts';

export async function show(
  { client, output }: Context,
  { id }: { readonly id: string },
): Promise<ExitCode> {
  const change = await changeOf(client, id);
  output.result(change, () => [
    `${output.paint('bold', change.id)}  ${change.bead} into ${change.target}`,
    ...output.fields([
      ['stage', statusCell(change.stage)],
      ['rig', change.rig],
      ['branch', change.branch],
      ['head', shortCommit(change.head)],
      ['candidate', candidateText(change)],
      ['decision', change.decision === null ? null : decisionText(change.decision)],
      ['merged', change.proof === null ? null : change.proof.commit],
      ...pullFields(change),
    ]),
    ...change.gates.flatMap((gate) => gateLines(output, gate)),
    ...change.failures.flatMap((failure) => ['', ...sentences(output, failure)]),
    ...change.waits.flatMap((wait) => ['', ...sentences(output, wait)]),
  ]);
  return exitCodes.ok;
}

type Field = readonly [string, string | null];

/** What the forge shows, and how often it could not be asked. */
function pullFields({ pr, blockedBy, ...counts }: MergeRequestResource): readonly Field[] {
  if (pr === null) return [];
  const { number, state, draft, checks, threads } = pr;
  const name = number === null ? state : `#${number} ${state}${draft === true ? ', draft' : ''}`;
  const polls = [
    ['outage', counts.pollTransientCount],
    ['malformed answer', counts.pollSoftErrorCount],
    ['refusal', counts.pollImmediateCount],
  ] as const;
  const failing = polls.flatMap(([words, count]) => (count === 0 ? [] : [counted(count, words)]));
  return [
    ['pull request', name],
    ['adopted', pr.adopted ? 'yes, somebody else opened it' : null],
    ['repairs', pr.adopted ? repairsText(pr.repairs) : null],
    ['address', pr.url === null ? null : oneLine(pr.url)],
    ['mergeable', number === null ? null : pr.mergeability],
    ['checks', number === null ? null : checksText(checks, pr.failingChecks)],
    ['review', pr.review?.replaceAll('_', ' ') ?? null],
    ['open remarks', threads === null || threads === 0 ? null : String(threads)],
    ['blocked by', blockedBy.length === 0 ? null : blockedBy.join(', ').replaceAll('_', ' ')],
    ['not read', failing.length === 0 ? null : failing.join(', ')],
  ];
}

const REPAIRS = {
  agreed: 'yes, agents may push to its branch',
  not_agreed: 'no, its author goes on: nothing is pushed to its branch',
  fork: 'no, its branch is in a fork: nothing is ever pushed there',
} as const;

export function repairsText(repairs: keyof typeof REPAIRS): string {
  return REPAIRS[repairs];
}

function checksText(
  checks: NonNullable<MergeRequestResource['pr']>['checks'],
  failing: readonly string[],
): string {
  if (checks === null) return 'not known';
  const parts = (['passed', 'failed', 'pending', 'missing'] as const)
    .filter((key) => checks[key] > 0)
    .map((key) => `${checks[key]} ${key}`);
  const names = failing.length === 0 ? '' : ` (${oneLine(failing.join(', '))})`;
  return parts.length === 0 ? 'none' : `${parts.join(', ')}${names}`;
}

/** By its own id, or by its bead's. */
export async function changeOf(client: Client, id: string): Promise<MergeRequestResource> {
  if (/^mr-\d+$/.test(id)) {
    return client.get('/merge-requests/{mergeRequest}', { mergeRequest: id });
  }
  const bead = await client.get('/beads/{bead}', { bead: id });
  if (bead.mergeRequest === null) {
    throw refused(
      'not_now',
      `${id} has no change to look at yet`,
      `it is ${bead.status}, after ${bead.attempts} attempts`,
      `gt why ${id}`,
    );
  }
  return client.get('/merge-requests/{mergeRequest}', { mergeRequest: bead.mergeRequest });
}

function candidateText({ candidate }: MergeRequestResource): string | null {
  if (candidate === null) return null;
  const onto = shortCommit(candidate.targetTip);
  return `${shortCommit(candidate.commit)} (${candidate.method} onto ${onto})`;
}

function decisionText(decision: { verdict: string; head: string; reason: string }): string {
  const on = `${decision.verdict} of ${shortCommit(decision.head)}`;
  return decision.reason === '' ? on : `${on}: ${oneLine(decision.reason)}`;
}

function gateLines(output: Output, gate: MergeRequestResource['gates'][number]): string[] {
  const result = statusCell(gate.result);
  const notes = [span(gate.durationMs), gate.flaky ? 'flaky' : '', gate.note ?? ''];
  const head = `gate ${gate.gate}  ${output.paint(result.style, result.text)}`;
  const tail = notes.filter((note) => note !== '').join(', ');
  const lines = ['', `${head}  ${tail}`, `  $ ${oneLine(gate.command)}`];
  if (gate.result === 'passed') return lines; // S1
  return [
    ...lines,
    ...clean(gate.output)
      .trimEnd()
      .split('\n')
      .map((line) => `  ${line}`),
  ];
}
