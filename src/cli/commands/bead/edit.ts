/**
 * `gt bead edit`: change the words, the scope, the priority, the agent or the model of a bead.
 *
 * E1 What is not named stays; an empty agent or model goes back to the rig's, and an empty scope
 *    declares none.
 */
import type { EditRequest } from '../../../protocol/http.ts';
import { bodyText } from '../../body-text.ts';
import type { ExitCode } from '../../exit-codes.ts';
import { usage } from '../../problem.ts';
import type { Context } from '../../spec.ts';
import { showChanged } from './act.ts';

export interface EditOptions {
  readonly bead: string;
  readonly title: string | undefined;
  readonly body: string | undefined;
  readonly bodyFile: string | undefined;
  readonly scope: readonly string[];
  readonly priority: number | undefined;
  readonly agent: string | undefined;
  readonly model: string | undefined;
}

export async function edit(context: Context, options: EditOptions): Promise<ExitCode> {
  const body = await bodyText(context.world, options);
  const { title, scope, priority, agent, model } = options;
  const request: EditRequest = {
    ...(title === undefined ? {} : { title }),
    ...(body === undefined ? {} : { body }),
    ...(scope.length === 0 ? {} : { scope: scope.join('') === '' ? [] : [...scope] }),
    ...(priority === undefined ? {} : { priority }),
    ...(agent === undefined ? {} : { agent: agent === '' ? null : agent }), // E1
    ...(model === undefined ? {} : { model: model === '' ? null : model }),
  };
  if (Object.keys(request).length === 0) {
    throw usage('nothing to change was given', 'no option', 'gt bead edit --help');
  }
  const bead = await context.client.patch('/beads/{bead}', { bead: options.bead }, request);
  return showChanged(context, bead, 'edited');
}
