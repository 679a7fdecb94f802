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

/** A rig's name made from where it is: `git@host:team/web.git` → `web`. */
export function nameFrom(source: string, taken: readonly string[]): string {
  const last = basename(
    source
      .replace(/\/+$/, '')
      .replace(/\.git$/, '')
      .replace(/^.*:/, ''),
  );
  const plain = last.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  const base = plain.replace(/^[^a-z]+|-+$/g, '').slice(0, 20) || 'repo';
  if (!taken.includes(base)) return base;
  let number = 2;
  while (taken.includes(`${base}-${number}`)) number += 1;
  return `${base}-${number}`;
}
