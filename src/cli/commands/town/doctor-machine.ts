/**
 * What `gt doctor` sees of the machine without a town: Node, git, the sandbox, the home, the disk.
 *
 * M1 Only programs asked for their version are started.
 */
import { execFile } from 'node:child_process';
import { access, constants, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Context } from '../../spec.ts';
import type { Check } from './doctor.ts';

/** The first with `merge-tree --write-tree`: candidates are made without a working copy. */
const GIT_MIN = [2, 38];
const FREE_BYTES_MIN = 1024 ** 3;

export async function machineChecks(context: Context): Promise<readonly Check[]> {
  const { world, gastownHome } = context;
  const [git, sandbox, home] = await Promise.all([
    version('git', world.env),
    version('bwrap', world.env),
    homeChecks(gastownHome),
  ]);
  return [nodeCheck(world.node.version), gitCheck(git), sandboxCheck(sandbox), ...home];
}

function nodeCheck(version: string): Check {
  const major = Number(version.slice(1).split('.')[0]);
  const ok = major >= 24;
  const next = ok ? '' : 'install Node 24, or start gt by ./gt, which brings one';
  return { name: 'node', state: ok ? 'ok' : 'failed', says: version, next };
}

function gitCheck(said: string | undefined): Check {
  const name = 'git';
  if (said === undefined) {
    return { name, state: 'failed', says: 'no "git" on PATH', next: 'install git' };
  }
  const [major = 0, minor = 0] = (/\d+\.\d+/.exec(said)?.[0] ?? '').split('.').map(Number);
  const [majorMin = 0, minorMin = 0] = GIT_MIN;
  const ok = major > majorMin || (major === majorMin && minor >= minorMin);
  const next = ok ? '' : `install git ${GIT_MIN.join('.')} or newer`;
  return { name, state: ok ? 'ok' : 'failed', says: said, next };
}

/** Whether it works is the runner's to say; here only whether it is there. */
function sandboxCheck(said: string | undefined): Check {
  if (said !== undefined) return { name: 'sandbox', state: 'ok', says: said, next: '' };
  const says = 'no bubblewrap ("bwrap") on PATH: agents cannot be isolated at level strong';
  const next = process.platform === 'linux' ? 'install bubblewrap' : '';
  return { name: 'sandbox', state: 'note', says, next };
}

async function homeChecks(gastownHome: string): Promise<readonly Check[]> {
  const place = await nearest(gastownHome);
  const name = 'home';
  try {
    await access(place, constants.W_OK);
  } catch (thrown) {
    const says = thrown instanceof Error ? thrown.message : String(thrown);
    return [{ name, state: 'failed', says, next: 'name another home with GASTOWN_HOME' }];
  }
  const { bavail, bsize } = await statfs(place);
  const free = bavail * bsize;
  const enough = free >= FREE_BYTES_MIN;
  return [
    { name, state: 'ok', says: gastownHome, next: '' },
    {
      name: 'disk',
      state: enough ? 'ok' : 'failed',
      says: `${(free / 1024 ** 3).toFixed(1)} GB free`,
      next: enough ? '' : `make room: workspaces of agents live in ${gastownHome}`,
    },
  ];
}

/** The home, or the closest folder above it that exists. */
async function nearest(path: string): Promise<string> {
  for (let at = path; ; at = dirname(at)) {
    const there = await access(at).then(
      () => true,
      () => false,
    );
    if (there || dirname(at) === at) return at;
  }
}

/** M1 */
function version(
  program: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<string | undefined> {
  return new Promise((done) => {
    execFile(program, ['--version'], { env, timeout: 5_000 }, (error, stdout) => {
      done(error === null ? stdout.trim().split('\n')[0] : undefined);
    });
  });
}
