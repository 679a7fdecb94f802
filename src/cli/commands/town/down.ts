/**
 * `gt down`: stop the town of this home.
 *
 * D1 Done means that its process is gone. D2 Nothing accepted is lost either way: --now only skips
 *    the agents' last save.
 */
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import { waitGone } from '../../host-process.ts';
import { failure } from '../../problem.ts';
import { findServer, holdsHome } from '../../server-file.ts';
import type { Context } from '../../spec.ts';

const STOP_MS_MAX = 60_000;

export async function down(
  context: Context,
  { now }: { readonly now: boolean },
): Promise<ExitCode> {
  const { client, gastownHome, output } = context;
  const server = await findServer(gastownHome);
  if (now && (await holdsHome(gastownHome, server.pid))) process.kill(server.pid, 'SIGKILL');
  else await client.post('/shutdown', {}, {});
  if (!(await waitGone(context, server.pid, STOP_MS_MAX))) {
    throw failure(
      'still_running',
      'the town has not stopped yet',
      `process ${server.pid} is still there after ${STOP_MS_MAX / 1000} s`,
      'gt down --now',
    );
  }
  output.result({ home: gastownHome, pid: server.pid, stopped: true }, () => [
    `stopped; everything is in ${gastownHome}`,
  ]);
  return exitCodes.ok;
}
