/**
 * Where a rig comes from: a URL; a path whose repository has a remote, which only lends its
 * objects; or a path that is itself the remote.
 *
 * G1 A checked-out branch is never pushed to: the person chooses another branch, or asks for
 *    fast-forwards of a clean checkout.
 * G2 The repository is examined by a job of the runner; what is asked here has no report yet.
 */
import type { Command } from '../core/command.ts';
import type { Failure } from '../core/failure.ts';
import { prefixProblem, rigNameProblem } from '../core/names.ts';
import type { ForgeProject } from '../core/pull-request.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { ServerDeps, SourceDescription } from './handler.ts';

type RigAdd = Extract<Command, { readonly kind: 'rig_add' }>;

interface RigAddBody {
  readonly name: string;
  readonly source: string;
  readonly prefix: string | null;
  readonly target: string | null;
  readonly updateCheckout: boolean;
  readonly consent: boolean;
}

/** What is asked of the town about a repository a person named. */
export async function addOrder(
  deps: ServerDeps,
  body: RigAddBody,
): Promise<Result<RigAdd, Failure>> {
  // A name that no rig can have is refused before the repository is looked at.
  const prefix = body.prefix === null ? null : prefixProblem(body.prefix);
  const refused = rigNameProblem(body.name) ?? prefix ?? sourceProblem(body.source);
  if (refused !== null) return err(refused);
  const source = await deps.describeSource(body.source, null);
  if (!source.ok) return source;
  const forge = await deps.forge.projectOf(source.value.remote);
  return rigAdd(body, source.value, forge);
}

/** G1 */
export function rigAdd(
  body: RigAddBody,
  source: SourceDescription,
  forge: ForgeProject | null,
): Result<RigAdd, Failure> {
  const { remote } = source;
  const isPath = source.kind === 'path-is-remote';
  if (body.updateCheckout && !isPath) {
    const expected = 'false: this repository has a remote, so its checkout is never touched';
    return err({
      kind: 'bad_value',
      helps: 'person',
      field: 'updateCheckout',
      given: 'true',
      expected,
    });
  }
  const target = body.target ?? source.checkedOut ?? source.defaultBranch;
  if (target === null) return err({ kind: 'repository_empty', helps: 'person', remote });
  const checkedOut = isPath && source.checkedOut === target;
  if (checkedOut && !body.updateCheckout) {
    return err({ kind: 'target_checked_out', helps: 'person', path: remote, target });
  }
  const usual = isPath ? (source.checkedOut ?? source.defaultBranch) : null;
  return ok({
    kind: 'rig_add',
    name: body.name,
    prefix: body.prefix,
    remote,
    lends: source.lends,
    forge,
    target,
    updateCheckout: body.updateCheckout,
    createTargetFrom: usual === target ? null : usual,
    consent: body.consent,
    report: null, // G2
  });
}

/** The server does not know where the client stands, so only what means the same everywhere. */
export function sourceProblem(source: string): Failure | null {
  const isUrl = /^[a-z][a-z0-9+.-]*:\/\/.+$/i.test(source);
  const isScp = /^(?:[\w.-]+@)?[\w.-]+:(?!\/\/).+$/.test(source);
  if (source.startsWith('/') || isUrl || isScp) return null;
  const expected = 'a URL, or the absolute path of a repository';
  const given = source.slice(0, 200);
  return { kind: 'bad_value', helps: 'person', field: 'source', given, expected };
}
