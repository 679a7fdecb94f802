/**
 * `gt rig show`: one repository: where it is, where changes land, what runs before they do.
 *
 * S1 Consent is always shown: without it nothing is written to the remote.
 */
import type { ForgeLook, RigResource } from '../../../protocol/http.ts';
import type { Client } from '../../client.ts';
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import { forgeText, landsOn, sentences, statusCell, usageText } from '../../format.ts';
import { ago, oneLine, type Output } from '../../output.ts';
import type { Context } from '../../spec.ts';
import { lookLines } from '../forge/look.ts';

export async function show(
  { client, output, world }: Context,
  { name }: { readonly name: string },
): Promise<ExitCode> {
  const rig = await client.get('/rigs/{rig}', { rig: name });
  const look = await lookAt(client, rig);
  output.result({ ...rig, forgeLook: look }, () => [
    ...rigLines(output, rig, world.now()),
    ...(look === null ? [] : ['', ...lookLines(output, look, world.now(), rig.id)]),
  ]);
  return exitCodes.ok;
}

/** What its credential may do on its forge; null: it is on none. */
export async function lookAt(client: Client, rig: RigResource): Promise<ForgeLook | null> {
  if (rig.forge === null) return null;
  return (await client.get('/rigs/{rig}/doctor', { rig: rig.id })).forge;
}

export function rigLines(output: Output, rig: RigResource, now: number): string[] {
  return [
    `${output.paint('bold', rig.id)}  ${oneLine(rig.remote)}`,
    ...output.fields([
      ['status', statusCell(rig.probing ? 'examining' : rig.status)],
      ['lands on', landsOn(rig)],
      ['forge', forgeText(rig)],
      ['objects from', rig.lends],
      ['bead ids', `${rig.prefix}-…`],
      // S1
      ['writes', rig.consentAt === null ? `not agreed yet: gt rig consent ${rig.id}` : 'agreed'],
      ['to merge', rig.mergeCommand],
      ['examined', rig.probedAt === null ? null : ago(Date.parse(rig.probedAt), now)],
      ['used', usageText(rig.usage)],
    ]),
    ...foundLines(output, rig),
    ...[rig.failure, rig.setupFailure].flatMap((failure) =>
      failure === null ? [] : ['', ...sentences(output, failure)],
    ),
    ...rig.waits.flatMap((wait) => ['', ...sentences(output, wait)]),
  ];
}

function foundLines(output: Output, { report }: RigResource): string[] {
  if (report === null) return [];
  const steps = [
    ...report.setup.map((step) => ['setup', step.name, step.command]),
    ...report.gates.map((gate) => ['gate', gate.name, gate.command]),
  ];
  const from = report.detectedFrom.length === 0 ? '' : ` (from ${report.detectedFrom.join(', ')})`;
  if (report.gates.length === 0) {
    steps.push(['gate', 'none', 'nothing checks a change before it lands']);
  }
  return [
    '',
    `found in the repository${from}`,
    ...output.table(['kind', 'name', 'command'], steps),
  ];
}
