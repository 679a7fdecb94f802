/** Where a rig comes from, over real HTTP with real repositories. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  git,
  makeRepository,
  startTestHost,
  unreachable,
  withRig,
  type TestHost,
} from '../../../test/api/host.ts';
import type { Problem, RigDoctorAnswer, RigResource } from '../../protocol/http.ts';

let town: TestHost;
beforeEach(async () => {
  town = await startTestHost();
});
afterEach(() => town.stop());

const add = (name: string, source: string, more: object = {}) =>
  town.call<RigResource & Omit<Problem, keyof RigResource>>('POST', 'rigs', {
    name,
    source,
    ...more,
  });

/** A repository with a working tree and no remote, on `main`. */
function localRepository(): string {
  const path = join(town.home, 'my project');
  mkdirSync(path);
  git(path, 'init', '-q', '-b', 'main');
  git(path, 'commit', '-q', '--allow-empty', '-m', 'start');
  return path;
}

describe('a rig', () => {
  test('from a URL lands on the default branch of its remote, after a look', async () => {
    const bare = makeRepository(town);
    const added = await add('web', `file://${bare}`);
    expect([added.status, JSON.stringify(added.body)]).toEqual([201, JSON.stringify(added.body)]);
    expect(added.body).toMatchObject({ id: 'web', target: 'main', status: 'unready' });
    expect(added.body.probing).toBe(true);
    const rig = await town.until<RigResource>('rigs/web', ({ probing }) => !probing);
    expect(rig).toMatchObject({ status: 'ready', failure: null, mergeCommand: null });
    expect(town.runner.jobs.map(({ kind }) => kind)).toEqual(['fetch']);
  });

  test('from a clone is attached by its remote; the clone only lends', async () => {
    const bare = makeRepository(town);
    const clone = join(town.home, 'clone');
    git(town.home, 'clone', '-q', bare, clone);
    const { body } = await add('web', clone);
    expect(body).toMatchObject({ remote: bare, lends: clone, target: 'main' });
    const refused = await add('web2', clone, { updateCheckout: true });
    expect(refused).toMatchObject({ status: 400, body: { kind: 'bad_value' } });
  });

  test('without a remote asks where to land, and makes the branch that was chosen', async () => {
    const path = localRepository();
    const asked = await add('web', path);
    expect(asked).toMatchObject({ status: 422, body: { kind: 'target_checked_out' } });
    expect((await town.call('GET', 'rigs')).body).toEqual({ items: [], next: null });
    const { status, body } = await add('web', path, { target: 'gastown', consent: true });
    expect(status).toBe(201);
    expect(body).toMatchObject({ remote: path, target: 'gastown', updateCheckout: false });
    expect(body.mergeCommand).toContain('merge gastown');
    const job = town.runner.jobs[0];
    expect(job).toMatchObject({ kind: 'fetch', createTargetFrom: 'main' });
  });

  test('without a remote may land in the checkout itself', async () => {
    const { status, body } = await add('web', localRepository(), { updateCheckout: true });
    expect(status).toBe(201);
    expect(body).toMatchObject({ target: 'main', updateCheckout: true, mergeCommand: null });
  });

  test.each([
    ['a path that is not there', '/nowhere/at/all', 422, 'not_a_repository'],
    ['a relative path', './web', 400, 'bad_value'],
    ['nothing', '', 400, 'bad_value'],
    ['a URL with nothing behind it', 'file:///nowhere/at/all.git', 422, 'not_a_repository'],
  ])('from %s is refused and not added', async (_, source, status, kind) => {
    const refused = await add('web', source);
    expect(refused).toMatchObject({ status, body: { kind } });
    expect(refused.body.next).not.toBe('');
    expect((await town.call('GET', 'rigs')).body).toEqual({ items: [], next: null });
  });

  test('from an empty directory is refused', async () => {
    const path = join(town.home, 'empty');
    mkdirSync(path);
    expect(await add('web', path)).toMatchObject({ body: { kind: 'not_a_repository' } });
  });

  test('with a name that is taken or unusable is refused', async () => {
    await withRig(town);
    const bare = makeRepository(town, 'other.git');
    expect(await add('web', bare)).toMatchObject({ status: 409, body: { kind: 'name_taken' } });
    // Nor is the repository looked at, of which there would be something else to say.
    for (const source of [bare, localRepository()]) {
      const refused = await add('Web 2', source);
      expect(refused).toMatchObject({ status: 400, body: { kind: 'bad_value' } });
    }
  });

  test('that cannot be reached says so in its doctor, until it can', async () => {
    town.runner.answer = unreachable;
    await add('web', makeRepository(town));
    const rig = await town.until<RigResource>('rigs/web', ({ failure }) => failure !== null);
    expect(rig).toMatchObject({ status: 'unready', failure: { kind: 'remote_not_found' } });
    const doctor = await town.call<RigDoctorAnswer>('GET', 'rigs/web/doctor');
    expect(doctor.body.healthy).toBe(false);
    expect(doctor.body.checks.some(({ passed, next }) => !passed && next !== '')).toBe(true);
  });

  test('that is unready looks again at a retry and at a change of settings', async () => {
    town.runner.answer = unreachable;
    await add('web', makeRepository(town));
    const isNewer = (than: string | null) => (rig: RigResource) =>
      rig.failure !== null && rig.probedAt !== than;
    const first = await town.until<RigResource>('rigs/web', isNewer(null));
    await town.call('POST', 'beads', { rig: 'web', title: 'Wait' });
    await town.call('POST', 'beads/web-1/retry', {});
    const second = await town.until<RigResource>('rigs/web', isNewer(first.probedAt));
    await town.call('PATCH', 'settings', { set: { defaultAgent: 'scripted' }, unset: [] });
    await town.until<RigResource>('rigs/web', isNewer(second.probedAt));
  });

  test('is consented to, parked, unparked, probed and removed', async () => {
    await withRig(town);
    const consented = await town.call<RigResource>('POST', 'rigs/web/consent');
    expect(consented.body.consentAt).not.toBeNull();
    expect((await town.call<RigResource>('POST', 'rigs/web/park')).body.status).toBe('parked');
    await town.call('POST', 'rigs/web/unpark');
    await town.until<RigResource>('rigs/web', ({ status }) => status === 'ready');
    const probed = await town.call<RigResource>('POST', 'rigs/web/probe');
    expect(probed.status).toBe(202);
    await town.until<RigResource>('rigs/web', ({ probing }) => !probing);
    await town.call('POST', 'beads', { rig: 'web', title: 'In the way', hold: true });
    const refused = await town.call('DELETE', 'rigs/web');
    expect(refused).toMatchObject({ status: 409, body: { kind: 'rig_in_use' } });
    await town.call('POST', 'beads/web-1/close', {});
    expect((await town.call('DELETE', 'rigs/web')).status).toBe(200);
    expect((await town.call('GET', 'rigs/web')).status).toBe(404);
  });

  test('that could not be examined is taken out with words that do not lead to it', async () => {
    town.runner.answer = unreachable;
    await add('web', makeRepository(town));
    const rig = await town.until<RigResource>('rigs/web', ({ failure }) => failure !== null);
    expect(rig.failure?.next).toContain('gt rig doctor web');
    const { body } = await town.call<Pick<RigResource, 'failure'>>('DELETE', 'rigs/web');
    expect(body.failure?.kind).toBe(rig.failure?.kind);
    expect(body.failure?.next).toMatch(/, then try again$/);
  });

  test('takes no setting that cannot work on it, and says what would', async () => {
    await withRig(town);
    const set = (settings: object) =>
      town.call<Problem>('PATCH', 'rigs/web/settings', { set: settings, unset: [] });
    expect(await set({ mergeStrategy: 'pr' })).toMatchObject({
      body: { kind: 'settings_conflict', what: expect.stringContaining('web is on no forge') },
    });
    expect((await set({ maxPolecatsPerRig: 'x' })).body.next).toBe(
      'Such as: gt rig set web maxPolecatsPerRig=4',
    );
    expect(await set({ defaultAgent: 'codx' })).toMatchObject({
      status: 404,
      body: { evidence: 'Similar: codex' },
    });
    expect(await set({ defaultAgent: 'codex' })).toMatchObject({ status: 200 });
    const agents = [{ name: 'mine', command: 'my-agent --acp' }];
    expect(await set({ defaultAgent: 'mine', agents })).toMatchObject({ status: 200 });
  });

  test('that was removed and attached again goes on with its numbers', async () => {
    await withRig(town);
    await town.call('POST', 'beads', { rig: 'web', title: 'Before', hold: true });
    await town.call('POST', 'beads/web-1/close', {});
    await town.call('DELETE', 'rigs/web');
    await add('web', makeRepository(town, 'again.git'));
    const bead = { rig: 'web', title: 'After', hold: true };
    expect(await town.call('POST', 'beads', bead)).toMatchObject({ body: { id: 'web-2' } });
    expect(await town.call('GET', 'beads/web-1')).toMatchObject({ body: { title: 'Before' } });
  });
});
