/**
 * The verbs that change the course of one bead: each is one command to the town and one line about
 * what became of it.
 *
 * A1 The line shows the status after the command; what follows from it comes with the next tick.
 */
import type { BeadResource, DryRun } from '../../../protocol/http.ts';
import { beadAhead, foretell } from '../../dry-run.ts';
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import { beadStatusOf } from '../../format.ts';
import { oneLine } from '../../output.ts';
import { usage } from '../../problem.ts';
import type { Context } from '../../spec.ts';

interface Named {
  readonly bead: string;
}

interface Dry {
  readonly dryRun: boolean;
}

export async function stop(
  context: Context,
  { bead, reason }: Named & { readonly reason: string },
): Promise<ExitCode> {
  const changed = await context.client.post('/beads/{bead}/stop', { bead }, { reason });
  return showChanged(context, changed, 'stopping');
}

export async function close(
  context: Context,
  options: Named & Dry & { readonly resolution: 'dropped' | 'no_change'; readonly reason: string },
): Promise<ExitCode> {
  const { bead, resolution, reason } = options;
  const request = { resolution, reason };
  if (options.dryRun) {
    const answer = await context.client.rehearse('/beads/{bead}/close', { bead }, request);
    return foretellBead(context, answer, `close ${bead}`);
  }
  const changed = await context.client.post('/beads/{bead}/close', { bead }, request);
  return showChanged(context, changed, 'closing');
}

export async function retry(
  context: Context,
  { bead, note, dryRun }: Named & Dry & { readonly note: string | null },
): Promise<ExitCode> {
  if (dryRun) {
    const answer = await context.client.rehearse('/beads/{bead}/retry', { bead }, { note });
    return foretellBead(context, answer, `retry ${bead}`);
  }
  const changed = await context.client.post('/beads/{bead}/retry', { bead }, { note });
  return showChanged(context, changed, 'retrying');
}

export async function revert(context: Context, { bead, dryRun }: Named & Dry): Promise<ExitCode> {
  if (dryRun) {
    const answer = await context.client.rehearse('/beads/{bead}/revert', { bead }, {});
    return foretellBead(context, answer, `make a bead that takes ${bead} back`);
  }
  const made = await context.client.post('/beads/{bead}/revert', { bead }, {});
  return showChanged(context, made, `takes ${bead} back`);
}

export async function hold(context: Context, { bead }: Named): Promise<ExitCode> {
  const changed = await context.client.post('/beads/{bead}/hold', { bead }, {});
  return showChanged(context, changed, 'held');
}

export async function release(context: Context, { bead, dryRun }: Named & Dry): Promise<ExitCode> {
  if (dryRun) {
    const answer = await context.client.rehearse('/beads/{bead}/release', { bead }, {});
    return foretellBead(context, answer, `release ${bead}`);
  }
  const changed = await context.client.post('/beads/{bead}/release', { bead }, {});
  return showChanged(context, changed, 'released');
}

export async function depend(
  context: Context,
  options: Named & { readonly add: readonly string[]; readonly remove: readonly string[] },
): Promise<ExitCode> {
  const { bead, add, remove } = options;
  if (add.length + remove.length === 0) {
    throw usage(
      'no bead was named',
      'neither --on nor --not-on is there',
      `gt bead depend ${bead} --on <bead>`,
    );
  }
  const request = { add: [...add], remove: [...remove] };
  const changed = await context.client.post('/beads/{bead}/depend', { bead }, request);
  const after = changed.after.length === 0 ? 'nothing' : changed.after.join(', ');
  return showChanged(context, changed, `starts after ${after}`);
}

/** A1 */
export function showChanged({ output }: Context, bead: BeadResource, did: string): ExitCode {
  output.result(bead, () => beadLines(bead, did));
  return exitCodes.ok;
}

export function foretellBead(
  { output }: Context,
  answer: DryRun<BeadResource>,
  verb: string,
): ExitCode {
  return foretell(output, answer, verb, beadAhead(output, answer.would));
}

export function beadLines(bead: BeadResource, did: string): readonly string[] {
  const line = `${bead.id}  ${beadStatusOf(bead)}  ${did}`;
  const wait = bead.waits[0];
  return wait === undefined ? [line] : [line, `  ${oneLine(wait.what)}`];
}
