/**
 * What a child sees of the file system at level `strong`, as bubblewrap's arguments. Nothing is
 * there that is not listed: the root is empty, then come the system and the tool chains on PATH,
 * read-only, then what the caller lists.
 *
 * M1 The most specific mount wins: a workspace inside a hidden home is seen, the home is not.
 *    For one path, writable before readable before hidden.
 * M2 A tool chain's directory is never mounted if a hidden path lies in it.
 * M3 A path behind a symbolic link is mounted under both names, because git writes real paths.
 * M4 Only what is listed as writable, /tmp and /dev/shm can be written.
 */
import { existsSync, lstatSync, readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { TOOL_PLACES } from './child-env.ts';

export interface Login {
  /** A file or directory of the person's home. */
  readonly from: string;
  /** Where the child looks for it, in its own home. */
  readonly to: string;
  /**
   * An agent that renews its login writes it. A single file that is replaced by renaming cannot
   * be renewed through a mount: list its directory.
   */
  readonly writable: boolean;
}

export interface MountSpec {
  readonly command: string;
  readonly env: Readonly<Record<string, string>>;
  readonly writable: readonly string[];
  readonly readable: readonly string[];
  readonly hidden: readonly string[];
  readonly logins: readonly Login[];
  /** A directory shown as /tmp; null: one in memory. */
  readonly tmp: string | null;
}

interface Mount {
  readonly at: string;
  readonly rank: number;
  readonly args: readonly string[];
}

const SYSTEM: readonly string[] = [
  '/usr',
  '/bin',
  '/sbin',
  '/lib',
  '/lib32',
  '/lib64',
  '/libx32',
  '/etc',
  '/opt',
  '/nix/store',
  '/run/current-system',
];

/** Readable by root, so they would be seen where the runner is root. */
const MASKED: readonly string[] = [
  '/etc/shadow',
  '/etc/shadow-',
  '/etc/gshadow',
  '/etc/gshadow-',
  '/etc/ssl/private',
];

const RANK = { base: 0, hidden: 1, readable: 2, writable: 3 } as const;

export function mountArgs(spec: MountSpec): string[] {
  const hidden = spec.hidden.filter((path) => existsSync(path)).flatMap(bothNames);
  const seen = [
    ...baseMounts(spec.tmp),
    ...toolPaths(spec)
      .flatMap(bothNames)
      .filter((path) => !hidden.some((secret) => isWithin(secret, path))) // M2
      .map((path) => bind(path, path, RANK.readable)),
    ...spec.readable.flatMap(bothNames).map((path) => bind(path, path, RANK.readable)),
    ...spec.writable.flatMap(bothNames).map((path) => bind(path, path, RANK.writable)),
    ...spec.logins
      .filter(({ from }) => existsSync(from))
      .map(({ from, to, writable }) =>
        bind(realpathSync(from), to, writable ? RANK.writable : RANK.readable),
      ),
  ];
  const covers = [...hidden, ...MASKED.filter((path) => existsSync(path)), ...hostKeys()]
    .filter((path) => seen.some(({ at }) => at !== path && isWithin(path, at)))
    .map((path) => cover(path));
  const mounts = [...seen, ...covers].sort((a, b) => depth(a.at) - depth(b.at) || a.rank - b.rank);
  const emptied = covers.filter(({ args }) => args[0] === '--tmpfs').map(({ at }) => at);
  return [
    ...mounts.flatMap(({ args }) => args),
    ...[...emptied, '/'].flatMap((path) => ['--remount-ro', path]), // M4
  ];
}

/** `path` is `directory` or lies in it. */
export function isWithin(path: string, directory: string): boolean {
  return path === directory || path.startsWith(directory === '/' ? '/' : `${directory}/`);
}

function baseMounts(tmp: string | null): Mount[] {
  const system = SYSTEM.filter((path) => existsSync(path)).map((path) =>
    lstatSync(path).isSymbolicLink()
      ? { at: path, rank: RANK.base, args: ['--symlink', readlinkSync(path), path] }
      : bind(path, path, RANK.base),
  );
  const resolver = existsSync('/etc/resolv.conf') ? realpathSync('/etc/resolv.conf') : '/etc';
  const scratch =
    tmp === null
      ? { at: '/tmp', rank: RANK.base, args: ['--tmpfs', '/tmp'] }
      : { at: '/tmp', rank: RANK.base, args: ['--bind', tmp, '/tmp'] };
  return [
    ...system,
    ...(isWithin(resolver, '/etc') ? [] : [bind(resolver, resolver, RANK.base)]),
    { at: '/proc', rank: RANK.base, args: ['--proc', '/proc'] },
    { at: '/dev', rank: RANK.base, args: ['--dev', '/dev'] },
    scratch,
    { at: '/var/tmp', rank: RANK.base, args: ['--tmpfs', '/var/tmp'] },
  ];
}

function bind(from: string, at: string, rank: number): Mount {
  const flag = rank === RANK.writable ? '--bind' : '--ro-bind';
  return { at, rank, args: [flag, from, at] };
}

function cover(path: string): Mount {
  const args = lstatSync(path).isDirectory() ? ['--tmpfs', path] : ['--ro-bind', '/dev/null', path];
  return { at: path, rank: RANK.hidden, args };
}

/** Where the command and what is on PATH live, outside the system's own directories. */
function toolPaths(spec: MountSpec): string[] {
  const path = (spec.env['PATH'] ?? '').split(':');
  const places = TOOL_PLACES.flatMap((name) => spec.env[name] ?? []);
  const command = spec.command.includes('/')
    ? [spec.command]
    : path.map((directory) => join(directory, spec.command));
  const files = [...command, process.execPath].filter((file) => isFile(file));
  const directories = [
    ...path,
    ...files.flatMap((file) => [dirname(file), packageRoot(realpathSync(file))]),
  ];
  return [...directories.flatMap(withLibraries), ...places].filter(
    (place) =>
      isAbsolute(place) &&
      place !== '/' &&
      existsSync(place) &&
      !SYSTEM.some((system) => isWithin(place, system)),
  );
}

/** `…/bin` needs the `…/lib` beside it: npm itself lives there. */
function withLibraries(directory: string): string[] {
  if (!isAbsolute(directory) || !existsSync(directory)) return [];
  const real = realpathSync(directory);
  const beside = basename(real) === 'bin' ? ['lib', 'lib64', 'libexec'] : [];
  return [directory, ...beside.map((name) => join(dirname(real), name))];
}

/** The outermost node_modules a program lies in, else its directory. */
function packageRoot(file: string): string {
  const at = file.indexOf('/node_modules/');
  return at < 0 ? dirname(file) : file.slice(0, at + '/node_modules'.length);
}

/** M3 */
function bothNames(path: string): string[] {
  if (!existsSync(path)) return [];
  const real = realpathSync(path);
  return real === path ? [path] : [path, real];
}

function hostKeys(): string[] {
  if (!existsSync('/etc/ssh')) return [];
  return readdirSync('/etc/ssh')
    .filter((name) => /^ssh_host_.*_key$/.test(name))
    .map((name) => join('/etc/ssh', name));
}

function isFile(path: string): boolean {
  return isAbsolute(path) && existsSync(path) && lstatSync(realpathSync(path)).isFile();
}

function depth(path: string): number {
  return path === '/' ? 0 : path.split('/').length - 1;
}
