/**
 * Puts the runner of this machine together from its parts. A host calls this once; nothing else
 * knows which parts there are.
 *
 * L1 Everything it keeps lies under `<home>/runner`. L2 The environment and the places it may use
 *    are passed in; nothing is read from the process.
 */
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import type { Author } from '../core/launch-spec.ts';
import type { RunnerId } from '../core/ids.ts';
import { limits } from '../core/limits.ts';
import type { Clock, Log, Random, Timers } from '../ports/host.ts';
import type { TellTown } from '../ports/runner.ts';
import { buildCandidate } from './candidate.ts';
import { catchUp } from './catch-up.ts';
import { withCompileCache } from './compile-cache.ts';
import { findCommand, MachineContainment } from './containment.ts';
import { detect } from './detect.ts';
import { examineRig } from './examine.ts';
import { runGate } from './gates.ts';
import { ContainedGit, Git, type GitDeps } from './git.ts';
import { knownAgents, probeAgents } from './harness/profiles.ts';
import { probeIsolation } from './isolation-probe.ts';
import { pushCandidate } from './landing.ts';
import { containedRunner, type Machine } from './machine.ts';
import { Mirrors } from './mirror.ts';
import type { RunJob } from './needs.ts';
import { runnerPaths, type RunnerPaths } from './paths.ts';
import { processTable } from './process-table.ts';
import { proveLanded } from './prove.ts';
import { publishBranch } from './publish.ts';
import { Reading } from './read.ts';
import { runProcess, type RunProcess } from './run-process.ts';
import { LocalRunner } from './runner.ts';
import { SetupCache } from './setup-cache.ts';
import { Snapshots } from './snapshot.ts';
import { Stores } from './store.ts';
import { Submissions } from './submission.ts';
import { takeBranch } from './take.ts';
import { Trash } from './trash.ts';
import { GitWorkspaces } from './workspace.ts';

export interface LocalRunnerSetup {
  readonly id: RunnerId;
  /** Gastown's home; the runner uses `runner/` in it. */
  readonly home: string;
  readonly personHome: string;
  /** Where this product is installed: agents run parts of it. */
  readonly product: string;
  /** The host's environment, read at its door. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where commands are looked for besides PATH, such as the installation's own. */
  readonly searchPath: readonly string[];
  readonly platform: string;
  readonly cores: number;
  /** The program this process runs in; it runs the scripted agent. */
  readonly node: string;
  readonly townId: string;
  /** Whose name commits carry when nobody said. */
  readonly author: Author;
  /** The town's credential for git on a rig's remote; absent: the machine's own only. */
  readonly credentialFor?: GitDeps['credentialFor'];
  readonly tell: TellTown;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: Random;
  readonly log: Log;
}

/** Call `start()` on it when the town can take facts. */
export async function makeLocalRunner(setup: LocalRunnerSetup): Promise<LocalRunner> {
  const { clock, timers, random, log, tell, id, home, cores, node } = setup;
  const paths = runnerPaths(home);
  const path = [setup.env['PATH'] ?? '', ...setup.searchPath].join(delimiter);
  const find = (command: string): Promise<string | null> => findCommand(command, path);
  const incarnation = random.token(12);
  const machine = await machineOf(setup, paths, path);
  const run: RunProcess = (spec) => runProcess(spec, timers);
  const cache = new SetupCache({
    directory: join(paths.root, 'setup-cache'),
    run,
    clock,
    random,
    platform: setup.platform,
  });
  const trash = new Trash({ paths, clock, random });
  const git = gitParts(setup, machine, paths, run, path);
  const workspaces = new GitWorkspaces({ ...git, paths, trash, incarnation, author: setup.author });
  const homes = join(paths.root, 'homes');
  const { personHome, product } = setup;
  const containment = new MachineContainment({ machine, cache, homes, personHome, product });
  const reading = new Reading({ ...git, paths });

  return new LocalRunner({
    id,
    home,
    incarnation,
    cores,
    node,
    tell,
    clock,
    timers,
    random,
    log,
    inventory: {
      capacity: Math.max(2, cores),
      isolation: machine.level,
      isolationNote: machine.isolationNote,
      agents: await probeAgents(find),
      known: knownAgents(),
    },
    needs: {
      workspaces,
      containment: {
        ...withCompileCache(containment, { directory: join(paths.root, 'compiled'), run }),
        killLeftovers: async () => {
          const stuck = await containment.killLeftovers();
          // Checkouts of gates and packs on their way that were killed with the runner.
          const left = stuck.length === 0 ? [paths.jobs, paths.incoming] : [];
          for (const place of left) await rm(place, { recursive: true, force: true });
          return stuck;
        },
      },
      setup: (spec, workspace, signal) => containment.setup(spec, workspace, signal),
      job: jobsOf({ git, paths, machine, cache, reading, author: setup.author }),
      read: (request) => reading.read(request),
      tidy: () => tidy({ workspaces, containment, trash, paths, clock }),
      findCommand: find,
    },
  });
}

