/** A declared scope on its way through a town: kept, changed, compared, carried on. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startTestHost, withRig, type TestHost } from '../../test/api/host.ts';
import { attemptId, commitOf } from '../core/ids.ts';
import type { JobResult, JobSpec } from '../core/job.ts';
import type { BeadResource } from '../protocol/http.ts';

let town: TestHost;
beforeEach(async () => {
  town = await startTestHost();
  await withRig(town);
});
afterEach(() => town.stop());

const post = <T = BeadResource>(path: string, body: object) => town.call<T>('POST', path, body);
const sling = (more: object = {}) => post('beads', { rig: 'web', title: 'x', hold: true, ...more });
const edit = (scope: unknown) => town.call<BeadResource>('PATCH', 'beads/web-1', { scope });

/** Slung, worked on by an agent whose change touches `a.txt`, and handed in. */
async function handedIn(scope: readonly string[]): Promise<BeadResource> {
  await sling({ scope, hold: false });
  await town.until<BeadResource>('beads/web-1', ({ attempt }) => attempt !== null);
  const [spec] = town.runner.started;
  if (spec === undefined) throw new Error('nothing was started');
  await town.runner.submit(spec.attempt);
  return await town.until<BeadResource>('beads/web-1', ({ head }) => head !== null);
}

describe('a declared scope', () => {
  test('is kept with the bead in one spelling, changed, and taken back', async () => {
    expect((await sling({ scope: ['./src/**', 'docs/'] })).body.scope).toEqual(['src/**', 'docs']);
    expect((await edit(['README.md'])).body.scope).toEqual(['README.md']);
    const other = await town.call<BeadResource>('PATCH', 'beads/web-1', { title: 'y' });
    expect(other.body.scope).toEqual(['README.md']);
    expect((await edit([])).body.scope).toEqual([]);
    expect((await sling()).body.scope).toEqual([]);
  });

  test.each([
    ['/etc/passwd', 'a path from the root of the repository'],
    ['../other', 'a path inside the repository'],
    ['', 'a path such as docs'],
  ])('that cannot be one is refused and changes nothing: %j', async (path, expected) => {
    const refused = { kind: 'bad_value', evidence: expect.stringContaining(expected) };
    expect(await sling({ scope: ['docs', path] })).toMatchObject({ status: 400, body: refused });
    await sling({ scope: ['docs'] });
    expect(await edit([path])).toMatchObject({ status: 400, body: refused });
    const after = await town.call<BeadResource>('GET', 'beads/web-1');
    expect(after.body).toMatchObject({ number: 1, scope: ['docs'] });
  });

  test.each(['docs', [1], null])('of another shape is refused: %j', async (scope) => {
    expect((await sling({ scope })).status).toBe(400);
  });

  test('reaches its agent, and its submission is compared with it as it is by now', async () => {
    const bead = await handedIn(['docs']);
    const [spec] = town.runner.started;
    expect(spec).toMatchObject({ scope: ['docs'], prompt: expect.stringContaining('docs') });
    expect(bead.touched).toEqual({
      files: 1,
      paths: ['a.txt'],
      outside: ['a.txt'],
      outsideFiles: 1,
      notCompared: 0,
    });
    expect((await edit(['*.txt'])).body.touched).toMatchObject({ outside: [], outsideFiles: 0 });
  });

  test('is compared with nothing if a runner’s word cannot be; its work is taken', async () => {
    await sling({ scope: ['docs'], hold: false });
    await town.until<BeadResource>('beads/web-1', (bead) => bead.attempt !== null);
    const touched = { files: 0, paths: ['a'], scope: ['docs'], outside: 0 };
    const [attempt, head] = [attemptId('web-1.1'), commitOf('b'.repeat(40))];
    const work = { attempt, head, base: head, summary: '', touched };
    expect(await town.runner.tell({ kind: 'work_submitted', ...work })).toMatchObject({ ok: true });
    const bead = await town.until<BeadResource>('beads/web-1', (one) => one.head !== null);
    expect(bead).toMatchObject({ head, touched: null });
  });

  test('goes with an export, and a bead that was not handed in has touched nothing', async () => {
    await sling({ scope: ['docs', 'src/**'] });
    const text = await (await town.raw('export')).text();
    const other = await startTestHost();
    try {
      const headers = { 'content-type': 'application/x-ndjson' };
      await other.raw('import', { method: 'POST', body: text, headers });
      const { body } = await other.call<BeadResource>('GET', 'beads/web-1');
      expect(body).toMatchObject({ scope: ['docs', 'src/**'], touched: null });
    } finally {
      await other.stop();
    }
  });

  test('is that of the revert, too', async () => {
    await post('rigs/web/consent', {});
    const usual = town.runner.answer;
    town.runner.answer = (spec) => landing(spec) ?? usual(spec);
    await handedIn(['docs']);
    await town.until<BeadResource>('beads/web-1', ({ resolution }) => resolution === 'merged');
    const reverting = await post('beads/web-1/revert', {});
    expect(reverting.body).toMatchObject({ reverts: 'web-1', scope: ['docs'], touched: null });
  });
});

/** The change lands as it is. */
function landing(spec: JobSpec): JobResult | null {
  const [targetTip, commit] = [commitOf('0'.repeat(40)), commitOf('c'.repeat(40))];
  if (spec.kind === 'push') {
    return { kind: 'push', answer: { is: 'landed', commit, targetTip: commit } };
  }
  if (spec.kind !== 'build') return null;
  const candidate = { commit, targetTip, head: spec.head ?? commit, method: spec.method };
  return { kind: 'build', answer: { is: 'built', candidate, reused: false, overlap: true } };
}
