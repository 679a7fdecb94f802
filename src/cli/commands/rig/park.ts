/**
 * `gt rig park`, `unpark`, `consent` and `remove`: one command to the town each.
 *
 * P1 Removing detaches the rig; the repository and its remote stay as they are.
 */
import { foretell } from '../../dry-run.ts';
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import type { Context } from '../../spec.ts';

interface Named {
  readonly name: string;
}

export async function park(
  { client, output }: Context,
  { name, park }: Named & { readonly park: boolean },
): Promise<ExitCode> {
  const rig = park
    ? await client.post('/rigs/{rig}/park', { rig: name }, {})
    : await client.post('/rigs/{rig}/unpark', { rig: name }, {});
  const did = park
    ? `starts no work until: gt rig unpark ${name}`
    : 'is examined, then work goes on';
  output.result(rig, () => [`${rig.id}  ${rig.status}  ${did}`]);
  return exitCodes.ok;
}

export async function consent(
  { client, output }: Context,
  { name, dryRun }: Named & { readonly dryRun: boolean },
): Promise<ExitCode> {
  if (dryRun) {
    const answer = await client.rehearse('/rigs/{rig}/consent', { rig: name }, {});
    return foretell(output, answer, `let the town write to ${answer.would.remote}`, []);
  }
  const rig = await client.post('/rigs/{rig}/consent', { rig: name }, {});
  output.result(rig, () => [`${rig.id}  the town may write to ${rig.remote}`]);
  return exitCodes.ok;
}

export async function remove({ client, output }: Context, { name }: Named): Promise<ExitCode> {
  const answer = await client.delete('/rigs/{rig}', { rig: name });
  output.result(answer, () => [`${name}  removed; the repository is as it was`]); // P1
  return exitCodes.ok;
}
