/**
 * Compiled code of the built-in scripted agent, kept between its starts: compiling is most of what
 * it does until its first prompt.
 *
 * K1 Agents read it and do not write it: what one agent could write here would run in another.
 * K2 It is made by a run without input, after the first attempt that could have used it.
 * K3 Without it everything works, only slower.
 */
import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { scriptedName } from './harness/profiles.ts';
import type { Containment, SpawnRequest } from './needs.ts';
import type { RunProcess } from './run-process.ts';

export interface CompileCacheDeps {
  readonly directory: string;
  readonly run: RunProcess;
}

const WARM_MS = 30_000;

/** The same containment, with the cache for scripted agents. */
export function withCompileCache(containment: Containment, deps: CompileCacheDeps): Containment {
  let making: Promise<void> | null = null;
  return {
    killLeftovers: () => containment.killLeftovers(),
    spawn: async (request) => {
      if (request.profile.name !== scriptedName) return containment.spawn(request);
      const has = existsSync(deps.directory);
      const spawned = await containment.spawn(has ? reading(request, deps.directory) : request);
      if (!has && spawned.ok) {
        making ??= spawned.value.child.ended.then(() => make(request, deps)).catch(() => undefined);
      }
      return spawned;
    },
  };
}

function reading(request: SpawnRequest, directory: string): SpawnRequest {
  const { profile, workspace } = request;
  const env = { ...profile.env, NODE_COMPILE_CACHE: directory };
  return {
    ...request,
    profile: { ...profile, env },
    workspace: { ...workspace, readable: [...workspace.readable, directory] }, // K1
  };
}

/** K2: with its input closed the agent ends at once, and leaves its code compiled. */
async function make({ command, profile }: SpawnRequest, deps: CompileCacheDeps): Promise<void> {
  const place = `${deps.directory}.new`;
  await rm(place, { recursive: true, force: true });
  const ran = await deps.run({
    command,
    args: profile.args,
    cwd: '/',
    env: { NODE_COMPILE_CACHE: place },
    input: '',
    timeoutMs: WARM_MS,
  });
  if (ran.exitCode === 0) await rename(place, deps.directory);
}
