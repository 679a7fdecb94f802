/**
 * `npm run demo` and `gt demo`: a real town lands three beads in a real repository, with the
 * built-in agent that follows a script. No key, no network.
 *
 *   --forge  on a code host of its own, through pull requests, merged when they are green
 *   --json   one JSON document on stdout and nothing else; progress goes to stderr
 *   --keep   leave the town's home and the repositories, and say where
 *
 * D1 It ends with 0 only when a fresh clone of the remote contains every commit.
 * D2 However it ends, nothing is left running, and nothing on disk unless --keep.
 */
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DemoForge } from './demo/forge.ts';
import { makeRepository, proveLanded, type DemoRepository } from './demo/repository.ts';
import { DemoTown, type Landed } from './demo/town.ts';
import { addTask, fixTask, useTask } from './demo/tasks.ts';

const MS_MAX = 180_000;
const RIG = 'greet';

const flags = process.argv.slice(2);
const unknown = flags.find((flag) => !['--json', '--keep', '--forge'].includes(flag));
const json = flags.includes('--json');
const keep = flags.includes('--keep');
const onForge = flags.includes('--forge');
const started = performance.now();

const usage = 'npm run demo -- [--forge] [--json] [--keep]';

if (flags.includes('--help')) process.stdout.write(`${usage}\n`);
else if (unknown === undefined) process.exitCode = await main();
else {
  process.stderr.write(`unknown option ${unknown}\n  next: ${usage}\n`);
  process.exitCode = 2;
}

async function main(): Promise<number> {
  const stop = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => stop.abort(new Error('interrupted')));
  }
  const late = setTimeout(() => {
    stop.abort(new Error(`not everything had landed after ${MS_MAX / 1000} s`));
  }, MS_MAX);
  const folder = await mkdtemp(join(await realpath(tmpdir()), 'gastown-demo-'));
  const town = new DemoTown({ folder, signal: stop.signal, say });
  let code = 1;
  let forge: DemoForge | null = null;
  try {
    forge = onForge ? await (await import('./demo/forge.ts')).startForge(folder) : null;
    const repository = await makeRepository(folder, forge);
    const landed = await land(town, repository, forge);
    await proveLanded(repository, landed); // D1
    report(town.home, repository.remote, landed);
    code = 0;
  } catch (thrown) {
    const reason: unknown = stop.signal.aborted ? stop.signal.reason : thrown;
    process.stderr.write(`${reason instanceof Error ? reason.message : String(reason)}\n`);
    if (stop.signal.aborted && !String(reason).includes('landed')) code = 130;
  } finally {
    clearTimeout(late);
    await town.down(); // D2
    await forge?.stop();
    if (keep) leave(town.home, folder);
    else await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
  return code;
}

async function land(
  town: DemoTown,
  repository: DemoRepository,
  forge: DemoForge | null,
): Promise<readonly Landed[]> {
  const { remote, clone } = repository;
  say(`a repository with a ${forge === null ? 'bare remote' : 'remote on a forge'} at ${remote}`);
  await town.up();
  if (forge !== null) await town.login(forge);
  await town.addRig(RIG, clone);
  if (forge !== null) {
    const { url, secret } = await town.webhook(RIG);
    forge.addWebhook(url, secret);
  }
  const first = await town.sling(RIG, addTask);
  const second = await town.sling(RIG, useTask, [first]);
  const third = await town.sling(RIG, fixTask);
  await town.untilClosed([first, second, third]);
  return Promise.all([first, second, third].map((bead) => town.landed(bead)));
}

function report(home: string, remote: string, landed: readonly Landed[]): void {
  const seconds = Number(((performance.now() - started) / 1000).toFixed(2));
  if (json) {
    process.stdout.write(`${JSON.stringify({ landed, seconds, home, remote }, null, 2)}\n`);
    return;
  }
  const lines = landed.map(({ bead, commit, attempts, rounds, gates, after, pullRequest }) => {
    const tries = `${attempts} attempt${attempts === 1 ? '' : 's'}, ${rounds} extra round`;
    const checks = gates.map(({ gate, result }) => `${gate} ${result}`).join(', ');
    const waited = after.length === 0 ? '' : `, after ${after.join(' and ')}`;
    const pull = pullRequest === null ? '' : `, pull request #${pullRequest}`;
    return `  ${bead}  ${commit}  ${tries}${rounds === 1 ? '' : 's'}, ${checks}${waited}${pull}`;
  });
  process.stdout.write(
    `\n${landed.length} beads landed in ${seconds} s; a fresh clone of the remote has them all:\n` +
      `${lines.join('\n')}\n`,
  );
}

function leave(home: string, folder: string): void {
  const text = `kept in ${folder}\nlook at it: GASTOWN_HOME=${home} ./gt up\n`;
  (json ? process.stderr : process.stdout).write(text);
}

/** Progress, with the seconds since the start. */
function say(line: string): void {
  const seconds = ((performance.now() - started) / 1000).toFixed(1).padStart(5);
  (json ? process.stderr : process.stdout).write(`${seconds} s  ${line}\n`);
}
