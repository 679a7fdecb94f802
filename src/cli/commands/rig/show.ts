/**
 * `gt rig show`: one repository: where it is, where changes land, what runs before they do.
 *
 * S1 Consent is always shown: without it nothing is written to the remote.
 */
import type { RigResource } from '../../../protocol/http.ts';
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import { sentences, statusCell, usageText } from '../../format.ts';
import { ago, oneLine, type Output } from '../../output.ts';
import type { Context } from '../../spec.ts';

export async function show(
  { client, output, world }: Context,
  { name }: { readonly name: string },
): Promise<ExitCode> {
  const rig = await client.get('/rigs/{rig}', { rig: name });
  output.result(rig, () => rigLines(output, rig, world.now()));
  return exitCodes.ok;
}

export function rigLines(output: Output, rig: RigResource, now: number): string[] {
  return [
    `${output.paint('bold', rig.id)}  ${oneLine(rig.remote)}`,
    ...output.fields([
      ['status', statusCell(rig.probing ? 'examining' : rig.status)],
      ['lands on', landsOn(rig)],
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

function landsOn(rig: RigResource): string {
  return rig.updateCheckout ? `${rig.target}, in the checkout by fast-forward` : rig.target;
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
