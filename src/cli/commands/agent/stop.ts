/**
 * `gt agent stop`: stop one agent; what it did so far is saved.
 *
 * S1 A bead's id stands for its latest attempt.
 */
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import type { Context } from '../../spec.ts';

export interface StopOptions {
  readonly id: string;
  readonly reason: string;
}

export async function stop(
  { client, output }: Context,
  { id, reason }: StopOptions,
): Promise<ExitCode> {
  const { id: attempt } = await client.get('/agents/{attempt}', { attempt: id }); // S1
  const stopped = await client.post('/agents/{attempt}/stop', { attempt }, { reason });
  output.result(stopped, () => [`${stopped.id}  ${stopped.status}  its work is saved`]);
  return exitCodes.ok;
}
