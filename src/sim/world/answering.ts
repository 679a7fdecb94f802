/**
 * What people do once the world is healed: each looks at what waits for a person and answers it,
 * until nothing does. What is left then must be at rest by itself.
 *
 * Q1 One pass asks at most one thing of each entity. Q2 A bead that keeps failing is given up.
 */
import type { Bead } from '../../core/bead.ts';
import type { Command } from '../../core/command.ts';
import type { Settings } from '../../core/settings.ts';
import { ForgeAnswering } from './forge-answering.ts';
import type { Rows } from './rows.ts';
import type { World } from './world.ts';

const budgets = [
  'budget.bead.tokens',
  'budget.rig.tokens',
  'budget.town.tokens',
] as const satisfies readonly (keyof Settings)[];

/** How often one bead is tried again before people drop it. */
const retriesMax = 4;

export class Answering {
  readonly #world: World;
  readonly #forge: ForgeAnswering;
  readonly #retries = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
    this.#forge = new ForgeAnswering(world);
  }

  /** Asks for whatever helps; false when nothing waits for a person. */
  pass(): boolean {
    const { people, rows, server } = this.#world;
    if (!server.up) return false;
    if (people.waiting) return people.repeat();
    const onForge = this.#forge.tidy(rows.read());
    const commands = this.#commands(rows.read());
    for (const command of commands) people.ask(command);
    return onForge || commands.length > 0;
  }

  #commands(rows: Rows): readonly Command[] {
    return [
      ...this.#town(rows),
      ...rows.beads.flatMap((bead) => this.#bead(bead)),
      ...this.#requests(rows),
      ...this.#forge.commands(rows),
      ...rows.openEscalations
        .filter((escalation) => !this.#forge.answers(escalation))
        .filter((escalation) => !escalation.resolveAsked)
        .filter((escalation) => !this.#retriedInstead(rows, escalation.subject))
        .map((escalation): Command => ({
          kind: 'escalation_resolve',
          escalation: escalation.id,
          answer: 'left',
        })),
    ];
  }

  #town({ town, rigs, dispatch }: Rows): readonly Command[] {
    const commands: Command[] = [];
    if (town !== null && town.status !== 'running') commands.push({ kind: 'resume' });
    const limited = budgets.filter((key) => (town?.settings[key] ?? null) !== null);
    if (limited.length > 0) {
      commands.push({ kind: 'settings_set', rig: null, set: {}, unset: limited });
    }
    for (const rig of rigs) {
      const own = budgets.filter((key) => (rig.settings[key] ?? null) !== null);
      if (own.length > 0) {
        commands.push({ kind: 'settings_set', rig: rig.id, set: {}, unset: own });
      }
      if (rig.status === 'parked' && rig.parkAsked !== false) {
        commands.push({ kind: 'rig_park', rig: rig.id, park: false });
      } else if (rig.status === 'unready' && rig.probeJob === null && !rig.probeAsked) {
        commands.push({ kind: 'rig_probe', rig: rig.id });
      }
    }
    if (dispatch?.status === 'broken' && !dispatch.resetAsked) {
      commands.push({ kind: 'breaker_reset' });
    }
    return commands;
  }

  #bead(bead: Bead): readonly Command[] {
    const { dependencies } = this.#world.rows.read();
    if (bead.status === 'held' && bead.closeAs === null) {
      return [{ kind: 'bead_release', bead: bead.id }];
    }
    if (bead.status === 'failed' && !bead.retryAsked && bead.closeAs === null) {
      return [this.#again(bead)];
    }
    if (bead.brokenBlocker !== null && bead.status !== 'closed') {
      const remove = dependencies
        .filter((pair) => pair.bead === bead.id)
        .map((pair) => pair.blocker)
        .filter((blocker) => this.#endedUnmerged(blocker));
      return [{ kind: 'bead_depend', bead: bead.id, add: [], remove }];
    }
    return [];
  }

  #endedUnmerged(id: string): boolean {
    const bead = this.#world.rows.read().beads.find((other) => other.id === id);
    return bead?.status === 'closed' && bead.resolution !== 'merged';
  }

  #again(bead: Bead): Command {
    const times = (this.#retries.get(bead.id) ?? 0) + 1;
    this.#retries.set(bead.id, times);
    if (times <= retriesMax) return { kind: 'bead_retry', bead: bead.id, note: null };
    return { kind: 'bead_close', bead: bead.id, resolution: 'dropped', reason: 'gave up' };
  }

  #requests(rows: Rows): readonly Command[] {
    return rows.liveRequests
      .filter((request) => request.waits.some((wait) => wait.reason === 'human'))
      .filter((request) => request.stage === 'approved')
      .filter((request) => request.decision?.head !== (request.head ?? request.reverts?.after))
      .map((request) => ({
        kind: 'mr_decide',
        mergeRequest: request.id,
        verdict: 'approve',
        reason: 'looks right',
      }));
  }

  /** The retry of a failed bead, or the probe of a rig, is its escalation's answer. */
  #retriedInstead(rows: Rows, subject: string): boolean {
    return rows.beads.some((bead) => bead.id === subject && bead.status === 'failed');
  }
}
