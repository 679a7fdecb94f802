/**
 * Makes a checkout runnable, then runs one script of it on Node 24.
 *
 *   node tools/bootstrap.mjs runtime|all [script.ts] [arguments…]
 *
 * Plain JavaScript without dependencies, because it runs before anything is installed and on the
 * reader's own Node (20 or newer).
 * B1: what is already installed costs no network and no child process beyond the script itself.
 * B2: two processes that start at once install once; the second waits for the first.
 * B3: a level is never taken back: `all` contains `runtime`, so asking for `runtime` keeps `all`.
 * B4: nothing is installed outside the checkout (npm and pnpm keep their usual caches), and no
 *     install script of any package runs.
 */
import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import * as fs from 'node:fs';
import { constants } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const PNPM_VERSION = '12.21.0';
const NODE_MAJOR = 24;
const LOCK_WAIT_MS_MAX = 10 * 60_000; // a cold install over a slow line takes minutes, not seconds

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const stampFile = join(root, 'node_modules', '.gastown-stamp');
const toolsDir = join(root, '.tools');
const lockFile = join(toolsDir, 'install.lock');
const pnpmDir = join(toolsDir, `pnpm-${PNPM_VERSION}`);

const [level, script, ...args] = process.argv.slice(2);
if (level !== 'runtime' && level !== 'all') {
  fail(
    `the install level is ${JSON.stringify(level ?? '')}`,
    'it must be "runtime" or "all"',
    'run: node tools/bootstrap.mjs all tools/test.ts',
  );
}

install(level);
if (script !== undefined) run(join(root, script), args);

function install(wanted) {
  if (satisfied(readStamp(), wanted)) return;
  withLock(() => {
    const have = readStamp();
    if (satisfied(have, wanted)) return; // another process did it while this one waited (B2)
    const goal = have.level === 'all' ? 'all' : wanted; // B3
    process.stderr.write('installing…\n');
    installPnpm();
    const flags = ['install', '--frozen-lockfile', '--reporter=silent'];
    if (goal === 'runtime') flags.push('--prod');
    runOrFail(
      join(pnpmDir, 'node_modules', 'pnpm', 'pnpm'),
      flags,
      'the packages could not be installed',
    );
    writeStamp(goal);
  });
}

function satisfied(stamp, wanted) {
  return stamp.hash === lockHash() && (stamp.level === 'all' || stamp.level === wanted);
}

function lockHash() {
  return createHash('sha256')
    .update(fs.readFileSync(join(root, 'pnpm-lock.yaml')))
    .digest('hex');
}

function readStamp() {
  try {
    const [stampLevel, hash] = fs.readFileSync(stampFile, 'utf8').trim().split(' ');
    return { level: stampLevel, hash };
  } catch {
    return { level: undefined, hash: undefined }; // nothing installed yet
  }
}

/** `./gt` compares the age of this file with the lockfile's, so it is written last and whole. */
function writeStamp(installed) {
  const partial = `${stampFile}.${process.pid}`;
  fs.writeFileSync(partial, `${installed} ${lockHash()}\n`);
  fs.renameSync(partial, stampFile);
}

