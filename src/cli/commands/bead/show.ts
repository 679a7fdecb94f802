/**
 * `gt bead show`: everything a person asks about one bead, on one screen.
 *
 * S1 With --json: the bead with its attempts and merge requests, in one document.
 * S2 `mergeRequest` in it is the whole one, with `failure` and the counters of its pull request.
 */
import type {
  AttemptResource,
  BeadResource,
  MergeRequestResource,
} from '../../../protocol/http.ts';
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import {
  beadStatusOf,
  counted,
  sentences,
  shortCommit,
  statusCell,
  usageText,
} from '../../format.ts';
import { ago, clean, oneLine, span, type Output } from '../../output.ts';
import type { Context } from '../../spec.ts';

const ATTEMPTS_MAX = 100;

export async function show(
  { client, output, world }: Context,
  { bead: id }: { readonly bead: string },
): Promise<ExitCode> {
  const bead = await client.get('/beads/{bead}', { bead: id });
  const [{ items: attempts }, change] = await Promise.all([
    client.list('/agents', { bead: bead.id }, ATTEMPTS_MAX),
    bead.mergeRequest === null
      ? null
      : client.get('/merge-requests/{mergeRequest}', { mergeRequest: bead.mergeRequest }),
  ]);
  // S2
  const mergeRequest = change ?? bead.mergeRequest;
  output.result({ ...bead, mergeRequest, attemptList: attempts, change }, () => [
    `${output.paint('bold', bead.id)}  ${oneLine(bead.title)}`,
    ...facts(output, bead, world.now()),
    ...body(output, bead),
    ...attemptLines(output, attempts, world.now()),
    ...changeLines(output, change),
    ...lastFailure(output, bead, attempts),
    ...waiting(output, bead),
  ]);
  return exitCodes.ok;
}

function facts(output: Output, bead: BeadResource, now: number): string[] {
  return output.fields([
    ['status', statusCell(beadStatusOf(bead))],
    ['rig', bead.rig],
    ['priority', `P${bead.priority}`],
    ['fixes', bead.issues.length === 0 ? null : bead.issues.join(', ')],
    ['duplicate', bead.duplicate === null ? null : duplicateText(bead.duplicate)],
    ['scope', bead.scope.length === 0 ? null : bead.scope.map(oneLine).join(', ')],
    ['agent', bead.agent],
    ['model', bead.model],
    ['after', bead.after.length === 0 ? null : bead.after.join(', ')],
    ['blocks', bead.blocks.length === 0 ? null : bead.blocks.join(', ')],
    ['branch', bead.branch],
    ['tries', tries(bead)],
    ['submitted', shortCommit(bead.head)],
    ['summary', bead.summary === null ? null : clean(bead.summary)],
    ['touches', bead.touched === null ? null : touchedText(bead.touched)],
    ['reverts', bead.reverts],
    ['merged', bead.proof === null ? null : `${bead.proof.commit} into ${bead.proof.target}`],
    ['used', usageText(bead.usage)],
    ['created', `${ago(Date.parse(bead.createdAt), now)} by ${bead.createdBy}`],
  ]);
}

function duplicateText({ of, issue, letGo }: NonNullable<BeadResource['duplicate']>): string {
  const same = issue === null ? 'with the same words' : `to ${issue}`;
  return `of ${of}, which came first ${same}${letGo ? '; let go all the same' : ''}`;
}

const PATHS_SHOWN = 10;

function touchedText(touched: NonNullable<BeadResource['touched']>): string {
  const { files, outside, outsideFiles, notCompared } = touched;
  const unsure = notCompared === 0 ? '' : `; ${notCompared} not compared with the scope`;
  if (outsideFiles === 0) return `${counted(files, 'file')}${unsure}`;
  const shown = outside.slice(0, PATHS_SHOWN).map(oneLine);
  const more = outsideFiles - shown.length;
  const all = [...shown, ...(more === 0 ? [] : [`${more} more`])].join(', ');
  return `${counted(files, 'file')}; outside the declared scope: ${all}${unsure}`;
}

function tries(bead: BeadResource): string | null {
  if (bead.attempts === 0) return null;
  return `${counted(bead.attempts, 'attempt')}, ${counted(bead.rounds, 'round')}`;
}

function body(output: Output, bead: BeadResource): string[] {
  if (bead.body === '') return [];
  return ['', output.paint('dim', 'body'), ...clean(bead.body).trimEnd().split('\n')];
}

function attemptLines(output: Output, attempts: readonly AttemptResource[], now: number): string[] {
  if (attempts.length === 0) return [];
  const rows = attempts.toReversed().map((attempt) => {
    const start = Date.parse(attempt.startedAt);
    const end = attempt.endedAt === null ? now : Date.parse(attempt.endedAt);
    return [
      attempt.id,
      statusCell(attempt.outcome ?? attempt.status),
      attempt.agent,
      span(end - start),
      oneLine(attempt.failure?.what ?? attempt.summary ?? ''),
    ];
  });
  return ['', ...output.table(['attempt', 'outcome', 'agent', 'took', 'says'], rows)];
}

function changeLines(output: Output, change: MergeRequestResource | null): string[] {
  if (change === null) return [];
  const gates = change.gates.map((gate) => [
    gate.gate,
    statusCell(gate.flaky ? 'passed' : gate.result),
    gate.flaky ? 'flaky' : span(gate.durationMs),
    oneLine(gate.command),
  ]);
  const label = output.paint('dim', 'change');
  const { pr } = change;
  const pull = pr?.number === undefined || pr.number === null ? '' : `, pull request #${pr.number}`;
  const stage = change.stage.replaceAll('_', ' ');
  const head = `${label} ${change.id} ${stage} into ${change.target}${pull}`;
  const table =
    gates.length === 0 ? [] : output.table(['gate', 'result', 'took', 'command'], gates);
  return ['', head, ...table];
}

/** What ended the latest attempt, while it still matters. */
function lastFailure(
  output: Output,
  bead: BeadResource,
  attempts: readonly AttemptResource[],
): string[] {
  const failure = bead.status === 'closed' ? null : (attempts[0]?.failure ?? null);
  if (failure === null || failure.what === bead.failure?.what) return [];
  return ['', ...sentences(output, failure)];
}

function waiting(output: Output, bead: BeadResource): string[] {
  const failure = bead.failure === null ? [] : ['', ...sentences(output, bead.failure)];
  return [...failure, ...bead.waits.flatMap((wait) => ['', ...sentences(output, wait)])];
}
