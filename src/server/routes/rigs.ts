/**
 * Handlers about rigs. Where one comes from is `rig-source.ts`, where one goes `rig-move.ts`.
 *
 * G2 The repository is examined by a job of the runner; the answer says `probing` until then.
 */
import { err, ok } from '../../core/result.ts';
import type { townRoutes } from '../../protocol/town-routes.ts';
import { asAnswer, command, type Handlers, type ServerDeps } from '../handler.ts';
import { moveRig } from '../rig-move.ts';
import { rigAdd, sourceProblem } from '../rig-source.ts';
import { settingsOrder } from '../settings-order.ts';

type RigRoutes =
  | 'listRigs'
  | 'addRig'
  | 'getRig'
  | 'removeRig'
  | 'probeRig'
  | 'parkRig'
  | 'unparkRig'
  | 'moveRig'
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
    moveRig: (call) => moveRig(deps, call),
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
