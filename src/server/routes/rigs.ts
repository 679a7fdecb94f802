/**
 * Handlers about rigs. `addRig` decides where a rig comes from: a URL; a path whose repository has
 * a remote, which only lends its objects; or a path that is itself the remote.
 *
 * G1 A checked-out branch is never pushed to: the person chooses another branch, or asks for
 *    fast-forwards of a clean checkout.
 * G2 The repository is examined by a job of the runner; the answer says `probing` until then.
 */
import type { Command } from '../../core/command.ts';
import type { Failure } from '../../core/failure.ts';
import type { ForgeProject } from '../../core/pull-request.ts';
import { err, ok, type Result } from '../../core/result.ts';
import type { townRoutes } from '../../protocol/town-routes.ts';
import { asAnswer, command, type Handlers, type ServerDeps } from '../handler.ts';
import type { SourceDescription } from '../handler.ts';
import { settingsOrder } from '../settings-order.ts';

type RigRoutes =
  | 'listRigs'
  | 'addRig'
  | 'getRig'
  | 'removeRig'
  | 'probeRig'
  | 'parkRig'
  | 'unparkRig'
  | 'consentRig'
  | 'doctorRig'
  | 'getRigSettings'
  | 'setRigSettings';

type RigHandlers = Pick<Handlers<keyof typeof townRoutes>, RigRoutes>;

export function rigHandlers(deps: ServerDeps): RigHandlers {
  const shown = ({ id }: { readonly id: string }) => deps.queries().rig(id);
  return {
    listRigs: () => ok(deps.queries().listRigs()),
    getRig: ({ params }) => deps.queries().rig(params.rig),
    addRig: async (call) => {
      const refused = sourceProblem(call.body.source);
      if (refused !== null) return err(refused);
      const source = await deps.describeSource(call.body.source);
      if (!source.ok) return source;
      const forge = await deps.forge.projectOf(source.value.remote);
      const order = rigAdd(call.body, source.value, forge);
      return order.ok
        ? command(deps, call, order.value, () => shown({ id: call.body.name }))
        : order;
    },
    removeRig: (call) =>
      command(deps, call, { kind: 'rig_remove', rig: call.params.rig }, asAnswer),
    probeRig: (call) => {
      const { rig } = call.params;
      return command(deps, call, { kind: 'rig_probe', rig }, () => shown({ id: rig }));
    },
    parkRig: (call) => {
      const { rig } = call.params;
      return command(deps, call, { kind: 'rig_park', rig, park: true }, () => shown({ id: rig }));
    },
    unparkRig: (call) => {
      const { rig } = call.params;
      return command(deps, call, { kind: 'rig_park', rig, park: false }, () => shown({ id: rig }));
    },
    consentRig: (call) => {
      const { rig } = call.params;
      return command(deps, call, { kind: 'rig_consent', rig }, () => shown({ id: rig }));
    },
    doctorRig: async ({ params }) => {
      const rig = deps.queries().rigRow(params.rig);
      if (!rig.ok) return rig;
      return deps.queries().rigDoctor(rig.value.id, await deps.forge.look(rig.value));
    },
    getRigSettings: ({ params }) => deps.queries().settings(params.rig),
    setRigSettings: (call) => {
      const { rig } = call.params;
      const known = deps.queries().rig(rig);
      if (!known.ok) return known;
      const order = settingsOrder(rig, call.body);
      if (!order.ok) return order;
      return command(deps, call, order.value, () => deps.queries().settings(rig));
    },
  };
}

interface RigAddBody {
  readonly name: string;
  readonly source: string;
  readonly prefix: string | null;
  readonly target: string | null;
  readonly updateCheckout: boolean;
  readonly consent: boolean;
}

/** G1 */
export function rigAdd(
  body: RigAddBody,
  source: SourceDescription,
  forge: ForgeProject | null,
): Result<Command, Failure> {
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
function sourceProblem(source: string): Failure | null {
  const isUrl = /^[a-z][a-z0-9+.-]*:\/\/.+$/i.test(source);
  const isScp = /^(?:[\w.-]+@)?[\w.-]+:(?!\/\/).+$/.test(source);
  if (source.startsWith('/') || isUrl || isScp) return null;
  const expected = 'a URL, or the absolute path of a repository';
  const given = source.slice(0, 200);
  return { kind: 'bad_value', helps: 'person', field: 'source', given, expected };
}
