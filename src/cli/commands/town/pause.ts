/**
 * `gt pause` and `gt resume`: the whole town.
 *
 * P1 Pausing starts and lands nothing; agents at work go on unless --now. Both may be repeated.
 */
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import type { Context } from '../../spec.ts';

export async function pause(
  { client, output }: Context,
  { halt }: { readonly halt: boolean },
): Promise<ExitCode> {
  await client.post('/pause', {}, { halt });
  const { town, live } = await client.get('/status', {});
  output.result({ town, live: live.length }, () => {
    const agents = halt ? 'agents are stopping, their work saved' : `${live.length} at work go on`;
    return [`${town.status}: nothing starts or lands (${agents})`, 'go on with: gt resume'];
  });
  return exitCodes.ok;
}

export async function resume({ client, output }: Context): Promise<ExitCode> {
  await client.post('/resume', {}, {});
  const before = await client.get('/status', {});
  if (before.dispatch.status === 'broken') await client.post('/breaker/reset', {}, {});
  const { town, dispatch } = await client.get('/status', {});
  output.result({ town, dispatch }, () => [`${town.status}: work goes on`]);
  return exitCodes.ok;
}
