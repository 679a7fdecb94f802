/**
 * Agents in the machine's isolation: their homes, their environment, their setup, their end.
 *
 * C1 An agent's home is its bead's own: what it remembers there is there for the next attempt at
 *    that bead and for nobody else.
 * C2 Logins are bound from the person's home by name and never copied. Only a file that holds a
 *    credential is writable, so that it can be renewed: a configuration that an agent could write
 *    would run with the person's rights the next time they use that agent themselves.
 * C3 A level below what the launch requires is refused before anything starts.
 * C4 What setup produced counts as clean only until an agent was started in the workspace; that
 *    is noted before the first one starts. See setup-cache.ts, C2.
 */
import { constants, existsSync } from 'node:fs';
import { access, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { basename, delimiter, isAbsolute, join } from 'node:path';
import type { Failure } from '../core/failure.ts';
import type { LaunchSpec } from '../core/launch-spec.ts';
import type { Result } from '../core/result.ts';
import { err, ok } from '../core/result.ts';
import { childEnv } from './child-env.ts';
import { killLeftovers, recordPath, runShell } from './machine.ts';
import type { Machine, Place } from './machine.ts';
import type { Containment, Spawned, SpawnRequest, Workspace } from './needs.ts';
import type { Login } from './sandbox-mounts.ts';
import { spawnContained } from './sandbox.ts';
import type { SetupCache } from './setup-cache.ts';
import { prepareDirectory } from './setup.ts';

export interface AgentPlaces {
  readonly machine: Machine;
  readonly cache: SetupCache;
  /** Where beads have their homes, one directory each. */
  readonly homes: string;
  /** The person's home, where logins lie. */
  readonly personHome: string;
  /** Where this product is installed: agents run parts of it. Seen read-only. */
  readonly product: string;
}

const OUTPUT_BYTES_MAX = 16 * 1024;
const EXCLUDE_MS = 10_000;
const TOUCHED = 'touched';

export class MachineContainment implements Containment {
  readonly #places: AgentPlaces;

  constructor(places: AgentPlaces) {
    this.#places = places;
  }

  async spawn(request: SpawnRequest): Promise<Result<Spawned, Failure>> {
    const { machine } = this.#places;
    const { spec, workspace, profile } = request;
    const refused = refusal(spec, machine); // C3
    if (refused !== null) return err(refused);
    const place = await placeOf(spec, workspace, this.#places);
    await writeFile(touchedPath(spec, this.#places), ''); // C4
    const marker = machine.random.token(24);
    const env = childEnv({
      base: machine.env,
      home: place.home,
      tmp: place.tmp,
      labels: { role: 'polecat', agentId: spec.attempt, townId: machine.townId },
      extra: { ...profile.env, ...spec.env },
      marker,
      modelKeys: true,
    });
    const child = spawnContained(
      {
        level: machine.level,
        command: request.command,
        args: profile.args,
        cwd: place.directory,
        env,
        writable: [place.directory, place.home, place.tmp, ...place.writable],
        readable: [...place.readable, this.#places.product],
        hidden: machine.hidden,
        logins: loginsOf(profile.loginFiles, this.#places.personHome, place.home),
        tmp: place.tmp,
        network: spec.isolation.network,
        marker,
        recordPath: recordPath(machine, marker),
      },
      machine.tree,
    );
    return ok({ child, level: machine.level });
  }

  killLeftovers(): Promise<readonly string[]> {
    return killLeftovers(this.#places.machine);
  }

  /** Setup before the first turn, with the same cache as gates. */
  async setup(
    spec: LaunchSpec,
    workspace: Workspace,
    cancel: AbortSignal,
  ): Promise<Result<void, Failure>> {
    const { machine, cache } = this.#places;
    const refused = refusal(spec, machine);
    if (refused !== null) return err(refused);
    const place = await placeOf(spec, workspace, this.#places);
    const untouched = !existsSync(touchedPath(spec, this.#places));
    const prepared = await prepareDirectory(
      {
        rig: spec.rig.rig,
        place,
        steps: spec.setup,
        env: spec.env,
        network: spec.isolation.network,
        trusted: untouched && spec.number === 1 && spec.head === null, // C4
        scope: null,
        statePath: join(beadPath(spec, this.#places), 'setup.json'),
        cancel,
      },
      { machine, cache },
    );
    if (!prepared.ok) return prepared;
    await this.#exclude(spec, place, prepared.value.produced);
    return ok(undefined);
  }

  /** Removes homes in which no agent was started since `before`, unless `isKept`. Their beads. */
  async forgetIdle(before: number, isKept: (bead: string) => boolean): Promise<readonly string[]> {
    const { homes } = this.#places;
    const forgotten: string[] = [];
    for (const bead of await readdir(homes).catch(() => [])) {
      const home = join(homes, bead);
      const used = await stat(join(home, TOUCHED)).catch(() => stat(home).catch(() => null));
      if (used === null || used.mtimeMs >= before || isKept(bead)) continue;
      await rm(home, { recursive: true, force: true });
      forgotten.push(bead);
    }
    return forgotten;
  }

  /** An agent that adds everything must not commit what setup installed. Contained, like git. */
  async #exclude(spec: LaunchSpec, place: Place, produced: readonly string[]): Promise<void> {
    if (produced.length === 0) return;
    const lines = produced.map((path) => `/${path.replaceAll(/[\\*?[\] ]/g, '\\$&')}`);
    const add = lines.map((line) => {
      const quoted = `'${line.replaceAll("'", "'\\''")}'`;
      return `grep -qxF -e ${quoted} "$f" || printf '%s\\n' ${quoted} >> "$f"`;
    });
    await runShell(this.#places.machine, {
      command: ['f=.git/info/exclude', 'mkdir -p .git/info', 'touch "$f"', ...add].join('\n'),
      place,
      role: 'setup',
      subject: spec.bead,
      env: {},
      network: 'none',
      timeoutMs: EXCLUDE_MS,
      outputBytesMax: OUTPUT_BYTES_MAX,
    });
  }
}

/** The absolute path of a command on this machine, or null. */
export async function findCommand(command: string, path: string): Promise<string | null> {
  const places = isAbsolute(command)
    ? [command]
    : path.split(delimiter).flatMap((place) => (isAbsolute(place) ? [join(place, command)] : []));
  for (const place of places) {
    const runs = await access(place, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (runs) return place;
  }
  return null;
}

/** C2 */
export function loginsOf(files: readonly string[], from: string, to: string): readonly Login[] {
  return files.map((file) => ({
    from: join(from, file),
    to: join(to, file),
    writable: /auth|cred|oauth|token/i.test(basename(file)),
  }));
}

async function placeOf(
  spec: LaunchSpec,
  workspace: Workspace,
  places: AgentPlaces,
): Promise<Place> {
  const home = join(beadPath(spec, places), 'home');
  const tmp = join(beadPath(spec, places), 'tmp');
  await mkdir(home, { recursive: true });
  await mkdir(tmp, { recursive: true });
  const { directory, readable, writable } = workspace;
  return { directory, home, tmp, readable, writable };
}

function beadPath(spec: LaunchSpec, places: AgentPlaces): string {
  return join(places.homes, spec.bead);
}

/** C4 */
function touchedPath(spec: LaunchSpec, places: AgentPlaces): string {
  return join(beadPath(spec, places), TOUCHED);
}

/** C3 */
function refusal(spec: LaunchSpec, machine: Machine): Failure | null {
  if (spec.isolation.require !== 'strong' || machine.level === 'strong') return null;
  return {
    kind: 'isolation_unavailable',
    helps: 'person',
    required: 'strong',
    available: 'process',
    why: machine.isolationNote ?? 'this machine isolates at level process',
  };
}
