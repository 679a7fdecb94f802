/**
 * From a rig's git remote to the forge project behind it. Three forges are known by name; any other
 * is one that a person configured (`forge.instances`), or it is no forge to us.
 *
 * R1 The provider comes from the list of instances, never from what an address looks like.
 * R2 A remote over ssh names a host and no port of the web: it matches an instance by host name,
 *    or by the ssh host an instance gives.
 */
import type { ForgeProject } from '../core/pull-request.ts';
import { err, ok, type Result } from '../core/result.ts';
import { refusedAddress } from './address.ts';
import type { ForgeBinding } from './lease.ts';

/** A forge that is spoken to; `origin` may carry a sub-path on GitLab and Gitea. */
export interface ForgeInstance {
  readonly provider: ForgeProject['provider'];
  /** As a person writes it: `https://git.example.com/forge`. */
  readonly url: string;
  /** Where the API is, when it is not where this provider has it. */
  readonly apiBase?: string | undefined;
  /** Where git is over ssh, when that is another host: `ssh.git.example.com`. */
  readonly sshHost?: string | undefined;
  /** May be spoken to without TLS although it is not on this machine. For labs. */
  readonly allowHttp?: boolean | undefined;
}

/** A forge as it is spoken to, with the sub-path its projects lie under. */
export interface KnownForge extends ForgeBinding {
  /** `/forge`, or empty: what stands between the host and a project's path. */
  readonly basePath: string;
  readonly sshHosts: readonly string[];
}

const PUBLIC: readonly ForgeInstance[] = [
  { provider: 'github', url: 'https://github.com', sshHost: 'ssh.github.com' },
  { provider: 'gitlab', url: 'https://gitlab.com', sshHost: 'altssh.gitlab.com' },
  { provider: 'gitea', url: 'https://codeberg.org' },
  { provider: 'gitea', url: 'https://gitea.com' },
];

/** The forges of this town: what was configured, before what everybody knows. */
export function knownForges(instances: readonly ForgeInstance[]): readonly KnownForge[] {
  return [...instances, ...PUBLIC].flatMap((instance) => {
    const made = forgeFrom(instance);
    return made.ok ? [made.value] : [];
  });
}

/** The error says what is wrong with the address. */
export function forgeFrom(instance: ForgeInstance): Result<KnownForge, string> {
  const { provider } = instance;
  if (!URL.canParse(instance.url)) return err('it is no address');
  const url = new URL(instance.url);
  const basePath = trimmed(url.pathname);
  const apiBase = trimmed(instance.apiBase ?? apiBaseOf(provider, url, basePath));
  if (!URL.canParse(apiBase)) return err('the address of the API is none');
  const httpOrigins = instance.allowHttp === true ? [url.origin, new URL(apiBase).origin] : [];
  const refused = refusedAddress(url, httpOrigins) ?? refusedAddress(new URL(apiBase), httpOrigins);
  if (refused !== null) return err(refused);
  if (url.search !== '' || url.hash !== '') return err('a query or a fragment in the address');
  if (!isPlainPath(instance.url, url)) return err('a path that is read in another way');
  if (provider === 'github' && basePath !== '') return err('a path after the host');
  const sshHosts = [url.hostname, ...(instance.sshHost === undefined ? [] : [instance.sshHost])];
  return ok({ provider, origin: url.origin, apiBase, basePath, sshHosts });
}

/** No `..`, nothing encoded, no list of addresses. */
function isPlainPath(text: string, { pathname }: URL): boolean {
  const written = /^https?:\/\/[^/]*(.*)$/i.exec(text)?.[1] ?? '';
  return (written === '' ? '/' : written) === pathname && !/[%,;]/.test(pathname);
}

/** For the door: the origins a person allowed to be spoken to without TLS. */
export function httpOriginsOf(instances: readonly ForgeInstance[]): readonly string[] {
  return instances
    .filter(({ allowHttp }) => allowHttp === true)
    .map(forgeFrom)
    .flatMap((made) => (made.ok ? [made.value.origin, new URL(made.value.apiBase).origin] : []))
    .filter((origin) => origin.startsWith('http:'));
}

