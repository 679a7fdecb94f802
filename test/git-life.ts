/**
 * One life of a runner's git half, to be killed at any moment by a test: makes a workspace, edits,
 * saves, submits, builds and pushes, then prints the candidate. Each step finds what an earlier
 * life left. Arguments: home, remote, incarnation.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { rigId } from '../src/core/ids.ts';
import type { Candidate } from '../src/core/job.ts';
import { buildCandidate } from '../src/runtime/candidate.ts';
import { pushCandidate } from '../src/runtime/landing.ts';
import { buildSpec, commitFiles, git, launch, never, runnerOver, value } from './git-world.ts';

const [home = '', remote = '', incarnation = ''] = process.argv.slice(2);
console.log(await live(home, remote, incarnation));

async function live(at: string, from: string, life: string): Promise<string> {
  const rig = { rig: rigId('web'), tag: 'ab12', remote: from, lends: null, target: 'main' };
  const runner = runnerOver(at, life);
  const spec = launch(rig, 'web-1', Number(life));
  const { directory } = value(await runner.workspaces.prepare(spec, never));
  if (!existsSync(join(directory, 'work.txt'))) commitFiles(directory, { 'work.txt': 'done\n' });
  if (git(directory, 'status', '--porcelain') !== '') commitFiles(directory, {}, 'the rest');
  value(await runner.workspaces.snapshot(spec));
  const collected = await runner.workspaces.collect(spec);
  if (!collected.ok) return collected.error.kind; // an earlier life landed it
  const stored: Candidate | null = null;
  const built = await buildCandidate(runner, buildSpec(rig, collected.value.head, 'merge', stored));
  if (built.kind !== 'build') throw new Error(JSON.stringify(built));
  if (built.answer.is !== 'built') return built.answer.is;
  const { candidate } = built.answer;
  const pushed = await pushCandidate(runner, {
    kind: 'push',
    rig,
    candidate,
    updateCheckout: false,
  });
  if (pushed.kind !== 'push') throw new Error(JSON.stringify(pushed));
  return pushed.answer.is;
}
