/**
 * `gt run`: one task from a repository to its merge. Starts the town if needed, attaches the
 * repository, agrees on writing to its remote, slings, follows.
 *
 * R1 0: merged. 4: a person is needed, and why. 1: it failed or was closed without a merge.
 * R2 Nothing is written to the remote before a yes: --yes, or the answer at the prompt.
 * R3 Ctrl-C stops the following only; the bead goes on and can be looked at.
 */
import type { BeadResource, RigResource } from '../../../protocol/http.ts';
import { bodyText } from '../../body-text.ts';
import { exitCodes, type ExitCode } from '../../exit-codes.ts';
import { sentences, shortCommit } from '../../format.ts';
import { startHost } from '../../host-process.ts';
import { clean } from '../../output.ts';
import { Interrupted } from '../../problem.ts';
import { readServer } from '../../server-file.ts';
import type { Context } from '../../spec.ts';
import { follow, type Ending } from './run-follow.ts';
import { rigFor } from './run-rig.ts';

export interface RunOptions {
  readonly repo: string;
  readonly task: string;
  readonly yes: boolean;
  readonly agent: string | undefined;
  readonly model: string | undefined;
  readonly body: string | undefined;
  readonly bodyFile: string | undefined;
  readonly gates: readonly string[];
  readonly target: string | undefined;
  readonly updateCheckout: boolean;
  readonly dryRun: boolean;
}

export async function run(context: Context, options: RunOptions): Promise<ExitCode> {
  const { client, output, world } = context;
  const body = (await bodyText(world, options)) ?? '';
  if (options.dryRun) return (await import('./run-dry.ts')).runDry(context, options, body);
  await townUp(context);
  const rig = await rigFor(context, options);
  const { seq } = await client.get('/status', {});
  const bead = await client.post(
    '/beads',
    {},
    {
      rig: rig.id,
      title: options.task,
      body,
      agent: options.agent ?? null,
      model: options.model ?? null,
    },
  );
  output.note(`${bead.id}  ${clean(bead.title)}`);
  const ending = await follow(context, bead, seq).catch((thrown: unknown) => {
    if (thrown instanceof Interrupted || world.interrupted.aborted) {
      output.warn(`${bead.id} goes on; look with: gt bead show ${bead.id}`); // R3
      output.result(documentOf('interrupted', { bead, why: null }, rig), () => []);
      throw new Interrupted();
    }
    throw thrown;
  });
  output.result(documentOf(ending.kind, ending, rig), () => endingLines(context, ending, rig));
  return ending.kind === 'merged'
    ? exitCodes.ok
    : ending.kind === 'needs_person'
      ? exitCodes.refused
      : exitCodes.failure;
}

async function townUp(context: Context): Promise<void> {
  const running = await readServer(context.gastownHome);
  if (typeof running !== 'string') return;
  const { server, child } = await startHost(context, { port: undefined });
  child.unref();
  context.output.note(`up at ${server.url} (home ${context.gastownHome}); stop it with: gt down`);
}

function documentOf(
  ending: Ending['kind'] | 'interrupted',
  { bead, why }: Pick<Ending, 'bead' | 'why'>,
  rig: RigResource,
): unknown {
  return {
    ending,
    bead,
    commit: bead.proof?.commit ?? null,
    why: why?.answer ?? null,
    mergeCommand: rig.mergeCommand,
  };
}

function endingLines(
  { output }: Context,
  { kind, bead, why }: Ending,
  rig: RigResource,
): readonly string[] {
  if (kind === 'merged') return mergedLines(bead, rig);
  const how = kind === 'needs_person' ? 'needs you' : (bead.resolution ?? bead.status);
  const said = why === null ? [] : sentences(output, why.answer, '  ');
  return [`${bead.id} ${how}`, ...said];
}

function mergedLines({ id, proof }: BeadResource, rig: RigResource): readonly string[] {
  const line = `${id} merged: ${shortCommit(proof?.commit)} is in ${proof?.target ?? rig.target}`;
  return rig.mergeCommand === null ? [line] : [line, `bring it into yours: ${rig.mergeCommand}`];
}
