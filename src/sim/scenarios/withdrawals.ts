/**
 * What is taken back while the forge has it under way: a queue that is not to merge, and a bead
 * that is given up while its pull request is opened or merged.
 */
import { beadId } from '../../core/ids.ts';
import { onForge, opened, request } from './pulls.ts';
import { scripted, type Scenario, type Stage } from './scenario.ts';

export const withdrawalScenarios: readonly Scenario[] = [
  scripted({
    name: 'what waits in a merge queue is out of it when its bead is held',
    why: 'the queue merged an older head after its bead had gone back',
    options: onForge(0, { queue: true }),
    async script(stage) {
      const id = await stage.sling('one');
      const pull = await opened(stage);
      await stage.until(() => pull.queued, 4_000);
      await stage.ask({ kind: 'bead_hold', bead: beadId(id) });
      await stage.until(() => !pull.queued, 4_000);
      stage.expect(pull.state === 'open', `it is ${pull.state}`);
      await stage.until(() => false, 200);
      stage.expect(pull.state === 'open' && !pull.queued, 'and it stays out of it');
    },
  }),
  scripted({
    name: 'what a person has armed is not merged when its bead is given up',
    why: 'a merge that was armed came after the bead had been dropped',
    options: onForge(0, { ci: true, required: true }, false),
    async script(stage) {
      const id = await stage.sling('one');
      const pull = await opened(stage);
      pull.armed = true;
      pull.changesAsked = true;
      await stage.until(() => request(stage)?.snapshot?.nativeAutoMerge.is === 'complete');
      await drop(stage, id);
      await stage.until(() => pull.state !== 'open', 4_000);
      stage.expect(pull.state === 'closed', `it is ${pull.state}`);
      stage.expect(stage.bead(id).resolution === 'dropped', 'the bead is given up');
    },
  }),
  ...(['forge_answer_lost', 'crash_open_done'] as const).map((kind) =>
    scripted({
      name: `an opening whose bead is given up meanwhile meets ${kind}, and is closed`,
      why: 'a call that opened a pull request was no longer heard, and left it open',
      options: onForge(),
      async script(stage) {
        stage.world.faults.force('dropped_at_open');
        stage.world.faults.force(kind);
        const id = await stage.sling('one');
        await stage.until(() => stage.world.forge.pulls()[0]?.pull.state === 'closed', 6_000);
        stage.expect(stage.world.forge.created.length === 1, 'one was opened');
        stage.expect(stage.world.forge.pulls()[0]?.pull.state === 'closed', 'it is closed');
        stage.expect(stage.bead(id).resolution === 'dropped', 'the bead is given up');
      },
    }),
  ),
  ...([null, 'forge_answer_lost', 'crash_merge_done'] as const).map((kind) =>
    scripted({
      name: `a merge whose bead is given up meanwhile meets ${kind ?? 'nothing'}, and is merged`,
      why: 'a bead was called dropped although its change was in the target',
      options: onForge(),
      async script(stage) {
        const id = await stage.sling('one');
        await opened(stage);
        stage.world.faults.force('dropped_at_merge');
        await stage.until(() => request(stage)?.stage === 'landing', 4_000);
        if (kind !== null) stage.world.faults.force(kind);
        await stage.until(() => stage.bead(id).status === 'closed', 6_000);
        stage.expect(stage.bead(id).resolution === 'merged', `${stage.bead(id).resolution}`);
        stage.expect(stage.bead(id).proof !== null, 'with its proof');
      },
    }),
  ),
];

async function drop(stage: Stage, id: string): Promise<void> {
  const reason = 'not needed';
  await stage.ask({ kind: 'bead_close', bead: beadId(id), resolution: 'dropped', reason });
}