async function tidy(parts: {
  readonly workspaces: GitWorkspaces;
  readonly containment: MachineContainment;
  readonly trash: Trash;
  readonly paths: RunnerPaths;
  readonly clock: Clock;
}): Promise<void> {
  const { workspaces, containment, trash, paths } = parts;
  const now = parts.clock.now();
  await workspaces.discardIdle(now - limits.workspaceIdleMs);
  const has = (bead: string): boolean => existsSync(join(paths.workspaces, bead));
  await containment.forgetIdle(now - limits.trashMs, has);
  await trash.sweep();
}

async function machineOf(
  setup: LocalRunnerSetup,
  paths: RunnerPaths,
  path: string,
): Promise<Machine> {
  const { timers, platform, clock, random, townId } = setup;
  const isolation = await probeIsolation({ timers, platform, path });
  return {
    level: isolation.level,
    isolationNote: isolation.note,
    env: { ...setup.env, PATH: path },
    hidden: [setup.personHome, setup.home],
    records: join(paths.root, 'processes'),
    townId,
    tree: { table: processTable(platform), timers },
    clock,
    random,
  };
}

interface GitParts {
  readonly git: Git;
  readonly contained: ContainedGit;
  readonly mirrors: Mirrors;
  readonly stores: Stores;
  readonly snapshots: Snapshots;
  readonly submissions: Submissions;
}

function gitParts(
  { clock, env, credentialFor }: LocalRunnerSetup,
  machine: Machine,
  paths: RunnerPaths,
  run: RunProcess,
  path: string,
): GitParts {
  const given = Object.entries({ ...env, PATH: path }).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, value] as const],
  );
  const credential = credentialFor === undefined ? {} : { credentialFor };
  const git = new Git({ run, env: Object.fromEntries(given), ...credential });
  const contained = new ContainedGit({ contained: containedRunner(machine), path });
  const stores = new Stores(git, paths);
  const mirrors = new Mirrors({ git, paths, clock });
  const snapshots = new Snapshots({ contained, paths, stores, clock });
  const submissions = new Submissions({ contained, paths, stores, snapshots });
  return { git, contained, mirrors, stores, snapshots, submissions };
}

function jobsOf(parts: {
  readonly git: GitParts;
  readonly paths: RunnerPaths;
  readonly machine: Machine;
  readonly cache: SetupCache;
  readonly reading: Reading;
  readonly author: Author;
}): RunJob {
  const { git, paths, machine, cache, reading, author } = parts;
  return async (_call, spec, cancel) => {
    switch (spec.kind) {
      case 'fetch':
        return examineRig({ ...git, paths, detect }, spec);
      case 'build':
        return buildCandidate({ ...git, author }, spec);
      case 'push':
        return pushCandidate(git, spec);
      case 'publish':
        return publishBranch(git, spec);
      case 'update':
        return catchUp({ ...git, author }, spec);
      case 'take':
        return takeBranch(git, spec);
      case 'prove':
        return proveLanded(git, spec);
      case 'gate':
        return runGate(spec, {
          machine,
          cache,
          cancel,
          jobs: paths.jobs,
          checkout: (rig, commit, directory) => reading.checkout(rig, commit, directory),
          isInTarget: (rig, commit) => reading.isInTarget(rig, commit),
          readable: (rig) => reading.readable(rig),
          // Made from a commit, and made again from it: not worth a place in the trash.
          discard: (directory) => rm(directory, { recursive: true, force: true, maxRetries: 3 }),
        });
    }
  };
}
