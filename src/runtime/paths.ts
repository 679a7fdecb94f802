/**
 * Where a runner keeps things: everything under one directory of the home, nothing elsewhere.
 *
 * P1 An agent may write its own `workspaces/<bead>/` and nothing else here.
 * P2 `snapshots/<rig>.git` is the runner's own store (snapshots, submissions, candidates): no
 *    agent's process ever has it writable. It borrows objects from the rig's mirror.
 * P3 Names of beads and rigs are checked by whoever made them; here they are asserted harmless.
 */
import { join } from 'node:path';
import { assert } from '../core/assert.ts';

export interface RunnerPaths {
  readonly root: string;
  readonly mirrors: string;
  readonly workspaces: string;
  readonly snapshots: string;
  readonly jobs: string;
  /** Packs on their way from a workspace into a store; empty between two calls. */
  readonly incoming: string;
  readonly trash: string;
  /** What the runner knows of a workspace, beside it and out of the agent's sight. */
  readonly leases: string;
  mirror(rig: string): string;
  /** Mirrors of a rig's submodules, by a name made from their address. */
  submodule(rig: string, name: string): string;
  workspace(bead: string): string;
  lease(bead: string): string;
  /** The store of one rig. P2 */
  store(rig: string): string;
  job(job: string): string;
}

export function runnerPaths(home: string): RunnerPaths {
  const root = join(home, 'runner');
  const inside = (...parts: string[]): string => join(root, ...parts);
  return {
    root,
    mirrors: inside('mirrors'),
    workspaces: inside('workspaces'),
    snapshots: inside('snapshots'),
    jobs: inside('jobs'),
    incoming: inside('incoming'),
    trash: inside('trash'),
    leases: inside('leases'),
    mirror: (rig) => inside('mirrors', `${named(rig)}.git`),
    submodule: (rig, name) => inside('mirrors', `${named(rig)}.modules`, `${named(name)}.git`),
    workspace: (bead) => inside('workspaces', named(bead)),
    lease: (bead) => inside('leases', `${named(bead)}.json`),
    store: (rig) => inside('snapshots', `${named(rig)}.git`),
    job: (job) => inside('jobs', named(job)),
  };
}

/** P3 */
function named(name: string): string {
  assert(/^[A-Za-z0-9][\w.-]*$/.test(name), `not a name for a path: ${name}`);
  return name;
}
