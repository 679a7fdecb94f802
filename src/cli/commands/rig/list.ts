/**
 * `gt rig list`: the repositories of the town.
 *
 * L1 A rig that is not ready shows why in its row.
 */
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import { firstWait, statusCell } from '../../format.ts';
import { oneLine } from '../../output.ts';
import type { Context } from '../../spec.ts';

export async function list({ client, output }: Context): Promise<ExitCode> {
  const { items } = await client.get('/rigs', {});
  output.result({ items }, () => {
    if (items.length === 0) return ['no rigs yet: gt rig add <name> <path-or-url>'];
    const rows = items.map((rig) => [
      { text: rig.id, style: 'bold' as const },
      statusCell(rig.probing ? 'examining' : rig.status),
      `${rig.live} live`,
      rig.target,
      rig.remote,
      oneLine(rig.failure?.what ?? rig.setupFailure?.what ?? firstWait(rig.waits)), // L1
    ]);
    return output.table(['rig', 'status', 'agents', 'target', 'remote', ''], rows);
  });
  return exitCodes.ok;
}
