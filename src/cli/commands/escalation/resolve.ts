/**
 * `gt escalation ack` and `gt escalation resolve`.
 *
 * R1 An answer reaches whoever asked: the work that waited goes on with it.
 */
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

export async function resolve(
  { client, output }: Context,
  { id, answer }: { readonly id: string; readonly answer: string | null },
): Promise<ExitCode> {
  const path = '/escalations/{escalation}/resolve';
  const one = await client.post(path, { escalation: id }, { answer });
  output.result(one, () => [`${one.id}  ${one.status}  ${one.subject} goes on`]);
  return exitCodes.ok;
}
