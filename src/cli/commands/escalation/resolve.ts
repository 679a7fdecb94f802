/**
 * `gt escalation ack` and `gt escalation resolve`.
 *
 * R1 An answer reaches whoever asked: the work that waited goes on with it.
 */
import { foretell } from '../../dry-run.ts';
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import type { Context } from '../../spec.ts';

export async function ack(
  { client, output }: Context,
  { id }: { readonly id: string },
): Promise<ExitCode> {
  const one = await client.post('/escalations/{escalation}/ack', { escalation: id }, {});
  output.result(one, () => [`${one.id}  ${one.status}  no more reminders`]);
  return exitCodes.ok;
}

export interface ResolveOptions {
  readonly id: string;
  readonly answer: string | null;
  readonly dryRun: boolean;
}

export async function resolve(
  { client, output }: Context,
  { id, answer, dryRun }: ResolveOptions,
): Promise<ExitCode> {
  const path = '/escalations/{escalation}/resolve';
  if (dryRun) {
    const dry = await client.rehearse(path, { escalation: id }, { answer });
    return foretell(output, dry, `resolve ${id}, and ${dry.would.subject} goes on`, []);
  }
  const one = await client.post(path, { escalation: id }, { answer });
  output.result(one, () => [`${one.id}  ${one.status}  ${one.subject} goes on`]);
  return exitCodes.ok;
}
