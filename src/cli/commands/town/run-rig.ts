/**
 * Which rig a repository is, for `gt run`: the one it is attached as, or a new one.
 *
 * G1 One repository is attached once: by its remote, or by the path that lends its objects.
 * G2 Settings of a rig that is there already are not changed on the way.
 * G3 Nothing is attached or written before a yes: --yes, or the answer at the prompt.
 * G4 The branch a person has checked out is left alone, unless --update-checkout.
 */
import { execFile } from 'node:child_process';
import type { RigResource } from '../../../protocol/http.ts';
import { canAsk } from '../../ask.ts';
import { refused, usage, type Stop } from '../../problem.ts';
import { isUrl, nameFrom, sourceOf } from '../../source.ts';
import type { Context } from '../../spec.ts';
import {
  attach,
  isCheckedOut,
  OTHER_BRANCH,
  otherBranch,
  saysYes,
  type AddOptions,
} from '../rig/add.ts';
import type { RunOptions } from './run.ts';

export async function rigFor(context: Context, options: RunOptions): Promise<RigResource> {
  const { client, output } = context;
  const { known, remote, add } = await meant(context, options);
  if (known !== undefined) {
    return known.consentAt === null ? consented(context, known, options.yes) : known;
  }
  // What is no repository is refused as such, before anybody is asked about it.
  const isThere = isUrl(add.repository) || (await isRepository(context, add.repository));
  if (isThere) await allowed(context, remote, options.yes);
  output.note(`attaching ${add.repository} as rig ${add.name}`);
  const attached = await attachElsewhere(context, { ...add, yes: isThere });
  // It was there after all: no git here could tell. G3
  const rig = isThere ? attached : await consented(context, attached, options.yes);
  const set = gateSettings(options);
  if (set === null) {
    const gates = rig.report?.gates.map(({ command }) => command) ?? [];
    output.note(gates.length === 0 ? 'no gates were found' : `gates: ${gates.join('; ')}`);
    return rig;
  }
  await client.patch('/rigs/{rig}/settings', { rig: rig.id }, { set });
  return client.get('/rigs/{rig}', { rig: rig.id });
}

export interface Meant {
  /** Attached already. G1 */
  readonly known: RigResource | undefined;
  readonly remote: string;
  /** How it would be attached. */
  readonly add: AddOptions;
}

/** Reads only. */
export async function meant(context: Context, options: RunOptions): Promise<Meant> {
  const { client, world } = context;
  const { items: rigs } = await client.get('/rigs', {});
  const source = await topOf(context, sourceOf(world, options.repo));
  const remote = isUrl(source) ? source : await originOf(context, source);
  const known = rigs.find(
    (rig) =>
      rig.id === options.repo ||
      [rig.remote, rig.lends].includes(source) ||
      (remote !== undefined && rig.remote === remote),
  );
  const ids = rigs.map(({ id }) => id);
  return {
    known: known === undefined ? undefined : unchanged(known, options),
    remote: known?.remote ?? remote ?? source,
    add: {
      name: nameFrom(source, ids),
      repository: source,
      target: options.target,
      prefix: undefined,
      updateCheckout: options.updateCheckout,
      yes: true,
    },
  };
}

/** null: those that are found in the repository. */
export function gateSettings({ gates }: RunOptions) {
  if (gates.length === 0) return null;
  return { gates: gates.map((command, at) => ({ name: gateName(command, at), command })) };
}

/** A checkout that is its own remote gets a branch beside the one it is on. G4 */
async function attachElsewhere(context: Context, options: AddOptions): Promise<RigResource> {
  try {
    return await attach(context, options);
  } catch (thrown) {
    if (!wantsOtherBranch(thrown, options)) throw thrown;
    if (canAsk(context)) return attach(context, await otherBranch(context, options, thrown));
    context.output.note(`it has no remote: changes land on its branch "${OTHER_BRANCH}"`);
    return attach(context, { ...options, target: OTHER_BRANCH });
  }
}

/** G4 */
export function wantsOtherBranch(thrown: unknown, { target }: AddOptions): thrown is Stop {
  return isCheckedOut(thrown) && target === undefined;
}

/** G3 */
async function allowed(context: Context, remote: string, yes: boolean): Promise<void> {
  if (!(yes || (await saysYes(context, remote)))) throw notAllowed(remote);
}

export function notAllowed(remote: string): Error {
  return refused(
    'consent_needed',
    `nobody has agreed yet that the town writes to ${remote}`,
    'landing a change pushes to it; nothing was pushed, and no bead was made',
    'run the same command with --yes',
  );
}

async function consented(context: Context, rig: RigResource, yes: boolean): Promise<RigResource> {
  await allowed(context, rig.remote, yes);
  return context.client.post('/rigs/{rig}/consent', { rig: rig.id }, {});
}

/** G2 */
function unchanged(rig: RigResource, options: RunOptions): RigResource {
  const given = [
    ...(options.gates.length > 0 ? ['--gate'] : []),
    ...(options.target !== undefined && options.target !== rig.target ? ['--target'] : []),
    ...(options.updateCheckout && !rig.updateCheckout ? ['--update-checkout'] : []),
  ];
  if (given.length === 0) return rig;
  throw usage(
    `the repository is attached already, as rig ${rig.id}`,
    `${given.join(' and ')} would change it on the way`,
    `gt rig show ${rig.id}, then gt rig set ${rig.id} …`,
  );
}

function gateName(command: string, at: number): string {
  const word = command.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  return word.replace(/^-+|-+$/g, '').slice(0, 24) || `gate-${at + 1}`;
}

/** The root of the working tree a path is in; the path itself when it is none. */
async function topOf(context: Context, source: string): Promise<string> {
  if (isUrl(source)) return source;
  return (await git(context, source, ['rev-parse', '--show-toplevel'])) ?? source;
}

async function isRepository(context: Context, path: string): Promise<boolean> {
  return (await git(context, path, ['rev-parse', '--git-dir'])) !== undefined;
}

async function originOf(context: Context, path: string): Promise<string | undefined> {
  return git(context, path, ['config', '--get', 'remote.origin.url']);
}

/** Reads only; undefined when git has no answer, which the town then explains. */
function git(
  { world }: Context,
  cwd: string,
  args: readonly string[],
): Promise<string | undefined> {
  return new Promise((done) => {
    const options = { cwd, env: world.env, timeout: 10_000 };
    execFile('git', args, options, (error, stdout) => {
      const said = stdout.trim();
      done(error === null && said !== '' ? said : undefined);
    });
  });
}
