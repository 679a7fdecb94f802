/**
 * Handlers about rigs. Where one comes from is `rig-source.ts`, where one goes `rig-move.ts`.
 *
 * G2 The repository is examined by a job of the runner; the answer says `probing` until then.
 * G3 What `gt run` would do, one command after the other, in one rehearsal.
 */
import type { Command } from '../../core/command.ts';
import { ok } from '../../core/result.ts';
import type { townRoutes } from '../../protocol/town-routes.ts';
import { command, person, type Call, type Handlers, type ServerDeps } from '../handler.ts';
import { failureView } from '../../town/views.ts';
import { moveRig } from '../rig-move.ts';
import { addOrder } from '../rig-source.ts';
import { settingsOrder } from '../settings-order.ts';
import { slingOrder } from './work.ts';

type RigRoutes =
  | 'listRigs'
  | 'addRig'
  | 'rehearseRun'
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
      const order = await addOrder(deps, call.body);
      return order.ok
        ? command(deps, call, order.value, () => shown({ id: call.body.name }))
        : order;
    },
    rehearseRun: (call) => rehearseRun(deps, call),
    removeRig: (call) => {
      const { rig } = call.params;
      const row = deps.queries().rigRow(rig);
      const told = row.ok ? row.value.failure : null;
      const failure = told === null ? null : failureView(told, {}); // about a rig that is gone
      return command(deps, call, { kind: 'rig_remove', rig }, ({ id, seq }) =>
        ok({ id, seq, failure }),
      );
    },
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

/** G3 */
async function rehearseRun(deps: ServerDeps, call: Call<'rehearseRun'>) {
  const { attach, settings, consent, bead } = call.body;
  const { rig } = bead;
  const add = attach === null ? null : await addOrder(deps, attach);
  if (add?.ok === false) return add;
  const set = settings === null ? null : settingsOrder(rig, settings);
  if (set?.ok === false) return set;
  const before: readonly Command[] = [
    ...(add === null ? [] : [add.value]),
    ...(set === null ? [] : [set.value]),
    ...(consent ? [{ kind: 'rig_consent', rig } as const] : []),
  ];
  return deps.town().rehearse([...before, slingOrder(bead)], person, ({ id }) => {
    const [ready, slung] = [deps.queries().rig(rig), deps.queries().bead(id)];
    if (!ready.ok) return ready;
    return slung.ok
      ? ok({ dryRun: true as const, would: { rig: ready.value, bead: slung.value } })
      : slung;
  });
}
