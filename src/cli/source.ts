/**
 * What a person means by a repository: a URL as it is, or a path made absolute.
 *
 * S1 A path that exists wins over what could also be read as `host:path`.
 */
import { existsSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import type { World } from './world.ts';

export function sourceOf(world: Pick<World, 'cwd' | 'home'>, given: string): string {
  if (given === '~' || given.startsWith('~/')) return resolve(world.home, given.slice(2));
  const path = resolve(world.cwd, given);
  if (existsSync(path)) return path; // S1
  return isUrl(given) ? given : path;
}

export function isUrl(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(text) || /^[^/\\\s]+:(?!\\)\S+$/.test(text);
}

/** Names the town keeps for itself. */
const RESERVED: readonly string[] = [
  'town',
  'dispatch',
  'local',
  'all',
  'job',
  'mr',
  'esc',
  'cv',
  'gt',
  'rig',
];

const NAME_CHARS_MAX = 20;

/** A rig's name made from where it is: `git@host:team/web.git` → `web`. */
export function nameFrom(source: string, taken: readonly string[]): string {
  const path = source.replace(/\/+$/, '').replace(/(?:\/\.git|\.git)$/, '');
  const last = basename(path.replace(/^.*:/, ''));
  const plain = last.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  const short = plain.replace(/^[^a-z]+/, '').slice(0, NAME_CHARS_MAX);
  // A dash and a number at the end is how a bead is called.
  const safe = short.replace(/-(\d+)$/, '$1').replace(/-+$/, '');
  const base = safe === '' || RESERVED.includes(safe) ? `${safe}repo` : safe;
  if (!taken.includes(base)) return base;
  let number = 2;
  while (taken.includes(`${base}${number}`)) number += 1;
  return `${base}${number}`;
}