function installPnpm() {
  if (fs.existsSync(join(pnpmDir, 'node_modules', 'pnpm', 'pnpm'))) return;
  // Made beside its final place and renamed, so that an interrupted download is not mistaken for a
  // whole one.
  const partial = `${pnpmDir}.partial`;
  fs.rmSync(partial, { recursive: true, force: true });
  fs.mkdirSync(partial, { recursive: true });
  const flags = ['--no-save', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
  runOrFail(
    'npm',
    ['install', '--prefix', partial, ...flags, `pnpm@${PNPM_VERSION}`],
    `pnpm ${PNPM_VERSION} could not be fetched`,
  );
  fs.rmSync(pnpmDir, { recursive: true, force: true });
  fs.renameSync(partial, pnpmDir);
}

function runOrFail(command, flags, what) {
  // CI: pnpm asks before it replaces a node_modules of another layout; nobody is there to answer.
  const env = { ...process.env, CI: 'true' };
  const child = spawnSync(command, flags, { cwd: root, env, encoding: 'utf8' });
  if (child.status === 0) return;
  const said = `${child.error?.message ?? ''}${child.stdout ?? ''}${child.stderr ?? ''}`.trim();
  process.stderr.write(`${said}\n`);
  fail(
    what,
    `${command.split('/').at(-1)} ended with ${child.status ?? child.signal ?? 'an error'}`,
    'check the network and the npm registry setting, then run the same command again',
  );
}

function withLock(work) {
  fs.mkdirSync(toolsDir, { recursive: true });
  const start = performance.now();
  while (!takeLock()) {
    if (performance.now() - start > LOCK_WAIT_MS_MAX) {
      fail('another install does not end', `${lockFile} is held`, `remove it: rm ${lockFile}`);
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
  }
  try {
    work();
  } finally {
    releaseLock();
  }
}

/**
 * The lock is a file with its owner's process id; linking it into place makes name and content
 * appear at once.
 */
function takeLock() {
  const mine = `${lockFile}.${process.pid}`;
  fs.writeFileSync(mine, String(process.pid));
  try {
    fs.linkSync(mine, lockFile);
    process.once('exit', releaseLock); // `fail` exits without unwinding
    return true;
  } catch (error) {
    if (error.code !== 'EEXIST') throw error;
    breakStaleLock();
    return false;
  } finally {
    fs.rmSync(mine, { force: true });
  }
}

function breakStaleLock() {
  const owner = lockOwner();
  if (owner === undefined || isAlive(owner)) return;
  // Renamed first: of two processes that see the same dead owner only one gets the file.
  const taken = `${lockFile}.stale-${process.pid}`;
  try {
    fs.renameSync(lockFile, taken);
  } catch {
    return; // the other one was faster
  }
  const took = Number(fs.readFileSync(taken, 'utf8'));
  // A live lock was taken meanwhile: put it back.
  if (took !== owner && isAlive(took)) fs.linkSync(taken, lockFile);
  fs.rmSync(taken, { force: true });
}

function lockOwner() {
  try {
    return Number(fs.readFileSync(lockFile, 'utf8'));
  } catch {
    return undefined; // released meanwhile
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}

function releaseLock() {
  if (lockOwner() === process.pid) fs.rmSync(lockFile, { force: true });
}

/**
 * Runs the script in a process of its own, so that it is the main module there, and passes signals
 * on. Its code, with the types stripped, is kept in the compile cache.
 */
function run(file, rest) {
  const node = nodeMajor() >= NODE_MAJOR ? process.execPath : pinnedNode();
  const env = {
    ...process.env,
    // Tools that the script starts by name use the same Node.
    PATH: `${dirname(node)}:${process.env.PATH ?? ''}`,
    NODE_COMPILE_CACHE:
      process.env.NODE_COMPILE_CACHE ?? join(root, 'node_modules', '.cache', 'gastown'),
  };
  const flags = ['--disable-warning=ExperimentalWarning'];
  const child = spawn(node, [...flags, file, ...rest], { stdio: 'inherit', env });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      // A terminal sends SIGINT to the whole group; the child has it already.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    });
  }
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal] ?? 0);
  });
}

function nodeMajor() {
  return Number(process.versions.node.split('.')[0]);
}

function pinnedNode() {
  const platform = `${process.platform}-${process.arch}`;
  const file = join(root, 'node_modules', `node-${platform}`, 'bin', 'node');
  if (fs.existsSync(file)) return file;
  return fail(
    `Gastown needs Node ${NODE_MAJOR} or newer`,
    `this is Node ${process.versions.node}, and none is bundled for ${platform}`,
    `install Node ${NODE_MAJOR} and run the same command again`,
  );
}

function fail(what, evidence, next) {
  process.stderr.write(`${what}\n  evidence: ${evidence}\n  next: ${next}\n`);
  process.exit(1);
}
