/**
 * Talking and tidying: said once, resolved for sure, deleted only where it was seen. And reading
 * what reviewers and checks ask for, whole.
 */
import { expect } from 'vitest';
import type { Feedback, ForgeWrite } from '../core/forge-answers.ts';
import { commitOf } from '../core/ids.ts';
import type { Pull } from '../devforge/pull.ts';
import type { Cases, Scene } from './forge.conformance.ts';

export function writeCases(cases: Cases): void {
  comments(cases);
  discussions(cases);
  branches(cases);
  changes(cases);
  feedback(cases);
}

async function write(scene: Scene, pull: Pull, what: ForgeWrite): Promise<void> {
  const done = await scene.port.write(scene.context, scene.ref(pull), what);
  expect(done).toEqual({ ok: true, value: undefined });
}

function comments({ check }: Cases): void {
  const what = { do: 'comment', marker: '<!-- gt:web-17.2 -->', body: 'Round 2' } as const;

  check('says a comment once, whatever is repeated', async (scene) => {
    const pull = await scene.pull('gt/a');
    await write(scene, pull, what);
    await write(scene, pull, what);
    expect(pull.comments).toHaveLength(1);
    expect(pull.comments[0]?.body).toContain('Round 2');
    await write(scene, pull, { ...what, marker: '<!-- gt:web-17.3 -->' });
    expect(pull.comments).toHaveLength(2);
  });

  check('finds what it said before among many comments', async (scene) => {
    const pull = await scene.pull('gt/a');
    for (let n = 0; n < 120; n += 1) pull.comment('bob', `talk ${n}`);
    await write(scene, pull, what);
    for (let n = 0; n < 120; n += 1) pull.comment('bob', `more talk ${n}`);
    await write(scene, pull, what);
    expect(pull.comments.filter(({ body }) => body.includes(what.marker))).toHaveLength(1);
  });

  check('says it once also when the answer was lost', async (scene) => {
    const pull = await scene.pull('gt/a');
    const path = /(comments|notes)$/;
    scene.world.served.faults.add({ fault: { kind: 'lost_answer' }, method: 'POST', path });
    const lost = await scene.port.write(scene.context, scene.ref(pull), what);
    expect(lost).toMatchObject({ ok: false, error: { kind: 'network_error' } });
    await write(scene, pull, what);
    expect(pull.comments).toHaveLength(1);
  });
}

function discussions({ checkIf }: Cases): void {
  checkIf('resolved_threads')('answers a thread once and resolves it', async (scene) => {
    const pull = await scene.pull('gt/a');
    pull.openThread('bob', { body: 'why?' });
    const [thread] = (await feedbackOf(scene, pull)).threads;
    const id = thread?.id ?? '';
    const reply = { do: 'reply', thread: id, marker: '<!-- gt:r -->', body: 'Because.' } as const;
    await write(scene, pull, reply);
    await write(scene, pull, reply);
    expect(pull.threads[0]?.comments).toHaveLength(2);
    expect(pull.threads[0]?.comments[1]?.body).toContain('Because.');
    await write(scene, pull, { do: 'resolve', thread: id });
    await write(scene, pull, { do: 'resolve', thread: id });
    expect(pull.threads[0]?.resolvedBy?.login).toBe('ann');
    expect((await feedbackOf(scene, pull)).threads).toEqual([]);
  });

  checkIf('resolved_threads')('does not call a thread resolved that is not', async (scene) => {
    const pull = await scene.pull('gt/a');
    const missing = { do: 'resolve', thread: 'PRRT_kwDOnone' } as const;
    const done = await scene.port.write(scene.context, scene.ref(pull), missing);
    expect(done.ok).toBe(false);
  });
}

function branches({ check }: Cases): void {
  check('deletes a branch only at the head that is known', async (scene) => {
    const pull = await scene.pull('gt/a');
    const head = commitOf(pull.headSha);
    await pull.merge('bob', { method: 'squash' });
    const known = scene.repo.refs.get('gt/a');
    await scene.repo.push('bob', 'gt/a', { 'late.txt': 'late\n' });
    expect(scene.repo.refs.get('gt/a')).not.toBe(known);
    await write(scene, pull, { do: 'delete_branch', branch: 'gt/a', head });
    expect(scene.repo.refs.has('gt/a')).toBe(true);
    const now = commitOf(scene.repo.refs.get('gt/a') ?? '');
    await write(scene, pull, { do: 'delete_branch', branch: 'gt/a', head: now });
    expect(scene.repo.refs.has('gt/a')).toBe(false);
    await write(scene, pull, { do: 'delete_branch', branch: 'gt/a', head: now });
  });
}

