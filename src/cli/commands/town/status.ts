/**
 * `gt status`: the whole town on one screen: what needs you, what works, what waits.
 *
 * S1 What needs a person comes first.
 */
import type { StatusResource } from '../../../protocol/http.ts';
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import { counted, firstWait, sentences, statusCell, usageText } from '../../format.ts';
import { oneLine, span, type Output } from '../../output.ts';
import type { Context } from '../../spec.ts';

const ORDER = ['in_progress', 'in_review', 'open', 'blocked', 'held', 'failed', 'closed'];

export async function status({ client, output, world }: Context): Promise<ExitCode> {
  const seen = await client.get('/status', {});
  output.result(seen, () => [
    ...headLines(output, seen),
    ...needsYou(output, seen),
    ...atWork(output, seen, world.now()),
    ...landing(output, seen),
    ...rigLines(output, seen),
  ]);
  return exitCodes.ok;
}

function headLines(output: Output, seen: StatusResource): string[] {
  const { town, dispatch } = seen;
  const state = statusCell(town.status);
  const names = [...ORDER, ...Object.keys(seen.beads).filter((name) => !ORDER.includes(name))];
  const beads = names
    .filter((name) => (seen.beads[name] ?? 0) > 0)
    .map((name) => `${seen.beads[name]} ${name.replaceAll('_', ' ')}`);
  const halted = town.status === 'running' ? [] : ['  nothing starts or lands: gt resume'];
  const broken = dispatch.status === 'granting' ? [] : dispatch.waits;
  return [
    `town ${output.paint('bold', town.name || town.tag)}  ${output.paint(state.style, state.text)}`,
    ...halted,
    `beads  ${beads.length === 0 ? 'none yet: gt sling <rig> "<task>"' : beads.join(', ')}`,
    ...(usageText(seen.usage) === null ? [] : [`used   ${usageText(seen.usage)}`]),
    ...broken.flatMap((wait) => sentences(output, wait)),
  ];
}

/** S1 */
function needsYou(output: Output, { escalations }: StatusResource): string[] {
  if (escalations.length === 0) return [];
  const rows = escalations.map((one) => [
    { text: one.id, style: 'bold' as const },
    statusCell(one.severity),
    one.subject,
    oneLine(one.question?.text ?? one.failure?.what ?? ''),
  ]);
  return ['', ...output.table(['needs you', '', 'about', 'says'], rows)];
}

function atWork(output: Output, { live }: StatusResource, now: number): string[] {
  if (live.length === 0) return [];
  const rows = live.map((attempt) => [
    { text: attempt.bead, style: 'bold' as const },
    statusCell(attempt.status),
    `${attempt.name} (${attempt.agent})`,
    span(now - Date.parse(attempt.startedAt)),
    firstWait(attempt.waits) || attempt.phase.replaceAll('_', ' '),
  ]);
  return ['', ...output.table(['at work', 'status', 'agent', 'for', ''], rows)];
}

function landing(output: Output, { mergeRequests }: StatusResource): string[] {
  if (mergeRequests.length === 0) return [];
  const rows = mergeRequests.map((change) => [
    { text: change.bead, style: 'bold' as const },
    statusCell(change.stage),
    `${change.id} into ${change.target}`,
    firstWait(change.waits),
  ]);
  return ['', ...output.table(['landing', 'stage', 'change', 'waits for'], rows)];
}

function rigLines(output: Output, { rigs, runners }: StatusResource): string[] {
  const rows = rigs.map((rig) => [
    { text: rig.id, style: 'bold' as const },
    statusCell(rig.probing ? 'examining' : rig.status),
    counted(rig.live, 'agent'),
    oneLine(rig.failure?.what ?? firstWait(rig.waits)),
  ]);
  const machines = runners.map(
    (runner) =>
      `runner ${runner.id}  ${runner.status}  ${runner.live} of ${runner.capacity} agents, ` +
      `isolation ${runner.isolation}`,
  );
  const table =
    rows.length === 0
      ? ['no rigs yet: gt rig add <name> <path-or-url>']
      : output.table(['rig', 'status', 'live', ''], rows);
  return ['', ...table, ...(machines.length === 0 ? [] : ['', ...machines])];
}