/** github.com and data-residency hosts have a host for it, Enterprise Server a path. */
function apiBaseOf(provider: ForgeInstance['provider'], url: URL, basePath: string): string {
  if (provider === 'gitlab') return `${url.origin}${basePath}/api/v4`;
  if (provider === 'gitea') return `${url.origin}${basePath}/api/v1`;
  const hasOwnHost = url.hostname === 'github.com' || url.hostname.endsWith('.ghe.com');
  return hasOwnHost ? `https://api.${url.host}` : `${url.origin}/api/v3`;
}

function trimmed(url: string): string {
  return url.replace(/\/+$/, '');
}

/** null: the remote is no repository of a forge we know. */
export function forgeOf(
  remoteUrl: string,
  instances: readonly ForgeInstance[],
): ForgeProject | null {
  const remote = parseRemote(remoteUrl.trim());
  if (remote === null) return null;
  for (const forge of knownForges(instances)) {
    const path = pathWithin(forge, remote);
    if (path !== null) return projectOf(forge, path);
  }
  return null;
}

export function projectOf(forge: KnownForge, path: string): ForgeProject {
  const { provider, origin, apiBase } = forge;
  return { provider, origin, apiBase, path };
}

interface Remote {
  /** Of a web remote; null over ssh. */
  readonly origin: string | null;
  readonly host: string;
  /** Decoded, without a leading slash and without `.git`. */
  readonly path: string;
}

function parseRemote(text: string): Remote | null {
  // git@host:group/name.git, where no scheme is: a drive letter or a path has none either.
  const scp = /^(?:[\w.-]+@)?([a-z\d](?:[a-z\d.-]*[a-z\d])?):(?!\/\/)\/?(.+)$/i.exec(text);
  if (scp !== null && !text.includes('://')) {
    return remote(null, (scp[1] ?? '').toLowerCase(), scp[2] ?? '');
  }
  if (!URL.canParse(text)) return null;
  const url = new URL(text);
  const { protocol } = url;
  if (protocol === 'https:' || protocol === 'http:') {
    return remote(url.origin, url.hostname, url.pathname);
  }
  if (protocol !== 'ssh:' && protocol !== 'git+ssh:') return null;
  return remote(null, url.hostname.toLowerCase(), url.pathname);
}

function remote(origin: string | null, host: string, path: string): Remote | null {
  const plain = path.replace(/^\/+|\/+$/g, '').replace(/\.git$/, '');
  return isProjectPath(plain) ? { origin, host, path: plain } : null;
}

/** R2. Ssh paths are below the host's root or below the sub-path, as the forge was set up. */
function pathWithin(forge: KnownForge, { origin, host, path }: Remote): string | null {
  if (origin === null && !forge.sshHosts.includes(host)) return null;
  if (origin !== null && origin !== forge.origin) return null;
  const base = forge.basePath.slice(1);
  const isBelow = base !== '' && path.toLowerCase().startsWith(`${base.toLowerCase()}/`);
  if (base !== '' && !isBelow && origin !== null) return null;
  const rest = isBelow ? path.slice(base.length + 1) : path;
  return fitsProvider(forge.provider, rest) ? rest : null;
}

/** `owner/name`; on GitLab groups, up to twenty of them and the name. */
export function fitsProvider(provider: ForgeProject['provider'], path: string): boolean {
  const parts = path.split('/');
  const partsMax = provider === 'gitlab' ? GITLAB_PARTS_MAX : 2;
  return isProjectPath(path) && parts.length >= 2 && parts.length <= partsMax;
}

const GITLAB_PARTS_MAX = 21;

/** Names that forges give: no `..`, nothing encoded, nothing that looks like another letter. */
function isProjectPath(path: string): boolean {
  return path.split('/').every((part) => /^(?!\.{1,2}$)[\w.-]{1,255}$/.test(part) && part !== '-');
}