function changes({ check, checkIf }: Cases): void {
  check('closes and reopens', async (scene) => {
    const pull = await scene.pull('gt/a');
    await write(scene, pull, { do: 'close' });
    expect(pull.state).toBe('closed');
    await write(scene, pull, { do: 'close' });
    await write(scene, pull, { do: 'reopen' });
    expect(pull.state).toBe('open');
  });

  checkIf('draft')('makes a draft ready', async (scene) => {
    const pull = await scene.pull('gt/a', { draft: true });
    await write(scene, pull, { do: 'ready' });
    expect(pull.draft).toBe(false);
    await write(scene, pull, { do: 'ready' });
  });

  check('writes at most once a second', async (scene) => {
    const pull = await scene.pull('gt/a');
    for (const name of ['a', 'b', 'c', 'd']) {
      await write(scene, pull, { do: 'comment', marker: `<!-- ${name} -->`, body: name });
    }
    const times = pull.comments.map(({ at }) => at);
    expect(times).toHaveLength(4);
    const gaps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(1000);
  });
}

async function feedbackOf(scene: Scene, pull: Pull): Promise<Feedback> {
  const answer = await scene.port.feedback(scene.context, scene.ref(pull));
  if (!answer.ok) throw new Error(JSON.stringify(answer.error));
  return answer.value;
}

function feedback({ check, checkIf }: Cases): void {
  checkIf('resolved_threads')('reads 150 threads with who wrote them', async (scene) => {
    const pull = await scene.pull('gt/a');
    for (let n = 0; n < 150; n += 1) pull.openThread('eve', { body: `point ${n}`, line: n + 1 });
    const [first] = pull.threads;
    if (first !== undefined) pull.reply(first, 'checker[bot]', 'indeed');
    const seen = await feedbackOf(scene, pull);
    expect(seen).toMatchObject({ head: pull.headSha, complete: true });
    expect(seen.threads).toHaveLength(150);
    expect(seen.threads[149]).toMatchObject({ line: 150, path: 'README.md', resolved: false });
    expect(seen.threads[0]?.comments).toMatchObject([
      { author: 'eve', body: 'point 0' },
      { body: 'indeed' },
    ]);
  });

  checkIf('resolved_threads')('reads a long discussion to its end', async (scene) => {
    const pull = await scene.pull('gt/a');
    const thread = pull.openThread('bob', { body: 'start' });
    for (let n = 0; n < 130; n += 1) pull.reply(thread, 'eve', `word ${n}`);
    const seen = await feedbackOf(scene, pull);
    expect(seen.complete).toBe(true);
    expect(seen.threads[0]?.comments.at(-1)?.body).toBe('word 129');
  });

  checkIf('reviews')('reads a review that asks for changes in its body alone', async (scene) => {
    const pull = await scene.pull('gt/a');
    pull.review('bob', 'CHANGES_REQUESTED', 'Rename it.');
    const { bodies } = await feedbackOf(scene, pull);
    expect(bodies).toMatchObject([{ author: 'bob', body: 'Rename it.' }]);
  });

  check('reads which step of a check failed, and the end of its log', async (scene) => {
    const pull = await scene.pull('gt/a');
    const log = `${'noise\n'.repeat(20_000)}Error: 1 !== 2\n`;
    for (let n = 0; n < 120; n += 1) pull.addCheckRun({ name: `job ${n}` });
    pull.addCheckRun({ name: 'test', conclusion: 'failure', step: 'Run npm test', log });
    const { failing, complete } = await feedbackOf(scene, pull);
    expect(complete).toBe(true);
    expect(failing.map(({ name }) => name)).toEqual(['test']);
    expect(failing[0]?.log.endsWith('Error: 1 !== 2\n')).toBe(true);
    expect(failing[0]?.log.length).toBeLessThanOrEqual(64 * 1024);
  });
}
