/**
 * What seeds once found in the town, each with what it was. Where the seed itself still meets the
 * cause it is kept as a seed; the rest say it as a script.
 */
import { journal } from '../../storage/tables/journal.ts';
import { calm, scripted, type Scenario, seedScenario, settingsOf } from './scenario.ts';

const minute = 60_000;

/** The web rig's first bead breaks its gate once in this world, and asks nothing. */
const oneBadPatch = 6;

export const regressions: readonly Scenario[] = [
  seedScenario({
    name: 'a bead released in two steps wakes its merge request',
    why: 'the request looked between the wish and the status, and stood aside for good',
    seed: 23,
  }),
  seedScenario({
    name: 'a heartbeat after the clock jumped back wakes its runner',
    why: 'the runner was due by a time that was no longer right',
    seed: 21,
  }),
  scripted({
    name: 'a runner that was idle for long is not lost with its first job',
    why: 'silence was counted from the last heartbeat, which an idle runner does not owe',
    async script(stage) {
      stage.world.time.after(20 * minute, () => undefined);
      await stage.until(() => stage.world.time.now >= 20 * minute);
      const id = await stage.sling('one');
      await stage.until(() => stage.bead(id).status === 'closed');
      const told = journal.of(stage.world.disk, 'runner', 'local', 0, 100);
      stage.expect(!told.some((row) => row.why === 'lost'), 'the runner was never lost');
      stage.expect(stage.bead(id).resolution === 'merged', `${id} is merged`);
    },
  }),
  scripted({
    name: 'a pause that is over stays over when the clock jumps back',
    why: 'a ready bead would have gone back into its backoff, with nothing to wake it',
    async script(stage) {
      stage.world.faults.force('agent_crash');
      const id = await stage.sling('one');
      await stage.until(() => stage.bead(id).charged === 1);
      await stage.ask({ kind: 'pause', halt: false });
      await stage.until(() => stage.bead(id).ready);
      stage.world.time.jump(-60 * minute);
      await stage.ask({ kind: 'bead_edit', bead: id, edit: { body: 'more' } });
      stage.expect(stage.world.server.dryResync().length === 0, 'nobody would act');
      await stage.settle();
    },
  }),
  ...Array.from({ length: 24 }, (_, skip) =>
    scripted({
      name: `a lost fact costs minutes, not the bead (${skip})`,
      why: 'a lost result left its runner silent; it was declared lost and never spoken to again',
      async script(stage) {
        stage.world.faults.force('fact_lost_once', 1, skip);
        const id = await stage.sling('one');
        await stage.until(() => stage.bead(id).status === 'closed');
        stage.expect(stage.bead(id).resolution === 'merged', `${id} is merged`);
        const minutes = Math.round(stage.world.time.now / minute);
        stage.expect(minutes < 60, `it took ${minutes} minutes`);
      },
    }),
  ),
  scripted({
    name: 'a target that seemed red once is tried anew',
    why: 'one failed run on the target was kept by commit and believed for ever',
    seed: oneBadPatch,
    async script(stage) {
      stage.world.faults.force('gate_could_not_run', 1, 1);
      const id = await stage.sling('one');
      await stage.until(() => stage.bead(id).status === 'closed', 600);
      stage.expect(stage.world.faults.counts.gate_could_not_run === 1, 'it could not run once');
      stage.expect(stage.bead(id).resolution === 'merged', `${id} is ${stage.bead(id).status}`);
      stage.expect(stage.bead(id).rounds.gate === 1, 'its own failure came back as a round');
    },
  }),
  scripted({
    name: 'usage that arrives late still counts before the next grant',
    why: 'a ready bead whose budget was used up by a late report was granted once more',
    options: {
      ...calm,
      rigs: [{ name: 'web', settings: settingsOf({ 'budget.bead.tokens': 200 }) }],
    },
    async script(stage) {
      const { link, runner, rows } = stage.world;
      const id = await stage.sling('one');
      await stage.until(() => rows.read().liveAttempts[0]?.status === 'running');
      link.up = false;
      stage.world.time.after(16 * minute, () => runner.stopAll('evicted'));
      await stage.until(() => stage.bead(id).ready);
      link.up = true;
      link.retell();
      await stage.until(() => link.waiting === 0);
      runner.connect();
      await stage.until(() => stage.bead(id).waits.some((wait) => wait.reason === 'budget'), 100);
      stage.expect(stage.bead(id).attempts === 1, `${stage.bead(id).attempts} attempts`);
    },
  }),
];
