/**
 * `--dry-run`: what a command would do, and that nothing was done.
 *
 * D1 The town finds out by doing it and undoing it; nothing here works out what would be.
 * D2 What would be refused is refused, with the same words and exit code: it never gets here.
 */
import type { BeadResource, DryRun, RigResource } from '../protocol/http.ts';
import { exitCodes, type ExitCode } from './exit-codes.ts';
import { beadStatusOf, forgeText, landsOn } from './format.ts';
import { oneLine, type Output } from './output.ts';
import type { OptionSpec } from './spec.ts';

export const dryRunOption: OptionSpec = {
  flags: '--dry-run',
  about: 'say what it would do, and do nothing',
};

/** `verb`: what it would do, as in “It would attach web”. */
export function foretell<Would>(
  output: Output,
  answer: DryRun<Would>,
  verb: string,
  lines: readonly string[],
): ExitCode {
  const end = lines.length === 0 ? '.' : ':';
  output.result(answer, () => [`Nothing was done. It would ${verb}${end}`, ...lines]);
  return exitCodes.ok;
}

/** As it would be, who would work on it, and where its change would go. */
export function beadAhead(output: Output, bead: BeadResource): string[] {
  return output.fields([
    ['title', oneLine(bead.title)],
    ['status', `${beadStatusOf(bead).replaceAll('_', ' ')}${whyThen(bead)}`],
    ...(bead.course === null ? [] : goesOn(bead.course, bead.reverts !== null)),
  ]);
}

type Pair = readonly [string, string];

function goesOn(course: NonNullable<BeadResource['course']>, isRevert: boolean): readonly Pair[] {
  const { agent, model, lands, target, remote, consentAt } = course;
  const found = agent ?? 'none was found: gt doctor';
  const who = model === null ? found : `${found} with ${model}`;
  const how = lands === 'pr' ? 'by pull request' : 'directly';
  return [
    ['agent', isRevert ? 'none: the town takes the change back' : who],
    ['lands', `${how}, on ${target} of ${oneLine(remote)}`],
    ['writes', writes(consentAt)],
  ];
}

/** What an agent or the town would be doing by then is not said as if it were so. */
function whyThen({ status, waits }: BeadResource): string {
  if (status === 'in_progress') return ', an attempt would begin at once';
  const why = ['held', 'blocked', 'open', 'failed'].includes(status) ? waits[0] : undefined;
  return why === undefined ? '' : `: ${oneLine(why.what)}`;
}

/** As it would be before anybody has examined it. */
export function rigAhead(output: Output, rig: RigResource): string[] {
  return output.fields([
    ['repository', oneLine(rig.remote)],
    ['lands on', landsOn(rig)],
    ['forge', forgeText(rig)],
    ['objects from', rig.lends],
    ['bead ids', `${rig.prefix}-…`],
    ['writes', writes(rig.consentAt)],
  ]);
}

function writes(consentAt: string | null): string {
  return consentAt === null ? 'not agreed yet: nothing lands before that' : 'agreed';
}
