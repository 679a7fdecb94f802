/** Every reason not to adopt a pull request, in words a person can act on. */
import { expect, test } from 'vitest';
import type { AdoptionRefusal } from '../adoption-refusal.ts';
import { explain } from '../explain.ts';
import type { ForgeProvider } from '../pull-request.ts';

const url = 'https://github.com/team/web/pull/12';
const repository = 'https://github.com/team/web';

const says = (why: AdoptionRefusal, provider: ForgeProvider = 'github') =>
  explain({ kind: 'pr_not_adopted', helps: 'person', provider, url, why });

const reasons: { readonly [K in AdoptionRefusal['is']]: readonly [AdoptionRefusal, string] } = {
  merged: [{ is: 'merged' }, 'See what is watched: gt mr list'],
  closed: [{ is: 'closed' }, `Reopen it on the forge, then run: gt mr adopt ${url}`],
  watched: [{ is: 'watched', bead: 'web-1' }, 'See how it stands: gt why web-1'],
  ours: [{ is: 'ours', bead: 'web-1' }, 'See how it stands: gt why web-1'],
  branch_watched: [
    { is: 'branch_watched', branch: 'ann/greet', bead: 'web-1' },
    'See how it stands: gt why web-1',
  ],
  other_target: [
    { is: 'other_target', base: 'next', rig: 'web', target: 'main' },
    `Point it at main on the forge, then run: gt mr adopt ${url}`,
  ],
  no_rig: [
    { is: 'no_rig', repository, rigs: ['api (team/api)'] },
    `Add it first: gt rig add web ${repository}`,
  ],
  several_rigs: [
    { is: 'several_rigs', repository, rigs: ['web', 'next'] },
    `Say which: gt mr adopt ${url} --rig web`,
  ],
  other_rig: [
    { is: 'other_rig', repository, rig: 'api', at: 'https://github.com/team/api' },
    `Leave the rig away, and it is found by its address: gt mr adopt ${url}`,
  ],
};

test.each(Object.values(reasons))('%o has one next step', (why, next) => {
  const said = says(why);
  expect(said.what).toMatch(/^[A-Z].*\.$/);
  expect(said.evidence).toContain(url);
  expect(said.next).toBe(next);
});

test('one the town opened for a bead that is closed is a person’s to end', () => {
  expect(says({ is: 'ours', bead: null }).next).toContain('Merge or close it on the forge');
});

test('it is called what its forge calls it', () => {
  expect(says({ is: 'merged' }, 'gitlab').what).toContain('merge request');
});
