/** Whose a pull request is, by its address alone, and what a first look at it comes to. */
import { describe, expect, test } from 'vitest';
import { forge, snapshotOf } from '../../../test/fixtures/pulls.ts';
import { commit, rigWith } from '../../../test/fixtures/rows.ts';
import { explain } from '../../core/explain.ts';
import { failureMessageFor } from '../../core/explain-forge.ts';
import { rigId } from '../../core/ids.ts';
import type { PRStatusError } from '../../core/pr-status.ts';
import type { Rig } from '../../core/rig.ts';
import { knownForges } from '../../scm/remote-url.ts';
import { placeOfPull, readPull } from './pull-look.ts';

const rigOn = (name: string, path: string) =>
  rigWith({ id: rigId(name), forge: { ...forge, path } });
const web = rigOn('web', 'team/web');
const api = rigOn('api', 'team/api');
const bare: Rig = { ...rigOn('bare', 'x/y'), forge: null };
const forges = knownForges([]);
const look = (url: string, rigs: readonly Rig[] = [web, api, bare], named: Rig | null = null) =>
  placeOfPull(url, named, { rigs, forges });

test('it is of the rig on its origin and repository, in whatever case that is written', () => {
  for (const url of [
    'https://github.com/team/web/pull/12',
    'https://github.com/Team/Web/pull/12',
  ]) {
    expect(look(url)).toMatchObject({
      ok: true,
      value: { rig: { id: 'web' }, ref: { number: 12, project: forge } },
    });
  }
});

describe('it is refused without a request', () => {
  const failure = (...args: Parameters<typeof look>) => {
    const found = look(...args);
    if (found.ok) throw new Error('it was found');
    return { failure: found.error, says: explain(found.error) };
  };

  test.each([
    'https://github.com/team/web/pull/new/greet',
    'https://github.com/team/web/compare/main...greet',
    'https://github.com/team/web/compare/greet?expand=1',
  ])('as a page for opening one: %s', (url) => {
    const { failure: why, says } = failure(url);
    expect(why).toMatchObject({ kind: 'pr_address', error: { kind: 'unrecognized_url' } });
    expect(says.what).toContain('not the address of a pull request');
    expect(says.evidence).toContain('for opening one');
    expect(says.next).toContain('gt mr adopt');
  });

  test.each(['web#12', 'pull 12', 'https://', 'ftp://github.com/team/web/pull/12', '12'])(
    'as no address: %s',
    (url) => {
      const { failure: why, says } = failure(url);
      expect(why).toMatchObject({ kind: 'pr_address', error: { kind: 'unrecognized_url' } });
      expect(says.evidence).toContain('/owner/name/pull/12');
    },
  );

  test.each([
    ['a login in it', 'https://me:hush@github.com/team/web/pull/12'],
    ['look-alikes', 'https://xn--gthub-n4a.com/team/web/pull/12'],
    ['look-alikes', 'https://gıthub.com/team/web/pull/12'],
    ['ends with a dot', 'https://github.com./team/web/pull/12'],
    ['lead elsewhere', 'https://github.com/team/../web/pull/12'],
    ['encoded', 'https://github.com/team%2Fweb/pull/12'],
  ])('and it says why one that looks right is none: %s', (why, url) => {
    const { says } = failure(url);
    expect(says.evidence).toContain(why);
    expect(JSON.stringify(says)).not.toContain('hush');
  });

  test('and the address that it shows is one of that forge, also without TLS', () => {
    const lab = knownForges([{ provider: 'gitea', url: 'http://127.0.0.1:3000' }]);
    const found = placeOfPull('nonsense', null, { rigs: [], forges: lab });
    if (found.ok) throw new Error('it was found');
    expect(explain(found.error).next).toContain('http://127.0.0.1:3000/owner/name/pulls/12');
  });

  test('as one of a host that is no forge of this town', () => {
    const { failure: why, says } = failure('https://git.example.com/team/web/pull/12');
    expect(why).toMatchObject({ kind: 'pr_address', error: { kind: 'host_mismatch' } });
    expect(says.next).toContain('forge.instances');
  });

  test('as one of a repository no rig is on', () => {
    const { failure: why, says } = failure('https://github.com/team/docs/pull/3');
    expect(why).toMatchObject({ kind: 'pr_not_adopted', why: { is: 'no_rig' } });
    expect(says.evidence).toContain('web (team/web), api (team/api)');
    expect(says.next).toContain('gt rig add docs https://github.com/team/docs');
  });

  test('as one of several rigs, until one is named', () => {
    const url = 'https://github.com/team/web/pull/12';
    const second = rigOn('web-next', 'team/web');
    const { failure: why, says } = failure(url, [web, second]);
    expect(why).toMatchObject({ why: { is: 'several_rigs', rigs: ['web', 'web-next'] } });
    expect(says.next).toContain('--rig web');
    expect(look(url, [web, second], second)).toMatchObject({ value: { rig: { id: 'web-next' } } });
  });

  test.each([api, bare])('as one that is not of the rig that was named', (named) => {
    const { failure: why, says } = failure('https://github.com/team/web/pull/12', [web], named);
    expect(why).toMatchObject({ why: { is: 'other_rig', rig: named.id } });
    expect(says.evidence).toContain(named.forge?.path ?? named.remote);
  });
});

const answering = (error: PRStatusError) => ({
  checkPRStatuses: async () => [{ ok: false as const, error }],
});

describe('a look', () => {
  const place = { rig: web, ref: snapshotOf(commit('b')).ref };
  test('answers what the forge says of it, asked as the rig', async () => {
    const asked: unknown[] = [];
    const snapshot = snapshotOf(commit('b'));
    const found = await readPull(
      {
        checkPRStatuses: async (...args) => {
          asked.push(args);
          return [{ ok: true, result: snapshot }];
        },
      },
      place,
    );
    expect(found).toEqual({ ok: true, value: snapshot });
    expect(asked).toEqual([[{ rig: 'web', project: place.ref.project }, [place.ref]]]);
  });

  const at = { provider: 'github', host: 'github.com' } as const;
  const errors: readonly PRStatusError[] = [
    { ...at, kind: 'no_token', resolutionChain: [{ source: 'rig.token', why: 'absent' }] },
    {
      ...at,
      kind: 'http_error',
      status: 404,
      statusText: 'Not Found',
      transient: false,
      reason: 'not_found_or_hidden',
      requestId: null,
      tokenSource: 'rig.token',
    },
    { ...at, kind: 'network_error', cause: 'dns' },
  ];
  test.each(errors)(
    'that fails with $kind says so in the words of every surface',
    async (error) => {
      const found = await readPull(answering(error), place);
      if (found.ok) throw new Error('it was read');
      expect(found.error).toMatchObject({ kind: 'pr_unread', error });
      const { what, evidence, next } = explain(found.error);
      const golden = failureMessageFor(error, { url: place.ref.url, rig: 'web' });
      expect(golden).toBe(`${what} ${evidence.replaceAll('\n', ' ')} Next: ${next}.`);
    },
  );
});
