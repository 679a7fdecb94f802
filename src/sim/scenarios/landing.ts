/**
 * How a change lands when something goes wrong on its way: once, proved, and never past a gate.
 */
import type { MergeMethod } from '../../core/job.ts';
import { limits } from '../../core/limits.ts';
import { calm, scripted, type Scenario, settingsOf, type Stage } from './scenario.ts';

const methods = ['merge', 'squash', 'rebase'] as const satisfies readonly MergeMethod[];

export const landingScenarios: readonly Scenario[] = [
  ...methods.map((mergeMethod) =>
    scripted({
      name: `a push whose result was lost lands once (${mergeMethod})`,
      why: 'killed after the push, work was bounced as empty or pushed a second time',
      options: { ...calm, rigs: [{ name: 'web', settings: settingsOf({ mergeMethod }) }] },
      async script(stage) {
        stage.world.faults.force('push_result_lost');
        const id = await stage.sling('one');
        await stage.until(() => stage.bead(id).status === 'closed');
        stage.expect(stage.bead(id).resolution === 'merged', `${id} is merged`);
        stage.expect(stage.world.faults.counts.push_result_lost === 1, 'the result was lost');
        stage.expect(pushes(stage) === 1, `it was pushed ${pushes(stage)} times`);
        await stage.settle();
      },
    }),
  ),
  ...methods.map((mergeMethod) =>
    scripted({
      name: `a landing whose every answer was lost for hours is recognised (${mergeMethod})`,
      why: 'the pushed candidate was forgotten, built again and bounced as empty',
      options: { ...calm, rigs: [{ name: 'web', settings: settingsOf({ mergeMethod }) }] },
      async script(stage) {
        const { faults, git, rows, time } = stage.world;
        const remote = git.remote('web');
        faults.force('push_result_lost');
        const id = await stage.sling('one');
        await stage.until(() => pushes(stage) === 1);
        remote.unreachable = true;
        time.after(2 * 3_600_000, () => {
          remote.unreachable = false;
        });
        await stage.until(() => rows.read().liveRequests.some((row) => row.stage === 'queued'));
        git.push(remote, git.commit([remote.tip], []), remote.tip, 'stranger');
        await stage.settle();
        stage.expect(stage.bead(id).resolution === 'merged', `${id} is merged`);
        stage.expect(pushes(stage) === 1, `it was pushed ${pushes(stage)} times`);
      },
    }),
  ),
  scripted({
    name: 'a gate that cannot run never merges',
    why: 'gates that fail open: a missing tool was taken for a pass',
    async script(stage) {
      stage.world.faults.force('gate_could_not_run', 10);
      const id = await stage.sling('one');
      const { counts } = stage.world.faults;
      await stage.until(() => counts.gate_could_not_run === 10 || stage.isWaiting(id), 5_000);
      stage.expect(counts.gate_could_not_run > 0, 'the gate could not run');
      stage.expect(pushes(stage) === 0, 'nothing was pushed');
      await stage.settle();
      stage.expect(stage.bead(id).resolution === 'merged', `${id} merges once the gate runs`);
    },
  }),
  scripted({
    name: 'a red target costs no round',
    why: 'agents burned tokens on failures that were not theirs',
    async script(stage) {
      const { git } = stage.world;
      const remote = git.remote('web');
      const patch = { id: 'breaker', owner: 'stranger-0', index: 1, paths: ['x'] };
      git.patch({ ...patch, breaks: ['unit'] });
      git.push(remote, git.commit([remote.tip], ['breaker']), remote.tip, 'stranger');
      const id = await stage.sling('one');
      const waits = () =>
        stage.world.rows
          .read()
          .liveRequests.some((request) => request.waits.some((w) => w.reason === 'target_red'));
      const red = await stage.until(waits, 20_000);
      stage.expect(red || stage.bead(id).rounds.gate !== undefined, `${id} met its gate`);
      await stage.settle();
      stage.expect(stage.bead(id).resolution === 'merged', `${id} lands when the target is green`);
    },
  }),
  scripted({
    name: 'a change that a person merged by hand is recognised',
    why: 'work that was already in the target was done again',
    options: { ...calm, rigs: [{ name: 'web', settings: settingsOf({ approval: 'person' }) }] },
    async script(stage) {
      const id = await stage.sling('one');
      await stage.until(() => stage.world.rows.read().liveRequests[0]?.stage === 'approved');
      const head = stage.bead(id).submission?.head;
      const { git } = stage.world;
      const remote = git.remote('web');
      if (head !== undefined) {
        git.push(remote, git.commit([remote.tip, head], []), remote.tip, 'stranger');
      }
      await stage.settle();
      stage.expect(stage.bead(id).resolution === 'merged', `${id} is merged`);
      stage.expect(pushes(stage) === 0, 'nothing was pushed a second time');
    },
  }),
  scripted({
    name: 'a task that is slung again and again lands once; the next hour it is a task of its own',
    why: 'a script that got no answer slung its task again, and each of them was done',
    async script(stage) {
      const first = await stage.sling('Update the list');
      const again = [await stage.sling('update the list.'), await stage.sling('UPDATE THE LIST')];
      await stage.until(() => stage.bead(first).status === 'closed');
      again.push(await stage.sling('Update the list!'));
      let isLater = false;
      stage.world.time.after(limits.duplicateWordsMs, () => void (isLater = true));
      await stage.until(() => isLater);
      for (const id of again) {
        const { status, duplicate, attempts } = stage.bead(id);
        const match = duplicate?.of === first && duplicate.issue === null;
        stage.expect(status === 'held' && match && attempts === 0, `${id} is ${status}`);
      }
      stage.expect(pushes(stage) === 1, `${pushes(stage)} landed`);
      const later = await stage.sling('Update the list');
      await stage.settle(); // its agent may ask first
      stage.expect(stage.bead(later).resolution === 'merged', `${later} is merged`);
    },
  }),
  scripted({
    name: 'a dependent starts only on the proof',
    why: 'dependents started when their blocker said done, not when it had merged',
    async script(stage) {
      const first = await stage.sling('one');
      const second = await stage.sling('two', [first]);
      await stage.until(() => stage.bead(first).status === 'in_review');
      stage.expect(stage.bead(second).status === 'blocked', `${second} waits`);
      await stage.until(() => stage.bead(second).status === 'closed');
      stage.expect(stage.bead(second).resolution === 'merged', `${second} is merged`);
      await stage.settle();
    },
  }),
];

function pushes(stage: Stage): number {
  return stage.world.git.remote('web').history.filter((landed) => landed.by === 'town').length;
}
