/**
 * From a git remote to the forge behind it: the forges everybody knows, the ones a person named,
 * and everything else, which is no forge to us.
 */
import { describe, expect, test } from 'vitest';
import { forgeFrom, forgeOf, httpOriginsOf, type ForgeInstance } from './remote-url.ts';

const instances: readonly ForgeInstance[] = [
  { provider: 'github', url: 'https://ghes.example.com/' },
  { provider: 'github', url: 'https://acme.ghe.com' },
  { provider: 'gitlab', url: 'https://git.example.com/forge', sshHost: 'ssh.example.com' },
  { provider: 'gitea', url: 'http://127.0.0.1:3000' },
];

const found = (remote: string): string | null => {
  const project = forgeOf(remote, instances);
  return project === null ? null : `${project.provider} ${project.apiBase} ${project.path}`;
};

describe('a remote', () => {
  test.each([
    ['https://github.com/acme/web.git', 'github https://api.github.com acme/web'],
    ['https://github.com/acme/web/', 'github https://api.github.com acme/web'],
    ['https://x-access-token:ghp_x@github.com/acme/web', 'github https://api.github.com acme/web'],
    ['git@github.com:acme/web.git', 'github https://api.github.com acme/web'],
    ['github.com:acme/web', 'github https://api.github.com acme/web'],
    ['ssh://git@github.com/acme/web.git', 'github https://api.github.com acme/web'],
    ['ssh://git@ssh.github.com:443/acme/web.git', 'github https://api.github.com acme/web'],
    ['https://ghes.example.com/a/b', 'github https://ghes.example.com/api/v3 a/b'],
    ['git@acme.ghe.com:a/b.git', 'github https://api.acme.ghe.com a/b'],
    ['https://gitlab.com/g/s/p.git', 'gitlab https://gitlab.com/api/v4 g/s/p'],
    ['https://git.example.com/forge/g/p', 'gitlab https://git.example.com/forge/api/v4 g/p'],
    ['git@ssh.example.com:g/p.git', 'gitlab https://git.example.com/forge/api/v4 g/p'],
    ['ssh://git@git.example.com:2222/g/p', 'gitlab https://git.example.com/forge/api/v4 g/p'],
    ['https://codeberg.org/o/r.git', 'gitea https://codeberg.org/api/v1 o/r'],
    ['http://127.0.0.1:3000/o/r.git', 'gitea http://127.0.0.1:3000/api/v1 o/r'],
  ])('%s is of a forge', (remote, expected) => {
    expect(found(remote)).toBe(expected);
  });

  test.each([
    'https://evil.example/acme/web.git',
    'https://github.com.evil.example/acme/web',
    'http://github.com/acme/web',
    'https://github.com:8443/acme/web',
    'https://github.com/acme',
    'https://github.com/a/b/c',
    'https://git.example.com/g/p',
    'https://github.com/acme/..%2fweb',
    'git@evil.example:acme/web.git',
    '/srv/git/web.git',
    '../web',
    'C:\\code\\web',
    'file:///srv/git/acme/web',
    'git://github.com/acme/web',
    'ext::sh -c x',
    '',
  ])('%s is none', (remote) => {
    expect(found(remote)).toBeNull();
  });

  test('with a login in it gives a project without one', () => {
    const project = forgeOf('https://oauth2:glpat-x@gitlab.com/g/p.git', []);
    expect(JSON.stringify(project)).not.toContain('glpat');
  });
});

describe('an instance', () => {
  test.each([
    ['nonsense', 'it is no address'],
    ['ftp://git.example.com', 'the scheme ftp:'],
    ['http://git.example.com', 'http without TLS'],
    ['https://me:pw@git.example.com', 'a login in the address'],
    ['https://169.254.169.254', 'a link-local or metadata address'],
    ['https://git.example.com/?a=1', 'a query or a fragment in the address'],
    ['https://git.example.com./', 'a dot at the end of the host'],
  ])('%s is refused: %s', (url, why) => {
    expect(forgeFrom({ provider: 'gitlab', url })).toEqual({ ok: false, error: why });
  });

  test('without TLS has to be allowed by name, and the door is told', () => {
    const lab: ForgeInstance = { provider: 'gitea', url: 'http://git.lan:3000', allowHttp: true };
    expect(forgeFrom(lab)).toMatchObject({ ok: true, value: { origin: 'http://git.lan:3000' } });
    expect(httpOriginsOf([lab, ...instances])).toContain('http://git.lan:3000');
    expect(httpOriginsOf(instances)).toEqual([]);
  });

  test('that is malformed hides none of the others', () => {
    const broken: ForgeInstance = { provider: 'gitlab', url: 'https://' };
    expect(forgeOf('https://ghes.example.com/a/b', [broken, ...instances])?.path).toBe('a/b');
  });
});
